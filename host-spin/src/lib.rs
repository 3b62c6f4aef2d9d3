//! Haversack on the edge: the engine as a Spin HTTP component (Spin 4.1 or later, WASI 0.3).
//!
//! A host is small: it turns a request into a run, carries out the run's effects with what Spin offers, and
//! writes the answer. Instances are reused and answer several requests at once, so nothing here may panic on
//! input: a panic ends the other requests of the instance too.

#![deny(unsafe_code)]

mod assets;
mod clock;
mod config;
mod drive;
mod effects;
mod import;
mod instance;
mod log;
mod models;
mod outbound;
mod outlet;
mod store;

use bytes::Bytes;
use futures_util::future::select;
use futures_util::{Stream, StreamExt};
use haversack_engine::seam::{ApiRequest, Head, front};
use spin_sdk::http::body::IncomingBodyExt;
use spin_sdk::http::{BoxBody, FullBody, HeaderName, HeaderValue, Request, Response, StatusCode, box_body};
use spin_sdk::http_service;
use std::fmt::Display;
use std::pin::pin;
use std::time::Duration;

/// Bytes of a request's body. The host buffers what a guest takes, and gives it 128 MiB at most.
const BODY_BYTES_MAX: u64 = 64 << 20;

/// How long a body that is refused is still read.
const LINGER: Duration = Duration::from_secs(10);

#[http_service]
async fn handle(request: Request) -> Response<BoxBody> {
    let (parts, body) = request.into_parts();
    let header = |(name, value): (&HeaderName, &HeaderValue)| {
        (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
    };
    let mut request = ApiRequest {
        method: parts.method.as_str().to_owned(),
        path: parts.uri.path().to_owned(),
        query: parts.uri.query().unwrap_or("").to_owned(),
        headers: parts.headers.iter().map(header).collect(),
        body: Bytes::new(),
    };
    let origin = request.header("origin").map(str::to_owned);
    let refuse = |status, message: &str| {
        let (mut head, body) = front::refusal(status, message);
        front::complete(&mut head, origin.as_deref());
        whole(&head, body)
    };
    if !front::is_api(&request.path) {
        return refuse(404, &format!("There is nothing at {}; the API is under /api.", request.path));
    }
    if let Some(mut head) = front::preflight(&request) {
        front::complete(&mut head, origin.as_deref());
        return whole(&head, Bytes::new());
    }
    let instance = match instance::get().await {
        Ok(instance) => instance,
        Err(message) => return refuse(500, &message),
    };
    if import::is_for(&instance, &request) {
        return import::answer(&instance, &request, origin, body.stream()).await;
    }
    match read(&request, body.stream()).await {
        Ok(bytes) => request.body = bytes,
        Err((status, message)) => return refuse(status, &message),
    }
    match instance.answer(request, origin.clone()).await {
        Ok(response) => response,
        Err(message) => refuse(500, &message),
    }
}

/// The body of `request`, or the status and text of a refusal.
async fn read<E: Display>(
    request: &ApiRequest,
    mut pieces: impl Stream<Item = Result<Bytes, E>> + Unpin,
) -> Result<Bytes, (u16, String)> {
    let most = front::body_bytes_max(request.header("authorization").is_some(), BODY_BYTES_MAX);
    let announced = request.header("content-length").and_then(|value| value.parse::<u64>().ok());
    let whole = match announced {
        Some(bytes) if bytes > most => Err(outbound::Broken::TooLarge),
        _ => outbound::bounded(&mut pieces, most).await,
    };
    match whole {
        Ok(bytes) => Ok(bytes),
        Err(outbound::Broken::TooLarge) => {
            // Read on for a while, so that the client gets to see why instead of a reset.
            let all = async { while let Some(Ok(_)) = pieces.next().await {} };
            select(pin!(all), pin!(spin_sdk::time::sleep(LINGER))).await;
            Err((413, format!("The request is larger than {most} bytes, which is the limit here.")))
        }
        Err(outbound::Broken::Off(why)) => Err((400, format!("The request's body broke off: {why}."))),
    }
}

/// An answer with all of its body.
fn whole(head: &Head, body: Bytes) -> Response<BoxBody> {
    with_body(head, box_body(FullBody::new(body)))
}

/// An answer with a body of any kind. Headers that HTTP does not know as such are left out.
fn with_body(head: &Head, body: BoxBody) -> Response<BoxBody> {
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::from_u16(head.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    for (name, value) in &head.headers {
        let name = HeaderName::from_bytes(name.as_bytes());
        // WASI forbids headers of the connection itself.
        if let (Ok(name), Ok(value)) = (name, HeaderValue::from_str(value))
            && name != "connection"
        {
            response.headers_mut().append(name, value);
        }
    }
    response
}
