//! Requests to the engine and answers back.

use super::body::{self, Refused};
use super::{Shared, cors, peer, request_id};
use crate::answer::{Answer, AnswerBody, BrokenOff, Pieces};
use crate::host::refusal;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::{AUTHORIZATION, CACHE_CONTROL, RETRY_AFTER, X_CONTENT_TYPE_OPTIONS};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode};
use axum::response::Response;
use bytes::Bytes;
use futures_util::stream;
use haversack_engine::seam::ApiRequest;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;
use tokio::sync::OwnedSemaphorePermit;
use tracing::Instrument;

/// Bytes of a body that names no key. Nothing that a stranger may send is larger; an upload without a key would be
/// refused in any case, and need not be read for that.
const STRANGER_BODY_BYTES: u64 = 1 << 20;

/// Where a connection came from.
#[derive(Clone, Copy)]
pub(super) struct Peer(pub IpAddr);

/// Marks answers that come in pieces over time.
#[derive(Clone, Copy)]
pub(super) struct Streaming;

/// Answers everything that is not the page.
pub(super) async fn answer(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let id = request_id::request_id(request.headers());
    let origin = cors::origin(request.headers());
    // Never the query: it may hold a token.
    let span = tracing::info_span!("request", %id, method = %request.method(), path = request.uri().path());
    let started = Instant::now();
    let mut response = dispatch(&shared, request).instrument(span.clone()).await;
    let headers = response.headers_mut();
    if !cors::is_settled(headers) {
        cors::allow(origin, headers);
    }
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    if let Ok(id) = HeaderValue::from_str(&id) {
        headers.insert(HeaderName::from_static(request_id::HEADER), id);
    }
    let (status, ms) = (response.status().as_u16(), started.elapsed().as_micros() as f64 / 1e3);
    span.in_scope(|| match status {
        500.. => tracing::warn!(status, ms, "answered"),
        _ => tracing::info!(status, ms, "answered"),
    });
    response
}

async fn dispatch(shared: &Shared, request: Request) -> Response {
    let path = request.uri().path();
    if !["/api", "/v1", "/embed"].iter().any(|root| under(path, root)) {
        return respond(refusal(404, &format!("There is nothing at {path}; the API is under /api.")), None);
    }
    // Who may use an embed's public routes is for the engine to say.
    if request.method() == Method::OPTIONS && !under(path, "/api/embed") && !under(path, "/embed") {
        return cors::preflight(request.headers());
    }
    let Ok(permit) = shared.requests.clone().try_acquire_owned() else {
        let mut response = respond(refusal(503, "The server is busy; try again in a moment."), None);
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
        return response;
    };
    let (parts, body) = request.into_parts();
    let proxies = &shared.options.trusted_proxies;
    let peer = parts.extensions.get::<Peer>().map(|Peer(end)| peer::client(*end, &parts.headers, proxies));
    let most = shared.options.max_body_bytes;
    let limit = if parts.headers.contains_key(AUTHORIZATION) { most } else { most.min(STRANGER_BODY_BYTES) };
    let held = match body::read(body, &parts.headers, limit, &shared.options, &shared.bodies).await {
        Ok(held) => held,
        Err(Refused::TooLarge) if limit < most => {
            return respond(
                refusal(413, &format!("Without a key a request has at most {limit} bytes.")),
                None,
            );
        }
        Err(refused) => return respond(refuse_body(&refused, most), None),
    };
    let request = ApiRequest {
        method: parts.method.as_str().to_owned(),
        path: parts.uri.path().to_owned(),
        query: parts.uri.query().unwrap_or("").to_owned(),
        headers: parts
            .headers
            .iter()
            .map(|(name, value)| (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into()))
            .collect(),
        body: held.bytes.clone(),
    };
    match tokio::time::timeout(shared.options.request_time, shared.host.call_from(peer, request)).await {
        Ok(answer) => {
            let permit = shared.streams.clone().try_acquire_owned().unwrap_or(permit);
            respond(answer, Some(permit))
        }
        Err(_) => {
            let seconds = shared.options.request_time.as_secs();
            respond(refusal(504, &format!("The answer took longer than {seconds} s to begin.")), None)
        }
    }
}

/// Whether `path` is `root` or below it; in any case, as AnythingLLM's routes are.
fn under(path: &str, root: &str) -> bool {
    path.get(..root.len()).is_some_and(|start| start.eq_ignore_ascii_case(root))
        && matches!(path.as_bytes().get(root.len()), None | Some(b'/'))
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
        // Proxies of the nginx kind hold back what they do not know to be a stream.
        response.headers_mut().insert("x-accel-buffering", HeaderValue::from_static("no"));
    }
    response
}

/// A place among the streams, or the requests, is taken until the stream has ended.
type Streamed = (Pieces, Option<OwnedSemaphorePermit>);

async fn next((mut pieces, permit): Streamed) -> Option<(Result<Bytes, BrokenOff>, Streamed)> {
    let piece = pieces.next().await?;
    Some((piece, (pieces, permit)))
}

#[cfg(test)]
mod tests {
    use super::under;

    #[test]
    fn only_the_api_is_the_engines() {
        for path in ["/api", "/api/", "/api/ping", "/API/v1/auth", "/v1/models"] {
            assert!(under(path, "/api") || under(path, "/v1"), "{path}");
        }
        for path in ["/", "/apis", "/ap", "/v1x", "/api%2fping", "/é"] {
            assert!(!under(path, "/api") && !under(path, "/v1"), "{path}");
        }
    }
}
