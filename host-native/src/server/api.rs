//! Requests to the engine and answers back.

use super::body::{self, Refused};
use super::{Shared, peer, request_id};
use crate::answer::{Answer, AnswerBody, BrokenOff, Pieces};
use crate::host::refusal;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::Response;
use bytes::Bytes;
use futures_util::stream;
use haversack_engine::seam::{ApiRequest, front};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;
use tokio::sync::OwnedSemaphorePermit;
use tracing::Instrument;

/// Where a connection came from.
#[derive(Clone, Copy)]
pub(super) struct Peer(pub IpAddr);

/// Marks answers that come in pieces over time.
#[derive(Clone, Copy)]
pub(super) struct Streaming;

/// An answer, and the place among the requests that it holds.
type Placed = (Answer, Option<OwnedSemaphorePermit>);

/// Answers everything that is not the page.
pub(super) async fn answer(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let id = request_id::request_id(request.headers());
    let origin = request.headers().get("origin");
    let origin = origin.map(|origin| String::from_utf8_lossy(origin.as_bytes()).into_owned());
    // Never the query: it may hold a token.
    let span = tracing::info_span!("request", %id, method = %request.method(), path = request.uri().path());
    let started = Instant::now();
    let (mut answer, permit) = dispatch(&shared, request).instrument(span.clone()).await;
    front::complete(&mut answer.head, origin.as_deref());
    let mut response = respond(answer, permit);
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

async fn dispatch(shared: &Shared, request: Request) -> Placed {
    let (parts, body) = request.into_parts();
    let path = parts.uri.path();
    if !front::is_api(path) {
        return (refusal(404, &format!("There is nothing at {path}; the API is under /api.")), None);
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
        return (Answer { head, body: AnswerBody::Whole(Bytes::new()) }, None);
    }
    let Ok(permit) = shared.requests.clone().try_acquire_owned() else {
        let mut busy = refusal(503, "The server is busy; try again in a moment.");
        busy.head.headers.push(("retry-after".to_owned(), "1".to_owned()));
        return (busy, None);
    };
    let proxies = &shared.options.trusted_proxies;
    let peer = parts.extensions.get::<Peer>().map(|Peer(end)| peer::client(*end, &parts.headers, proxies));
    let most = shared.options.max_body_bytes;
    let limit = front::body_bytes_max(request.header("authorization").is_some(), most);
    let held = match body::read(body, &parts.headers, limit, &shared.options, &shared.bodies).await {
        Ok(held) => held,
        Err(Refused::TooLarge) if limit < most => {
            return (refusal(413, &format!("Without a key a request has at most {limit} bytes.")), None);
        }
        Err(refused) => return (refuse_body(&refused, most), None),
    };
    request.body = held.bytes.clone();
    match tokio::time::timeout(shared.options.request_time, shared.host.call_from(peer, request)).await {
        Ok(answer) => {
            let permit = shared.streams.clone().try_acquire_owned().unwrap_or(permit);
            (answer, Some(permit))
        }
        Err(_) => {
            let seconds = shared.options.request_time.as_secs();
            (refusal(504, &format!("The answer took longer than {seconds} s to begin.")), None)
        }
    }
}

fn refuse_body(refused: &Refused, max_body_bytes: u64) -> Answer {
    match refused {
        Refused::TooLarge => refusal(
            413,
            &format!(
                "The request is larger than {max_body_bytes} bytes (HAVERSACK_MAX_BODY_BYTES). Send less, or raise the limit."
            ),
        ),
        Refused::TooSlow => refusal(408, "The request's body stopped coming."),
        Refused::Broken => refusal(400, "The request's body broke off."),
    }
}

fn respond(answer: Answer, permit: Option<OwnedSemaphorePermit>) -> Response {
    let Answer { head, body } = answer;
    let body = match body {
        AnswerBody::Whole(bytes) => Body::from(bytes),
        AnswerBody::Stream(pieces) => Body::from_stream(stream::unfold((pieces, permit), next)),
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

/// A place among the streams, or the requests, is taken until the stream has ended.
type Streamed = (Pieces, Option<OwnedSemaphorePermit>);

async fn next((mut pieces, permit): Streamed) -> Option<(Result<Bytes, BrokenOff>, Streamed)> {
    let piece = pieces.next().await?;
    Some((piece, (pieces, permit)))
}
