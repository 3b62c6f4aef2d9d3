//! Outbound HTTP with an address policy.
//!
//! Names are resolved by Spin, which also decides which hosts the component may reach
//! (`allowed_outbound_hosts`, and `block_networks` of the runtime). What can be checked here is an address
//! written as such, at every hop of a redirect.

use bytes::{Bytes, BytesMut};
use futures_util::future::{Either, select};
use futures_util::stream::{BoxStream, StreamExt};
use haversack_engine::seam::{HostError, HostErrorKind, HttpHead, HttpRequest, Reply, Trust, is_public};
use spin_sdk::http::body::IncomingBodyExt;
use spin_sdk::http::{FullBody, HeaderMap, HeaderName, HeaderValue, Method, Request, Response, Uri};
use spin_sdk::wasip3::http::types::ErrorCode;
use std::fmt::Display;
use std::pin::pin;
use std::time::Duration;
use url::{Host, Url};

const REDIRECTS_MAX: usize = 5;

/// Sends `request` and waits for the head of the reply.
pub async fn send(request: HttpRequest, allow_private: bool) -> Result<(HttpHead, Body), HostError> {
    let checked = request.trust == Trust::Caller && !allow_private;
    let mut hop = Hop::new(&request)?;
    let follow = async {
        for _ in 0..=REDIRECTS_MAX {
            if checked {
                check(&hop.url)?;
            }
            let response = hop.send().await?;
            match hop.next(response.status().as_u16(), response.headers())? {
                Some(next) => hop = next,
                None => return Ok((hop.url, response)),
            }
        }
        let message = format!("{} redirects more than {REDIRECTS_MAX} times", place(&hop.url));
        Err(HostError::new(HostErrorKind::Unavailable, message))
    };
    let (url, response) = within(request.head_timeout_ms, "no answer", follow).await??;
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
    let (left, idle_ms) = (request.max_bytes, request.idle_timeout_ms);
    Ok((head, Body { pieces, left, max_bytes: left, idle_ms, reply: Reply::Http }))
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

/// Refuses addresses that are not of the public internet. [`Url`] has turned odd spellings into plain ones.
fn check(url: &Url) -> Result<(), HostError> {
    let public = match url.host() {
        Some(Host::Ipv4(ip)) => is_public(ip.into()),
        Some(Host::Ipv6(ip)) => is_public(ip.into()),
        Some(Host::Domain(name)) => {
            let name = name.trim_end_matches('.');
            name != "localhost" && !name.ends_with(".localhost") && !name.ends_with(".internal")
        }
        None => false,
    };
    match public {
        true => Ok(()),
        false => Err(HostError::new(
            HostErrorKind::Refused,
            format!("{} is not a public address, and this server fetches no others for callers", place(url)),
        )),
    }
}

/// Where a URL leads, without what may be secret in it.
fn place(url: &Url) -> String {
    url.origin().ascii_serialization()
}

/// One request of a chain of redirects.
struct Hop {
    url: Url,
    method: Method,
    headers: HeaderMap,
    body: Bytes,
}

impl Hop {
    fn new(request: &HttpRequest) -> Result<Hop, HostError> {
        let url = parse(&request.url, None)?;
        let method = Method::from_bytes(request.method.as_bytes()).map_err(|_| malformed("the method"))?;
        let mut headers = HeaderMap::new();
        for (name, value) in &request.headers {
            let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| malformed("a header's name"))?;
            let value = HeaderValue::from_str(value).map_err(|_| malformed("a header's value"))?;
            headers.append(name, value);
        }
        Ok(Hop { url, method, headers, body: request.body.clone() })
    }

    async fn send(&self) -> Result<Response, HostError> {
        let uri: Uri = self.url.as_str().parse().map_err(|_| malformed("the address"))?;
        let mut request = Request::new(FullBody::new(self.body.clone()));
        *request.method_mut() = self.method.clone();
        *request.uri_mut() = uri;
        *request.headers_mut() = self.headers.clone();
        spin_sdk::http::send(request).await.map_err(|error| failure(error, &self.url))
    }

    /// What to send after a redirect (RFC 9110, section 15.4). As browsers do, 303 turns everything but HEAD
    /// into GET, 301 and 302 turn POST into GET; headers that may be secret stay with their origin.
    fn next(&self, status: u16, answered: &HeaderMap) -> Result<Option<Hop>, HostError> {
        let to_get = match status {
            301 | 302 => self.method == Method::POST,
            303 => self.method != Method::HEAD,
            307 | 308 => false,
            _ => return Ok(None),
        };
        let Some(location) = answered.get("location") else { return Ok(None) };
        let location = std::str::from_utf8(location.as_bytes()).map_err(|_| malformed("a redirect"))?;
        let url = parse(location, Some(&self.url))?;
        let (mut headers, mut body, mut method) =
            (self.headers.clone(), self.body.clone(), self.method.clone());
        if to_get {
            (method, body) = (Method::GET, Bytes::new());
            headers.remove("content-type");
        }
        if url.origin() != self.url.origin() {
            let harmless = ["accept", "accept-language", "content-type", "user-agent"];
            headers = headers
                .iter()
                .filter(|(name, _)| harmless.contains(&name.as_str()))
                .map(|(name, value)| (name.clone(), value.clone()))
                .collect();
        }
        Ok(Some(Hop { url, method, headers, body }))
    }
}

fn parse(text: &str, base: Option<&Url>) -> Result<Url, HostError> {
    let url = Url::options().base_url(base).parse(text).map_err(|_| malformed("the address"))?;
    match url.scheme() {
        "http" | "https" => Ok(url),
        other => {
            let message = format!("{other}: addresses are not fetched; use http or https");
            Err(HostError::new(HostErrorKind::Refused, message))
        }
    }
}

fn malformed(what: &str) -> HostError {
    HostError::new(HostErrorKind::Failed, format!("{what} of an outbound request is malformed"))
}

fn failure(error: ErrorCode, url: &Url) -> HostError {
    let place = place(url);
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
