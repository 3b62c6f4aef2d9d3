//! The plain page at `/`: a few files inside the program, and headers that let nothing else in.

use axum::Router;
use axum::body::Body;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, IF_NONE_MATCH, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::Response;
use axum::routing::get;
use sha2::{Digest, Sha256};
use std::sync::LazyLock;

struct File {
    path: &'static str,
    content_type: &'static str,
    text: &'static str,
    etag: LazyLock<String>,
}

macro_rules! files {
    ($($path:literal = $name:literal, $content_type:ident;)*) => {
        [$(File {
            path: $path,
            content_type: $content_type,
            text: include_str!(concat!("../page/", $name)),
            etag: LazyLock::new(|| tag(include_str!(concat!("../page/", $name)))),
        }),*]
    };
}

const HTML: &str = "text/html; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";
const STYLE: &str = "text/css; charset=utf-8";
const ICON: &str = "image/svg+xml";

static FILES: [File; 10] = files! {
    "/" = "index.html", HTML;
    "/style.css" = "style.css", STYLE;
    "/app.js" = "app.js", SCRIPT;
    "/api.js" = "api.js", SCRIPT;
    "/chat.js" = "chat.js", SCRIPT;
    "/documents.js" = "documents.js", SCRIPT;
    "/dom.js" = "dom.js", SCRIPT;
    "/markdown.js" = "markdown.js", SCRIPT;
    "/sources.js" = "sources.js", SCRIPT;
    "/favicon.svg" = "icon.svg", ICON;
};

/// Only what the server itself ships runs; text never becomes markup (trusted types); nobody may frame it.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
                      form-action 'none'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'";

/// The routes of the page. Browsers ask for `/favicon.ico` unasked.
pub(super) fn routes<S: Clone + Send + Sync + 'static>(router: Router<S>) -> Router<S> {
    let route = |router: Router<S>, file: &'static File| {
        router.route(file.path, get(async move |headers: HeaderMap| send(file, &headers)))
    };
    let router = FILES.iter().fold(router, route);
    match FILES.iter().find(|file| file.content_type == ICON) {
        Some(icon) => router.route("/favicon.ico", get(async move |headers: HeaderMap| send(icon, &headers))),
        None => router,
    }
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
