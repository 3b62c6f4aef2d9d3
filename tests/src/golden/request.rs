//! From a recorded step to a call.

use super::transcript::{FormPart, Step};
use bytes::Bytes;
use haversack_engine::seam::ApiRequest;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

const BOUNDARY: &str = "----goldenboundary7d1";

/// What a captured value keeps of its punctuation when it is put into a path.
const IN_PATH: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'!')
    .remove(b'~')
    .remove(b'*')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')');

/// Values captured so far, with `apiKey` and `mockUrl`.
pub type Variables = BTreeMap<String, Value>;

/// The call of `step`, with the fixtures of its form taken from `fixtures`.
pub fn build(step: &Step, variables: &Variables, fixtures: &Path) -> ApiRequest {
    let request = &step.request;
    let mut headers: Vec<(String, String)> = request
        .headers
        .iter()
        .map(|(name, value)| (name.to_ascii_lowercase(), fill(value, variables)))
        .collect();
    match request.auth.as_deref() {
        None => headers.push(("authorization".into(), fill("Bearer {{apiKey}}", variables))),
        Some("none") => {}
        Some(value) => headers.push(("authorization".into(), fill(value, variables))),
    }
    let has_type = headers.iter().any(|(name, _)| name == "content-type");
    let mut body = None;
    if let Some(json) = &request.json {
        body = Some(Bytes::from(fill_json(json, variables).to_string()));
        if !has_type {
            headers.push(("content-type".into(), "application/json".into()));
        }
    } else if let Some(text) = &request.text {
        body = Some(Bytes::from(fill(text, variables)));
    } else if let Some(form) = &request.form {
        body = Some(multipart(form, variables, fixtures));
        headers.retain(|(name, _)| name != "content-type");
        headers.push(("content-type".into(), format!("multipart/form-data; boundary={BOUNDARY}")));
    }
    let body = body.unwrap_or_default();
    let target = fill_path(&format!("/api{}", request.path), variables);
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    ApiRequest { method: request.method.clone(), path: path.into(), query: query.into(), headers, body }
}

/// Replaces `{{x}}` in a text; an unknown name stays.
fn fill(text: &str, variables: &Variables) -> String {
    replace(text, |name| variables.get(name).map(plain))
}

/// As [`fill`], percent-encoded.
fn fill_path(text: &str, variables: &Variables) -> String {
    replace(text, |name| {
        variables.get(name).map(|value| utf8_percent_encode(&plain(value), IN_PATH).to_string())
    })
}

fn fill_json(value: &Value, variables: &Variables) -> Value {
    match value {
        Value::String(text) => {
            let whole = text.strip_prefix("{{").and_then(|t| t.strip_suffix("}}"));
            match whole.and_then(|name| variables.get(name)) {
                Some(value) => value.clone(),
                None => Value::String(fill(text, variables)),
            }
        }
        Value::Array(items) => items.iter().map(|item| fill_json(item, variables)).collect(),
        Value::Object(fields) => Value::Object(
            fields.iter().map(|(k, v)| (k.clone(), fill_json(v, variables))).collect::<Map<_, _>>(),
        ),
        other => other.clone(),
    }
}

fn replace(text: &str, value: impl Fn(&str) -> Option<String>) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(open) = rest.find("{{") {
        let Some(length) = rest[open + 2..].find("}}") else { break };
        let name = &rest[open + 2..open + 2 + length];
        out.push_str(&rest[..open]);
        match value(name) {
            Some(value) => out.push_str(&value),
            None => out.push_str(&rest[open..open + length + 4]),
        }
        rest = &rest[open + length + 4..];
    }
    out + rest
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[expect(clippy::expect_used, reason = "a missing fixture is a broken checkout")]
fn multipart(form: &[FormPart], variables: &Variables, fixtures: &Path) -> Bytes {
    let mut out = Vec::new();
    for part in form {
        let name = &part.name;
        out.extend_from_slice(format!("--{BOUNDARY}\r\nContent-Disposition: form-data; ").as_bytes());
        let content = match (&part.file, &part.content) {
            (Some(file), _) => Some(fs::read(fixtures.join(file)).expect("the fixture exists")),
            (None, Some(content)) => Some(content.clone().into_bytes()),
            (None, None) => None,
        };
        if let Some(content) = content {
            let filename = part.filename.as_ref().or(part.file.as_ref()).map_or("", String::as_str);
            let content_type = part.content_type.as_deref().unwrap_or("text/plain");
            let head =
                format!("name=\"{name}\"; filename=\"{filename}\"\r\nContent-Type: {content_type}\r\n\r\n");
            out.extend_from_slice(head.as_bytes());
            out.extend_from_slice(&content);
        } else {
            let value = fill(part.value.as_deref().unwrap_or_default(), variables);
            out.extend_from_slice(format!("name=\"{name}\"\r\n\r\n{value}").as_bytes());
        }
        out.extend_from_slice(b"\r\n");
    }
    out.extend_from_slice(format!("--{BOUNDARY}--\r\n").as_bytes());
    Bytes::from(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn values_are_filled_in_whole_in_part_and_encoded() {
        let variables = Variables::from([("n".into(), json!(7)), ("doc".into(), json!("a/b c.json"))]);
        assert_eq!(
            fill_json(&json!({"x": "{{n}}", "y": ["<{{doc}}>"], "z": "{{no}}"}), &variables),
            json!({"x": 7, "y": ["<a/b c.json>"], "z": "{{no}}"})
        );
        assert_eq!(fill_path("/d/{{doc}}?q={{n}}", &variables), "/d/a%2Fb%20c.json?q=7");
    }
}
