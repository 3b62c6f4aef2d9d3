//! Errors of JavaScript, as the engine knows errors.

use haversack_engine::seam::{HostError, HostErrorKind};
use js_sys::{Error, Reflect};
use wasm_bindgen::{JsCast, JsValue};

/// What `error.name` says; empty for what is no error.
pub fn name(error: &JsValue) -> String {
    text_at(error, "name")
}

/// What `error.message` says, or the value itself as text.
pub fn message(error: &JsValue) -> String {
    let message = text_at(error, "message");
    match message.is_empty() {
        false => message,
        true => error.as_string().unwrap_or_else(|| "an unknown error".to_owned()),
    }
}

fn text_at(error: &JsValue, field: &str) -> String {
    Reflect::get(error, &field.into()).ok().and_then(|value| value.as_string()).unwrap_or_default()
}

/// An error that a model, an embedder or the reader of files threw. It may name its kind in `kind`.
pub fn thrown(what: &str, error: &JsValue) -> HostError {
    let kind = match (text_at(error, "kind").as_str(), name(error).as_str()) {
        ("unsupported", _) | (_, "NotSupportedError") => HostErrorKind::Unsupported,
        ("unavailable", _) | (_, "NetworkError") => HostErrorKind::Unavailable,
        ("timeout", _) | (_, "TimeoutError") => HostErrorKind::Timeout,
        ("rejected", _) => HostErrorKind::Rejected,
        ("too_large", _) => HostErrorKind::TooLarge,
        _ => HostErrorKind::Failed,
    };
    HostError::new(kind, format!("{what}: {}", message(error)))
}

/// An error of the store.
pub fn stored(error: &JsValue) -> HostError {
    let said = message(error);
    match name(error).as_str() {
        "QuotaExceededError" => HostError::new(
            HostErrorKind::Full,
            "The browser gives this site no more room, and nothing was written. Remove documents, free disk space, or \
             ask for more with navigator.storage.persist().",
        ),
        "SecurityError" | "InvalidAccessError" => HostError::new(
            HostErrorKind::Refused,
            format!(
                "This browser does not let this page store anything ({said}). Allow site data for it, leave private \
                 browsing, or open Haversack with store: \"memory\"."
            ),
        ),
        "VersionError" => HostError::new(
            HostErrorKind::Failed,
            "The data in this browser was written by a later version. Reload the page to get that one.",
        ),
        name => {
            HostError::new(HostErrorKind::Failed, format!("the browser's database failed: {name}: {said}"))
        }
    }
}

/// For `throw`: an `Error` whose `kind` is the engine's.
pub fn to_js(error: &HostError) -> JsValue {
    let thrown = Error::new(&error.message);
    let kind = serde_json::to_value(error.kind).unwrap_or_default();
    let kind = JsValue::from_str(kind.as_str().unwrap_or("failed"));
    // Setting a field of a fresh object cannot fail.
    let _ = Reflect::set(&thrown, &"kind".into(), &kind);
    thrown.unchecked_into()
}
