//! Compressing answers, as far as it gains anything.

use super::api::Streaming;
use axum::body::Body;
use axum::extract::Request;
use axum::http::header::ACCEPT_ENCODING;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use std::convert::Infallible;
use std::future::ready;
use tower::{Layer, ServiceExt, service_fn};
use tower_http::CompressionLevel;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{NotForContentType, Predicate, SizeAbove};

/// What is small or packed already gains nothing.
fn worth_it() -> impl Predicate {
    SizeAbove::new(1024).and(NotForContentType::const_new("text/event-stream")).and(NotForContentType::IMAGES)
}

/// Answers, compressed if the client takes that and it is no stream: a stream must not sit in a compressor, nor have
/// one, which takes kilobytes for as long as it lasts even if it does nothing.
pub(super) async fn compress(request: Request, next: Next) -> Response {
    let taken: Vec<_> = request.headers().get_all(ACCEPT_ENCODING).iter().cloned().collect();
    let response = next.run(request).await;
    if response.extensions().get::<Streaming>().is_some() {
        return response;
    }
    let mut asked = Request::new(Body::empty());
    for encoding in taken {
        asked.headers_mut().append(ACCEPT_ENCODING, encoding);
    }
    let mut response = Some(response);
    let answered = service_fn(move |_| ready(Ok::<_, Infallible>(response.take().unwrap_or_default())));
    let layer = CompressionLayer::new().quality(CompressionLevel::Fastest).compress_when(worth_it());
    match layer.layer(answered).oneshot(asked).await {
        Ok(response) => response.into_response(),
        Err(never) => match never {},
    }
}
