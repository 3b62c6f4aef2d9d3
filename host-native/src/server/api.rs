//! Requests to the engine and answers back.

use super::body::{self, Announced, Held, Reading, Refused};
use super::{Shared, peer, request_id};
use crate::answer::{Answer, AnswerBody, BrokenOff, Pieces};
use crate::caller::Caller;
use crate::host::refusal;
use crate::places::{Full, Kind, Place};
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::Response;
use bytes::Bytes;
use futures_util::stream;
use haversack_engine::seam::{ApiRequest, front};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;
use tracing::Instrument;

/// Where a connection came from.
#[derive(Clone, Copy)]
pub(super) struct Peer(pub IpAddr);

/// Marks answers that come in pieces over time.
#[derive(Clone, Copy)]
pub(super) struct Streaming;

/// Answers everything that is not the page.
pub(super) async fn answer(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let id = request_id::request_id(request.headers());
    let origin = request.headers().get("origin");
    let origin = origin.map(|origin| String::from_utf8_lossy(origin.as_bytes()).into_owned());
    // Never the query: it may hold a token.
    let span = tracing::info_span!("request", %id, method = %request.method(), path = request.uri().path());
    let started = Instant::now();
    let mut answer = dispatch(&shared, request).instrument(span.clone()).await;
    front::complete(&mut answer.head, origin.as_deref());
    let mut response = respond(answer);
    if let Ok(id) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(HeaderName::from_static(request_id::HEADER), id);
    }
    let (status, ms) = (response.status().as_u16(), started.elapsed().as_micros() as f64 / 1e3);
    span.in_scope(|| match status {
        500.. => tracing::warn!(status, ms, "answered"),
        _ => tracing::info!(status, ms, "answered"),
    });
    response
}

async fn dispatch(shared: &Shared, request: Request) -> Answer {
    let (parts, body) = request.into_parts();
    let path = parts.uri.path();
    if !front::is_api(path) {
        return refusal(404, &format!("There is nothing at {path}; the API is under /api."));
    }
    let header = |(name, value): (&HeaderName, &HeaderValue)| {
        (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into())
    };
    let mut request = ApiRequest {
        method: parts.method.as_str().to_owned(),
        path: path.to_owned(),
        query: parts.uri.query().unwrap_or("").to_owned(),
        headers: parts.headers.iter().map(header).collect(),
        body: Bytes::new(),
    };
    if let Some(head) = front::preflight(&request) {
        return Answer { head, body: AnswerBody::Whole(Bytes::new()) };
    }
    let proxies = &shared.options.trusted_proxies;
    let peer = parts.extensions.get::<Peer>().map(|Peer(end)| peer::client(*end, &parts.headers, proxies));
    let caller = Caller::new(request.header("authorization"), peer);
    let held = match read_body(shared, &request, body, &parts.headers, peer, caller).await {
        Ok(held) => held,
        Err(refused) => return refused,
    };
    request.body = held.bytes.clone();
    // Only now: a body that is long in coming takes no place.
    let place = match enter(shared, &request, caller) {
        Ok(place) => place,
        Err(full) => return refuse_place(full),
    };
    match tokio::time::timeout(shared.options.request_time, shared.host.call_from(peer, place, request)).await
    {
        Ok(answer) => answer,
        Err(_) => {
            let seconds = shared.options.request_time.as_secs();
            refusal(
                504,
                &format!(
                    "The answer took longer than {seconds} s to begin (HAVERSACK_REQUEST_TIMEOUT_SECONDS)."
                ),
            )
        }
    }
}

/// Reads the body, after a look at the key where the body is more than [`body::SMALL`] or its sender asks first.
async fn read_body(
    shared: &Shared,
    request: &ApiRequest,
    body: Body,
    headers: &HeaderMap,
    peer: Option<IpAddr>,
    caller: Caller,
) -> Result<Held, Answer> {
    let most = shared.options.max_body_bytes;
    let limit = front::body_bytes_max(request.header("authorization").is_some(), most);
    let Announced { length, asks } = Announced::new(headers);
    let mut reading = Reading::new(body, limit, shared.options.pace);
    let look_first = asks || length.is_some_and(|length| length > body::SMALL);
    let read = async {
        if length.is_some_and(|length| length > limit) {
            return Err(refuse_body(&Refused::TooLarge, limit, most));
        }
        if look_first {
            allowed(shared, request, peer).await?;
        }
        let whole = reading.begin().await.map_err(|refused| refuse_body(&refused, limit, most))?;
        if !whole && !look_first {
            allowed(shared, request, peer).await?;
        }
        let rest = reading.finish(length, &shared.bodies, caller).await;
        rest.map_err(|refused| refuse_body(&refused, limit, most))
    };
    match read.await {
        Ok(()) => Ok(reading.into_held()),
        Err(mut refused) => {
            reading.drain(asks);
            // What is left of the body is not read: the connection cannot be used again.
            refused.head.headers.push(("connection".to_owned(), "close".to_owned()));
            Err(refused)
        }
    }
}

/// Whether the caller may use the route, by the engine's table; else its refusal.
async fn allowed(shared: &Shared, request: &ApiRequest, peer: Option<IpAddr>) -> Result<(), Answer> {
    let answer = shared.host.authorise(peer, request.clone()).await;
    if answer.head.status < 400 { Ok(()) } else { Err(answer) }
}

/// A place for the request; none is needed for what takes no time.
fn enter(shared: &Shared, request: &ApiRequest, caller: Caller) -> Result<Option<Place>, Full> {
    if front::is_ping(&request.path) {
        return Ok(None);
    }
    let kind = if matches!(request.method.as_str(), "GET" | "HEAD") { Kind::Read } else { Kind::Work };
    shared.places.enter(kind, caller).map(Some)
}

fn refuse_place(full: Full) -> Answer {
    let mut answer = match full {
        Full::Everybody(most) => refusal(
            503,
            &format!(
                "The server is busy: {most} requests are under way (HAVERSACK_MAX_REQUESTS). Try again in a moment."
            ),
        ),
        Full::Caller(most) => refusal(
            429,
            &format!(
                "{most} of your requests are under way, which is half of what the server takes (HAVERSACK_MAX_REQUESTS). Wait for some of them."
            ),
        ),
    };
    answer.head.headers.push(("retry-after".to_owned(), "1".to_owned()));
    answer
}

fn refuse_body(refused: &Refused, limit: u64, most: u64) -> Answer {
    match refused {
        Refused::TooLarge if limit < most => {
            refusal(413, &format!("Without a key a request has at most {limit} bytes."))
        }
        Refused::TooLarge => refusal(
            413,
            &format!(
                "The request is larger than {most} bytes (HAVERSACK_MAX_BODY_BYTES). Send less, or raise the limit."
            ),
        ),
        Refused::TooSlow => refusal(408, "The request's body came too slowly, or stopped coming."),
        Refused::Broken => refusal(400, "The request's body broke off."),
        Refused::NoRoom => {
            let mut answer = refusal(
                503,
                "Other requests' bodies take all the memory there is for them (HAVERSACK_BODY_MEMORY_BYTES). Send it again in a moment.",
            );
            answer.head.headers.push(("retry-after".to_owned(), "5".to_owned()));
            answer
        }
    }
}

fn respond(answer: Answer) -> Response {
    let Answer { head, body } = answer;
    let body = match body {
        AnswerBody::Whole(bytes) => Body::from(bytes),
        AnswerBody::Stream(pieces) => Body::from_stream(stream::unfold(pieces, next)),
    };
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::from_u16(head.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    for (name, value) in head.headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            response.headers_mut().append(name, value);
        }
    }
    if head.streaming {
        response.extensions_mut().insert(Streaming);
    }
    response
}

async fn next(mut pieces: Pieces) -> Option<(Result<Bytes, BrokenOff>, Pieces)> {
    let piece = pieces.next().await?;
    Some((piece, pieces))
}
