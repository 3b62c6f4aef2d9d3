//! Cross-origin requests, as AnythingLLM answers them (reference §1): any origin may call, because every
//! call needs a key, and no cookie is ever looked at. The public routes of embeds need none: the engine
//! says itself who may read their answers.

use axum::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_HEADERS, CONTENT_LENGTH,
    ORIGIN, VARY,
};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::Response;

/// The answer to a preflight.
pub fn preflight(request: &HeaderMap) -> Response {
    let mut response = Response::new(axum::body::Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    let headers = response.headers_mut();
    headers.insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
    headers.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET,HEAD,PUT,PATCH,POST,DELETE"));
    headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("7200"));
    if let Some(wanted) = request.get(ACCESS_CONTROL_REQUEST_HEADERS) {
        headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, wanted.clone());
        headers.append(VARY, HeaderValue::from_static("Access-Control-Request-Headers"));
    }
    response
}

/// Whether the engine has said who may read its answer: then it names `Origin` in `vary`.
pub fn is_settled(response: &HeaderMap) -> bool {
    response.get_all(VARY).iter().any(|value| value.as_bytes().eq_ignore_ascii_case(b"origin"))
}

/// Lets the origin of `request` read `response`.
pub fn allow(request_origin: Option<HeaderValue>, response: &mut HeaderMap) {
    response.append(VARY, HeaderValue::from_static("Origin"));
    if let Some(origin) = request_origin {
        response.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        response.insert(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("X-Request-Id, Retry-After"));
    }
}

/// The origin that a request names.
pub fn origin(request: &HeaderMap) -> Option<HeaderValue> {
    request.get(ORIGIN).cloned()
}
