//! The app at `/`: files inside the program, and headers that let nothing else in.

use axum::Router;
use axum::body::Body;
use axum::http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG,
    IF_NONE_MATCH, REFERRER_POLICY, VARY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::Response;
use axum::routing::get;
use sha2::{Digest, Sha256};

/// A file of the app, as `build.rs` found it.
struct Built {
    /// From `/`.
    path: &'static str,
    bytes: &'static [u8],
    brotli: Option<&'static [u8]>,
}

include!(concat!(env!("OUT_DIR"), "/app.rs"));

/// What is shown where the app was not built.
static NOT_BUILT: Built = Built { path: "/", bytes: include_bytes!("not_built.html"), brotli: None };

/// Only what the server itself ships runs; text never becomes markup but through the sanitizer (trusted types);
/// nobody may frame it. Pictures that are attached to a question are `data:`.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; \
                      connect-src 'self'; frame-src 'self'; worker-src 'self'; form-action 'none'; base-uri 'none'; \
                      frame-ancestors 'none'; require-trusted-types-for 'script'; \
                      trusted-types svelte-trusted-html dompurify haversack";

/// The page that shows a website chat is framed, by the app alone.
const PREVIEW: &str = "/preview.html";
const PREVIEW_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
                              connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'self'; \
                              require-trusted-types-for 'script'; trusted-types haversack";

/// The routes of the app. Browsers ask for `/favicon.ico` unasked.
pub(super) fn routes<S: Clone + Send + Sync + 'static>(router: Router<S>) -> Router<S> {
    let files = if APP.is_empty() { std::slice::from_ref(&NOT_BUILT) } else { APP };
    files.iter().fold(router, |router, file| {
        let etag = tag(file.bytes);
        let mut router = router;
        for path in paths(file.path) {
            let etag = etag.clone();
            router = router.route(path, get(async move |headers: HeaderMap| send(file, &etag, &headers)));
        }
        router
    })
}

/// Where a file is found.
fn paths(path: &'static str) -> Vec<&'static str> {
    match path {
        "/index.html" => vec!["/", path],
        "/favicon.svg" => vec!["/favicon.ico", path],
        path => vec![path],
    }
}

fn send(file: &'static Built, etag: &str, request: &HeaderMap) -> Response {
    let known = request.get(IF_NONE_MATCH).is_some_and(|value| value.as_bytes() == etag.as_bytes());
    let takes_brotli = request
        .get(ACCEPT_ENCODING)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.split(',').any(|coding| coding.trim() == "br"));
    let packed = file.brotli.filter(|_| takes_brotli);
    let mut response = Response::new(match known {
        true => Body::empty(),
        false => Body::from(packed.unwrap_or(file.bytes)),
    });
    if known {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
    }
    let headers = response.headers_mut();
    // The names of the files in there hold a hash of what they say.
    let lasting = file.path.starts_with("/assets/");
    for (name, value) in [
        (CONTENT_TYPE, content_type(file.path)),
        (CACHE_CONTROL, if lasting { "public, max-age=31536000, immutable" } else { "no-cache" }),
        (CONTENT_SECURITY_POLICY, if file.path == PREVIEW { PREVIEW_POLICY } else { POLICY }),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (REFERRER_POLICY, "no-referrer"),
        (VARY, "accept-encoding"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.insert("cross-origin-opener-policy", HeaderValue::from_static("same-origin"));
    headers.insert("cross-origin-resource-policy", HeaderValue::from_static("same-origin"));
    if packed.is_some() && !known {
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static("br"));
    }
    if let Ok(etag) = HeaderValue::from_str(etag) {
        headers.insert(ETAG, etag);
    }
    response
}

fn content_type(path: &str) -> &'static str {
    match path.rsplit_once('.').map(|(_, ending)| ending) {
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("wasm") => "application/wasm",
        Some("json" | "webmanifest") => "application/json",
        Some("html") | None => "text/html; charset=utf-8",
        Some(_) => "application/octet-stream",
    }
}

fn tag(bytes: &[u8]) -> String {
    let hash = Sha256::digest(bytes);
    format!("\"{}\"", hash.iter().take(8).map(|byte| format!("{byte:02x}")).collect::<String>())
}
