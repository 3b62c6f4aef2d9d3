//! Building calls.

use bytes::Bytes;
use haversack_engine::seam::ApiRequest;
use serde_json::Value;

/// The key that the suite makes valid on every host; the one of the recordings.
pub const API_KEY: &str = "GOLDEN1-KEY0001-GOLDEN1-KEY0001";

const BOUNDARY: &str = "suite-boundary-c0ffee";

/// A call without a body, with the suite's key. `target` is the path with its query.
pub fn get(target: &str) -> ApiRequest {
    bare("GET", target)
}

/// As [`get`], with another method.
pub fn bare(method: &str, target: &str) -> ApiRequest {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    ApiRequest {
        method: method.into(),
        path: format!("/api{path}"),
        query: query.into(),
        headers: vec![("authorization".into(), format!("Bearer {API_KEY}"))],
        body: Bytes::new(),
    }
}

/// A call with a JSON body.
pub fn json(method: &str, target: &str, body: &Value) -> ApiRequest {
    raw(method, target, "application/json", body.to_string())
}

/// A call with a body of any kind.
pub fn raw(method: &str, target: &str, content_type: &str, body: impl Into<Bytes>) -> ApiRequest {
    let mut request = bare(method, target);
    request.headers.push(("content-type".into(), content_type.into()));
    request.body = body.into();
    request
}

/// An upload of one file, with further text fields.
pub fn upload(target: &str, filename: &str, file: &[u8], fields: &[(&str, &str)]) -> ApiRequest {
    let mut body = Vec::new();
    for (name, value) in fields {
        let part =
            format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
        body.extend_from_slice(part.as_bytes());
    }
    let head = format!(
        "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{filename}\"\r\n\
         Content-Type: application/octet-stream\r\n\r\n"
    );
    body.extend_from_slice(head.as_bytes());
    body.extend_from_slice(file);
    body.extend_from_slice(format!("\r\n--{BOUNDARY}--\r\n").as_bytes());
    raw("POST", target, &format!("multipart/form-data; boundary={BOUNDARY}"), body)
}

/// A document's or thread's name as part of a path.
pub fn segment(name: &str) -> String {
    percent_encoding::utf8_percent_encode(name, percent_encoding::NON_ALPHANUMERIC).to_string()
}
