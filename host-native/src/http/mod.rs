//! Outbound HTTP with an address policy.
//!
//! An address that came with a request ([`Trust::Caller`]) is resolved, every address of it is checked, and
//! the connection goes to what was checked: there is no second look-up that could answer something else.
//! Redirects are followed by hand, so that each hop goes through the same check.

mod resolver;
mod tls;

use haversack_engine::seam::hop::{Hop, REDIRECTS_MAX, malformed, place};
use haversack_engine::seam::{HostError, HostErrorKind, HttpHead, HttpRequest, Trust, is_public};
use http_body_util::BodyExt;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue, LOCATION};
use reqwest::{Client, Method, Response, redirect::Policy};
use resolver::{CheckedResolver, Forbidden};
use std::error::Error as _;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use url::{Host, Url};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// The client. Clones share connections; nothing is set up before the first request.
#[derive(Clone)]
pub struct HttpClient {
    shared: Arc<Shared>,
}

struct Shared {
    /// Callers may reach private addresses too.
    allow_private: bool,
    caller: OnceLock<Result<Client, String>>,
    operator: OnceLock<Result<Client, String>>,
}

impl HttpClient {
    /// With `allow_private`, [`Trust::Caller`] is treated like [`Trust::Operator`].
    pub fn new(allow_private: bool) -> HttpClient {
        let shared = Shared { allow_private, caller: OnceLock::new(), operator: OnceLock::new() };
        HttpClient { shared: Arc::new(shared) }
    }

    /// Sends `request` and waits for the head of the reply.
    pub async fn send(&self, request: HttpRequest) -> Result<(HttpHead, Body), HostError> {
        let head_timeout = Duration::from_millis(request.head_timeout_ms);
        let checked = request.trust == Trust::Caller && !self.shared.allow_private;
        let client = self.client(checked)?;
        let (max_bytes, idle_timeout) = (request.max_bytes, Duration::from_millis(request.idle_timeout_ms));
        let response = tokio::time::timeout(head_timeout, follow(client, Hop::new(request)?, checked))
            .await
            .map_err(|_| timeout("no answer", head_timeout))??;
        if response.content_length().is_some_and(|length| length > max_bytes) {
            return Err(too_large(max_bytes));
        }
        let head = HttpHead {
            status: response.status().as_u16(),
            headers: response
                .headers()
                .iter()
                .map(|(name, value)| {
                    (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into())
                })
                .collect(),
            url: response.url().to_string(),
        };
        let place = place(response.url());
        // Not the whole response: its headers hold on to the buffer that they were read into.
        let body = reqwest::Body::from(response);
        Ok((head, Body { body, place, left: max_bytes, max_bytes, idle_timeout }))
    }

    fn client(&self, checked: bool) -> Result<&Client, HostError> {
        let slot = if checked { &self.shared.caller } else { &self.shared.operator };
        slot.get_or_init(|| build(checked).map_err(|e| e.to_string()))
            .as_ref()
            .map_err(|e| HostError::new(HostErrorKind::Failed, format!("cannot set up HTTP: {e}")))
    }
}

fn build(checked: bool) -> reqwest::Result<Client> {
    let builder = Client::builder()
        .tls_backend_preconfigured(tls::config())
        .connect_timeout(CONNECT_TIMEOUT)
        .redirect(Policy::none())
        .retry(reqwest::retry::never())
        .referer(false)
        .user_agent(concat!("haversack/", env!("CARGO_PKG_VERSION")))
        .pool_idle_timeout(Duration::from_secs(60));
    if checked {
        // A proxy would resolve the name itself, behind our check.
        builder.no_proxy().dns_resolver(CheckedResolver).build()
    } else {
        builder.build()
    }
}

async fn follow(client: &Client, mut hop: Hop, checked: bool) -> Result<Response, HostError> {
    for _ in 0..=REDIRECTS_MAX {
        if checked {
            check_literal(&hop.url)?;
        }
        let response = send(client, &hop).await?;
        let location = response.headers().get(LOCATION).map(HeaderValue::as_bytes);
        match hop.next(response.status().as_u16(), location)? {
            Some(next) => hop = next,
            None => return Ok(response),
        }
    }
    Err(hop.too_many())
}

async fn send(client: &Client, hop: &Hop) -> Result<Response, HostError> {
    let method = Method::from_bytes(hop.method.as_bytes()).map_err(|_| malformed("the method"))?;
    let mut headers = HeaderMap::new();
    for (name, value) in &hop.headers {
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| malformed("a header's name"))?;
        headers.append(name, HeaderValue::from_str(value).map_err(|_| malformed("a header's value"))?);
    }
    let request = client.request(method, hop.url.clone()).headers(headers).body(hop.body.clone());
    request.send().await.map_err(|error| failure(&error, &hop.place()))
}

/// A name goes through the resolver; an address in the URL never reaches it. `Url` has turned odd spellings
/// (`0x7f.1`, `2130706433`) into plain addresses by now.
fn check_literal(url: &Url) -> Result<(), HostError> {
    let public = match url.host() {
        Some(Host::Ipv4(ip)) => is_public(ip.into()),
        Some(Host::Ipv6(ip)) => is_public(ip.into()),
        Some(Host::Domain(_)) | None => true,
    };
    if public { Ok(()) } else { Err(refused(&place(url))) }
}

/// A reply's body.
pub struct Body {
    body: reqwest::Body,
    /// For errors.
    place: String,
    left: u64,
    max_bytes: u64,
    idle_timeout: Duration,
}

impl Body {
    /// The next piece, never empty; `None` at the end.
    pub async fn next(&mut self) -> Result<Option<bytes::Bytes>, HostError> {
        loop {
            let frame = tokio::time::timeout(self.idle_timeout, self.body.frame())
                .await
                .map_err(|_| timeout("the answer stopped", self.idle_timeout))?;
            let Some(frame) = frame else { return Ok(None) };
            let Ok(bytes) = frame.map_err(|e| failure(&e, &self.place))?.into_data() else { continue };
            self.left = self.left.checked_sub(bytes.len() as u64).ok_or_else(|| too_large(self.max_bytes))?;
            if !bytes.is_empty() {
                return Ok(Some(bytes));
            }
        }
    }
}

fn failure(error: &reqwest::Error, place: &str) -> HostError {
    let mut source = error.source();
    let mut reason = None;
    while let Some(cause) = source {
        if cause.is::<Forbidden>() {
            return refused(place);
        }
        reason = Some(cause.to_string());
        source = cause.source();
    }
    if error.is_timeout() {
        return HostError::new(HostErrorKind::Timeout, format!("{place} cannot be reached in time"));
    }
    // The innermost cause says what happened ("connection refused"); the outer ones only where.
    let reason = reason.unwrap_or_else(|| "the request failed".into());
    HostError::new(HostErrorKind::Unavailable, format!("{place} cannot be reached: {reason}"))
}

fn refused(place: &str) -> HostError {
    let message = format!(
        "{place} is not a public address; start the server with --allow-private-addresses to allow it"
    );
    HostError::new(HostErrorKind::Refused, message)
}

fn timeout(what: &str, after: Duration) -> HostError {
    HostError::new(HostErrorKind::Timeout, format!("{what} for {} s", after.as_secs_f64()))
}

fn too_large(max_bytes: u64) -> HostError {
    HostError::new(HostErrorKind::TooLarge, format!("the answer is larger than {max_bytes} bytes"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    #[tokio::test]
    async fn a_public_server_cannot_redirect_into_the_private_network() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut head = [0; 4096];
                let n = stream.read(&mut head).await.unwrap();
                let path = String::from_utf8_lossy(&head[..n])
                    .split(' ')
                    .nth(1)
                    .unwrap()
                    .trim_matches('/')
                    .to_owned();
                let answer = format!(
                    "HTTP/1.1 302 Found\r\nlocation: http://{path}:{}/\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
                    address.port()
                );
                stream.write_all(answer.as_bytes()).await.unwrap();
            }
        });
        // "public.test" stands for a name that passed the look-up; what comes after has to pass it too.
        let client = Client::builder()
            .tls_backend_preconfigured(tls::config())
            .redirect(Policy::none())
            .no_proxy()
            .dns_resolver(CheckedResolver)
            .resolve("public.test", address)
            .build()
            .unwrap();
        for private in ["127.0.0.1", "localhost", "169.254.169.254", "[::1]"] {
            let request = HttpRequest {
                method: "GET".into(),
                url: format!("http://public.test:{}/{private}", address.port()),
                headers: vec![],
                body: bytes::Bytes::new(),
                trust: Trust::Caller,
                max_bytes: 10,
                head_timeout_ms: 1000,
                idle_timeout_ms: 1000,
            };
            let error = follow(&client, Hop::new(request).unwrap(), true).await.unwrap_err();
            assert_eq!(error.kind, HostErrorKind::Refused, "{private}: {error}");
        }
    }
}
