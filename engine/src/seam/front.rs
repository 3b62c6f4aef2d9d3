//! What every HTTP host does around the engine: which paths it hands on, cross-origin requests, and the
//! headers that all answers have. Kept here so that hosts cannot differ in it.

use super::{ApiRequest, Head};
use bytes::Bytes;
use serde_json::json;

/// Bytes of a body that names no key. Nothing that a stranger may send is larger; an upload without a key
/// would be refused in any case, and need not be read for that.
pub const STRANGER_BODY_BYTES: u64 = 1 << 20;

/// Where the engine answers.
const ROOTS: [&str; 3] = ["/api", "/v1", "/embed"];

/// Whether the engine answers at `path`; in any case, as AnythingLLM's routes are.
pub fn is_api(path: &str) -> bool {
    ROOTS.iter().any(|root| under(path, root))
}

/// Whether `path` only asks whether anybody is there, which costs nothing: hosts answer it however busy they are.
pub fn is_ping(path: &str) -> bool {
    ["/api/ping"].iter().any(|ping| path.eq_ignore_ascii_case(ping))
}

/// Bytes that the body of a request may have, where the host allows `most` to those with a key.
pub fn body_bytes_max(has_key: bool, most: u64) -> u64 {
    if has_key { most } else { most.min(STRANGER_BODY_BYTES) }
}

/// The answer to a cross-origin preflight, as AnythingLLM gives it (reference §1): any origin may call,
/// because every call needs a key and no cookie is ever looked at. `None` if the engine is to be asked: it
/// says itself who may use the public routes of an embed.
pub fn preflight(request: &ApiRequest) -> Option<Head> {
    if request.method != "OPTIONS" || under(&request.path, "/api/embed") || under(&request.path, "/embed") {
        return None;
    }
    let mut headers = vec![
        header("content-length", "0"),
        header("access-control-allow-methods", "GET,HEAD,PUT,PATCH,POST,DELETE"),
        header("access-control-max-age", "7200"),
    ];
    if let Some(wanted) = request.header("access-control-request-headers") {
        headers.push(header("access-control-allow-headers", wanted));
        headers.push(header("vary", "Access-Control-Request-Headers"));
    }
    Some(Head { status: 204, headers, streaming: false })
}

/// An answer of a host's own making, in the shape of the engine's errors.
pub fn refusal(status: u16, error: &str) -> (Head, Bytes) {
    let code = match status {
        413 => "too_large",
        429 => "too_many_requests",
        400..=499 => "not_read",
        503 => "busy",
        504 => "too_slow",
        _ => "internal",
    };
    let body = json!({ "error": error, "message": error, "code": code }).to_string();
    let headers = vec![header("content-type", "application/json; charset=utf-8")];
    (Head { status, headers, streaming: false }, body.into())
}

/// Adds what every answer says: who may read it, that browsers and proxies are not to guess, keep or delay it.
/// `origin` is the request's header of that name.
pub fn complete(head: &mut Head, origin: Option<&str>) {
    let headers = &mut head.headers;
    let has = |headers: &[(String, String)], name: &str| headers.iter().any(|(n, _)| n == name);
    let settled = headers.iter().any(|(name, value)| name == "vary" && value.eq_ignore_ascii_case("origin"));
    if !settled {
        headers.push(header("vary", "Origin"));
        if let Some(origin) = origin {
            headers.retain(|(name, _)| name != "access-control-allow-origin");
            headers.push(header("access-control-allow-origin", origin));
            headers.push(header("access-control-expose-headers", "X-Request-Id, Retry-After"));
        }
    }
    headers.push(header("x-content-type-options", "nosniff"));
    if !has(headers, "cache-control") {
        headers.push(header("cache-control", "no-store"));
    }
    if head.streaming {
        // Proxies of the nginx kind hold back what they do not know to be a stream.
        headers.push(header("x-accel-buffering", "no"));
    }
}

fn header(name: &str, value: &str) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

fn under(path: &str, root: &str) -> bool {
    path.get(..root.len()).is_some_and(|start| start.eq_ignore_ascii_case(root))
        && matches!(path.as_bytes().get(root.len()), None | Some(b'/'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;

    fn options(path: &str) -> ApiRequest {
        let headers = vec![header("access-control-request-headers", "authorization")];
        let (method, path) = ("OPTIONS".to_owned(), path.to_owned());
        ApiRequest { method, path, query: String::new(), headers, body: Bytes::new() }
    }

    #[test]
    fn only_the_api_is_the_engines() {
        for path in ["/api", "/api/", "/api/ping", "/API/v1/auth", "/v1/models", "/embed/chat"] {
            assert!(is_api(path), "{path}");
        }
        for path in ["/", "/apis", "/ap", "/v1x", "/api%2fping", "/é"] {
            assert!(!is_api(path), "{path}");
        }
    }

    #[test]
    fn a_preflight_lets_everyone_in_but_where_the_engine_decides() {
        let head = preflight(&options("/api/v1/auth")).unwrap();
        assert_eq!(head.status, 204);
        assert!(head.headers.contains(&header("access-control-allow-headers", "authorization")));
        assert_eq!(preflight(&options("/api/embed/x/stream-chat")), None);
    }

    #[test]
    fn what_the_engine_said_about_origins_stays() {
        let plain = Head { status: 200, headers: vec![], streaming: true };
        let mut open = plain.clone();
        complete(&mut open, Some("https://a.example"));
        assert!(open.headers.contains(&header("access-control-allow-origin", "https://a.example")));
        assert!(open.headers.contains(&header("x-accel-buffering", "no")));
        let mut settled = Head { headers: vec![header("vary", "Origin")], ..plain };
        complete(&mut settled, Some("https://a.example"));
        assert!(!settled.headers.iter().any(|(name, _)| name == "access-control-allow-origin"));
    }
}
