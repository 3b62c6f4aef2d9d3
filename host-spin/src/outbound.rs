//! Outbound HTTP with an address policy.
//!
//! Names are resolved by Spin, which also decides which hosts the component may reach
//! (`allowed_outbound_hosts`, and `block_networks` of the runtime). What can be checked here is an address
//! written as such, at every hop of a redirect.

use bytes::{Bytes, BytesMut};
use futures_util::future::{Either, select};
use futures_util::stream::{BoxStream, StreamExt};
use haversack_engine::seam::hop::{Hop, REDIRECTS_MAX, malformed};
use haversack_engine::seam::{HostError, HostErrorKind, HttpHead, HttpRequest, Reply, Trust, is_public_host};
use spin_sdk::http::body::IncomingBodyExt;
use spin_sdk::http::{FullBody, HeaderName, HeaderValue, Method, Request, Response};
use spin_sdk::wasip3::http::types::ErrorCode;
use std::fmt::Display;
use std::pin::pin;
use std::time::Duration;

/// Sends `request` and waits for the head of the reply.
pub async fn send(request: HttpRequest, allow_private: bool) -> Result<(HttpHead, Body), HostError> {
    let checked = request.trust == Trust::Caller && !allow_private;
    let (head_timeout_ms, max_bytes, idle_ms) =
        (request.head_timeout_ms, request.max_bytes, request.idle_timeout_ms);
    let mut hop = Hop::new(request)?;
    let follow = async {
        for _ in 0..=REDIRECTS_MAX {
            if checked {
                check(&hop)?;
            }
            let response = send_one(&hop).await?;
            let location = response.headers().get("location").map(HeaderValue::as_bytes);
            match hop.next(response.status().as_u16(), location)? {
                Some(next) => hop = next,
                None => return Ok((hop.url, response)),
            }
        }
        Err(hop.too_many())
    };
    let (url, response) = within(head_timeout_ms, "no answer", follow).await??;
    let (parts, body) = response.into_parts();
    let text = |(name, value): (&HeaderName, &HeaderValue)| {
        (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
    };
    let head = HttpHead {
        status: parts.status.as_u16(),
        headers: parts.headers.iter().map(text).collect(),
        url: url.to_string(),
    };
    let pieces = body.stream().map(|piece| piece.map_err(|error| error.to_string())).boxed();
    Ok((head, Body { pieces, left: max_bytes, max_bytes, idle_ms, reply: Reply::Http }))
}

async fn within<F: Future>(ms: u64, what: &str, future: F) -> Result<F::Output, HostError> {
    match select(pin!(future), pin!(spin_sdk::time::sleep(Duration::from_millis(ms)))).await {
        Either::Left((value, _)) => Ok(value),
        Either::Right(((), _)) => {
            let message = format!("{what} within {} s", ms as f64 / 1e3);
            Err(HostError::new(HostErrorKind::Timeout, message))
        }
    }
}

/// Refuses addresses that are not of the public internet, as far as can be told without resolving names.
fn check(hop: &Hop) -> Result<(), HostError> {
    match hop.url.host_str().is_some_and(is_public_host) {
        true => Ok(()),
        false => Err(HostError::new(
            HostErrorKind::Refused,
            format!("{} is not a public address, and this server fetches no others for callers", hop.place()),
        )),
    }
}

async fn send_one(hop: &Hop) -> Result<Response, HostError> {
    let mut request = Request::new(FullBody::new(hop.body.clone()));
    *request.method_mut() = Method::from_bytes(hop.method.as_bytes()).map_err(|_| malformed("the method"))?;
    *request.uri_mut() = hop.url.as_str().parse().map_err(|_| malformed("the address"))?;
    for (name, value) in &hop.headers {
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| malformed("a header's name"))?;
        let value = HeaderValue::from_str(value).map_err(|_| malformed("a header's value"))?;
        request.headers_mut().append(name, value);
    }
    spin_sdk::http::send(request).await.map_err(|error| failure(error, &hop.place()))
}

fn failure(error: ErrorCode, place: &str) -> HostError {
    match error {
        ErrorCode::HttpRequestDenied => HostError::new(
            HostErrorKind::Refused,
            format!("{place} is not among the component's allowed_outbound_hosts (spin.toml)"),
        ),
        other => HostError::new(HostErrorKind::Unavailable, format!("{place} cannot be reached: {other}")),
    }
}

/// The rest of a streaming reply.
pub struct Body {
    pieces: BoxStream<'static, Result<Bytes, String>>,
    left: u64,
    max_bytes: u64,
    idle_ms: u64,
    reply: Reply,
}

impl Body {
    /// Nothing more; then `reply`.
    pub fn said(reply: Reply) -> Body {
        Body { pieces: futures_util::stream::empty().boxed(), left: 0, max_bytes: 0, idle_ms: 1000, reply }
    }

    /// What the effect comes to when all of it was read.
    pub fn reply(self) -> Reply {
        self.reply
    }

    /// The next piece, never empty; `None` at the end.
    pub async fn next(&mut self) -> Result<Option<Bytes>, HostError> {
        loop {
            let piece = within(self.idle_ms, "the answer went on", self.pieces.next()).await?;
            let Some(piece) = piece else { return Ok(None) };
            let bytes = piece.map_err(|why| {
                HostError::new(HostErrorKind::Unavailable, format!("the answer broke off: {why}"))
            })?;
            let left = self.left.checked_sub(bytes.len() as u64);
            self.left = left.ok_or_else(|| {
                let message = format!("the answer is larger than {} bytes", self.max_bytes);
                HostError::new(HostErrorKind::TooLarge, message)
            })?;
            if !bytes.is_empty() {
                return Ok(Some(bytes));
            }
        }
    }
}

/// Why a body could not be read.
pub enum Broken {
    /// It is longer than allowed.
    TooLarge,
    /// It broke off.
    Off(String),
}

/// All of a body, if it is no longer than `max_bytes`.
pub async fn bounded<E: Display>(
    mut pieces: impl futures_util::Stream<Item = Result<Bytes, E>> + Unpin,
    max_bytes: u64,
) -> Result<Bytes, Broken> {
    let mut whole = BytesMut::new();
    while let Some(piece) = pieces.next().await {
        let piece = piece.map_err(|error| Broken::Off(error.to_string()))?;
        if (whole.len() + piece.len()) as u64 > max_bytes {
            return Err(Broken::TooLarge);
        }
        whole.extend_from_slice(&piece);
    }
    Ok(whole.freeze())
}
