//! One request of a chain of redirects. Hosts that follow them by hand share the rules: what is sent next, and what
//! stays with the origin it was meant for.

use super::{HostError, HostErrorKind, HttpRequest};
use bytes::Bytes;
use url::Url;

/// Redirects that are followed, at most.
pub const REDIRECTS_MAX: usize = 5;

/// Headers that say what is wanted. Any other may be a secret, and goes to no other origin.
const HARMLESS: [&str; 4] = ["accept", "accept-language", "content-type", "user-agent"];

/// What is sent next.
#[derive(Clone, Debug)]
pub struct Hop {
    /// Where to: `http` or `https`.
    pub url: Url,
    /// Upper case.
    pub method: String,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    /// The whole body.
    pub body: Bytes,
}

impl Hop {
    /// The first request.
    ///
    /// # Errors
    /// [`HostErrorKind::Rejected`] if the address is malformed, [`HostErrorKind::Refused`] unless it is `http` or
    /// `https`.
    pub fn new(request: HttpRequest) -> Result<Hop, HostError> {
        let url = parse(&request.url, None)?;
        Ok(Hop { url, method: request.method, headers: request.headers, body: request.body })
    }

    /// What to send after an answer of this status with this `location`, if it is a redirect (RFC 9110, section 15.4).
    /// As browsers do, 303 turns everything but HEAD into GET, 301 and 302 turn POST into GET.
    ///
    /// # Errors
    /// As for [`Hop::new`], of the address it leads to.
    pub fn next(&self, status: u16, location: Option<&[u8]>) -> Result<Option<Hop>, HostError> {
        let to_get = match status {
            301 | 302 => self.method == "POST",
            303 => self.method != "HEAD",
            307 | 308 => false,
            _ => return Ok(None),
        };
        let Some(location) = location else { return Ok(None) };
        let location = std::str::from_utf8(location).map_err(|_| malformed("a redirect"))?;
        let url = parse(location, Some(&self.url))?;
        let mut next = Hop { url, ..self.clone() };
        if to_get {
            (next.method, next.body) = ("GET".to_owned(), Bytes::new());
            next.headers.retain(|(name, _)| name != "content-type");
        }
        if next.url.origin() != self.url.origin() {
            next.headers.retain(|(name, _)| HARMLESS.contains(&name.as_str()));
        }
        Ok(Some(next))
    }

    /// Scheme, host and port, for messages: path and query may hold secrets.
    pub fn place(&self) -> String {
        place(&self.url)
    }

    /// What to say of a chain that does not end.
    pub fn too_many(&self) -> HostError {
        let message = format!("{} redirects more than {REDIRECTS_MAX} times", self.place());
        HostError::new(HostErrorKind::Unavailable, message)
    }
}

/// Scheme, host and port of an address: path and query may hold secrets.
pub fn place(url: &Url) -> String {
    url.origin().ascii_serialization()
}

/// What to say of a part of a request that cannot be sent.
pub fn malformed(what: &str) -> HostError {
    HostError::new(HostErrorKind::Rejected, format!("{what} of an outbound request is malformed"))
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

#[cfg(test)]
mod tests {
    use super::*;

    fn post() -> Hop {
        let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        Hop {
            url: parse("https://one.example/a", None).unwrap(),
            method: "POST".to_owned(),
            headers: vec![
                header("accept", "*/*"),
                header("authorization", "secret"),
                header("content-type", "text/plain"),
            ],
            body: "text".into(),
        }
    }

    fn names(hop: &Hop) -> Vec<&str> {
        hop.headers.iter().map(|(name, _)| name.as_str()).collect()
    }

    #[test]
    fn only_web_addresses_are_fetched() {
        for (url, kind) in [
            ("file:///etc/passwd", HostErrorKind::Refused),
            ("gopher://example.org/", HostErrorKind::Refused),
            ("not an address", HostErrorKind::Rejected),
            ("http://", HostErrorKind::Rejected),
        ] {
            assert_eq!(parse(url, None).unwrap_err().kind, kind, "{url}");
            if kind == HostErrorKind::Refused {
                assert_eq!(post().next(302, Some(url.as_bytes())).unwrap_err().kind, kind, "{url}");
            }
        }
    }

    #[test]
    fn a_redirect_keeps_or_drops_the_body_as_browsers_do() {
        for (status, method) in [(301, "GET"), (302, "GET"), (303, "GET"), (307, "POST"), (308, "POST")] {
            let next = post().next(status, Some(b"/b")).unwrap().unwrap();
            assert_eq!((next.method.as_str(), next.url.path()), (method, "/b"), "{status}");
            assert_eq!(next.body.is_empty(), method == "GET", "{status}");
            assert_eq!(names(&next).contains(&"content-type"), method == "POST", "{status}");
        }
        assert!(post().next(200, Some(b"/b")).unwrap().is_none());
        assert!(post().next(302, None).unwrap().is_none());
    }

    #[test]
    fn what_may_be_secret_stays_with_its_origin() {
        let same = post().next(307, Some(b"https://one.example/b")).unwrap().unwrap();
        assert_eq!(names(&same), ["accept", "authorization", "content-type"]);
        for other in ["https://two.example/", "http://one.example/", "https://one.example:444/"] {
            let next = post().next(307, Some(other.as_bytes())).unwrap().unwrap();
            assert_eq!(names(&next), ["accept", "content-type"], "{other}");
        }
    }
}
