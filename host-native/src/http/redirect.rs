//! One request of a chain of redirects.

use bytes::Bytes;
use haversack_engine::seam::{HostError, HostErrorKind, HttpRequest};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue, LOCATION};
use reqwest::{Client, Method, Response};
use url::Url;

/// What is sent next.
#[derive(Debug)]
pub struct Hop {
    /// Where to.
    pub url: Url,
    method: Method,
    headers: HeaderMap,
    body: Bytes,
}

impl Hop {
    /// The first request; refuses anything but `http` and `https`.
    pub fn new(request: HttpRequest) -> Result<Hop, HostError> {
        let url = parse(&request.url, None)?;
        let method = Method::from_bytes(request.method.as_bytes()).map_err(|_| malformed("the method"))?;
        let mut headers = HeaderMap::new();
        for (name, value) in &request.headers {
            let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| malformed("a header's name"))?;
            let value = HeaderValue::from_str(value).map_err(|_| malformed("a header's value"))?;
            headers.append(name, value);
        }
        Ok(Hop { url, method, headers, body: request.body })
    }

    /// Sends it.
    pub async fn send(&self, client: &Client) -> reqwest::Result<Response> {
        client
            .request(self.method.clone(), self.url.clone())
            .headers(self.headers.clone())
            .body(self.body.clone())
            .send()
            .await
    }

    /// What to send after `response`, if it is a redirect (RFC 9110, section 15.4). As browsers do, 303
    /// turns everything but HEAD into GET, 301 and 302 turn POST into GET. Headers stay behind when the
    /// origin changes, except those that say what is wanted, for any of them may be a secret.
    pub fn next(&self, response: &Response) -> Result<Option<Hop>, HostError> {
        let to_get = match response.status().as_u16() {
            301 | 302 => self.method == Method::POST,
            303 => self.method != Method::HEAD,
            307 | 308 => false,
            _ => return Ok(None),
        };
        let Some(location) = response.headers().get(LOCATION) else { return Ok(None) };
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
    if !matches!(url.scheme(), "http" | "https") {
        let message = format!("{}: addresses are not fetched; use http or https", url.scheme());
        return Err(HostError::new(HostErrorKind::Refused, message));
    }
    Ok(url)
}

fn malformed(what: &str) -> HostError {
    HostError::new(HostErrorKind::Rejected, format!("{what} of an outbound request is malformed"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_web_addresses_are_fetched() {
        for (url, kind) in [
            ("file:///etc/passwd", HostErrorKind::Refused),
            ("gopher://example.org/", HostErrorKind::Refused),
            ("not an address", HostErrorKind::Rejected),
            ("http://", HostErrorKind::Rejected),
        ] {
            assert_eq!(parse(url, None).unwrap_err().kind, kind, "{url}");
        }
    }
}
