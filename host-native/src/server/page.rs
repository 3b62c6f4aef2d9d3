//! The plain page at `/`: three files inside the program, and headers that let nothing else in.

use axum::body::Body;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, IF_NONE_MATCH, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::Response;
use sha2::{Digest, Sha256};
use std::sync::LazyLock;

struct File {
    content_type: &'static str,
    text: &'static str,
    etag: LazyLock<String>,
}

macro_rules! file {
    ($name:literal, $content_type:literal) => {
        File {
            content_type: $content_type,
            text: include_str!(concat!("../page/", $name)),
            etag: LazyLock::new(|| tag(include_str!(concat!("../page/", $name)))),
        }
    };
}

static INDEX: File = file!("index.html", "text/html; charset=utf-8");
static SCRIPT: File = file!("app.js", "text/javascript; charset=utf-8");
static STYLE: File = file!("style.css", "text/css; charset=utf-8");
static ICON: File = file!("icon.svg", "image/svg+xml");

/// Only what the server itself ships runs; text never becomes markup (trusted types); nobody may frame it.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
                      form-action 'none'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'";

pub(super) async fn index(headers: HeaderMap) -> Response {
    send(&INDEX, &headers)
}

pub(super) async fn script(headers: HeaderMap) -> Response {
    send(&SCRIPT, &headers)
}

pub(super) async fn style(headers: HeaderMap) -> Response {
    send(&STYLE, &headers)
}

pub(super) async fn icon(headers: HeaderMap) -> Response {
    send(&ICON, &headers)
}

fn send(file: &'static File, request: &HeaderMap) -> Response {
    let etag = file.etag.as_str();
    let known = request.get(IF_NONE_MATCH).is_some_and(|value| value.as_bytes() == etag.as_bytes());
    let mut response = Response::new(if known { Body::empty() } else { Body::from(file.text) });
    if known {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
    }
    let headers = response.headers_mut();
    for (name, value) in [
        (CONTENT_TYPE, file.content_type),
        (CACHE_CONTROL, "no-cache"),
        (CONTENT_SECURITY_POLICY, POLICY),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (REFERRER_POLICY, "no-referrer"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.insert("cross-origin-opener-policy", HeaderValue::from_static("same-origin"));
    headers.insert("cross-origin-resource-policy", HeaderValue::from_static("same-origin"));
    if let Ok(etag) = HeaderValue::from_str(etag) {
        headers.insert(ETAG, etag);
    }
    response
}

fn tag(text: &str) -> String {
    let hash = Sha256::digest(text);
    format!("\"{}\"", hash.iter().take(8).map(|byte| format!("{byte:02x}")).collect::<String>())
}
