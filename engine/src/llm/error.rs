//! What can go wrong between the engine and a language model.

use crate::seam::{HostError, HostErrorKind};
use serde_json::Value;
use std::fmt;

/// Why a model gave no (complete) answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LlmError {
    /// What kind of failure.
    pub kind: LlmErrorKind,
    /// For the caller of the API. Holds no address and no secret.
    pub message: String,
    /// For the log: what the host said, if it says more than `message`.
    pub detail: String,
    /// How long the server asked to wait before another try, in milliseconds.
    pub(crate) retry_after_ms: Option<u64>,
}

/// Kinds of failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LlmErrorKind {
    /// The settings do not name a usable model: the operator must change them.
    Settings,
    /// The model's server could not be reached.
    Unreachable,
    /// It took too long.
    Timeout,
    /// It answered with this HTTP status.
    Status(u16),
    /// It answered something that is no answer.
    BadReply,
    /// The answer broke off; what was received before is good.
    Interrupted,
    /// The model refused in the middle of its answer, or reported an error there.
    Model,
}

impl LlmError {
    pub(crate) fn new(kind: LlmErrorKind, message: impl Into<String>) -> LlmError {
        LlmError { kind, message: message.into(), detail: String::new(), retry_after_ms: None }
    }

    /// A setting that must be changed first.
    pub(crate) fn settings(message: impl Into<String>) -> LlmError {
        LlmError::new(LlmErrorKind::Settings, message)
    }

    /// The answer is no answer of this API.
    pub(crate) fn bad_reply(message: impl Into<String>) -> LlmError {
        LlmError::new(LlmErrorKind::BadReply, message)
    }

    /// The stream ended before its end marker. Wording recorded in the golden transcripts.
    pub(crate) fn premature_end() -> LlmError {
        LlmError::new(LlmErrorKind::Interrupted, "Premature close")
    }

    /// A failure before the head of the reply.
    pub(crate) fn before_head(error: HostError) -> LlmError {
        let (kind, message) = match error.kind {
            HostErrorKind::Timeout => (LlmErrorKind::Timeout, "Request timed out.".to_owned()),
            HostErrorKind::Unavailable => (
                LlmErrorKind::Unreachable,
                "Connection error. Check that the model server runs and that its base path is right."
                    .to_owned(),
            ),
            HostErrorKind::Refused | HostErrorKind::Unsupported | HostErrorKind::Rejected => {
                (LlmErrorKind::Settings, error.message.clone())
            }
            HostErrorKind::TooLarge => {
                (LlmErrorKind::BadReply, "The model's answer is too large.".to_owned())
            }
            HostErrorKind::Full | HostErrorKind::Damaged | HostErrorKind::Failed | HostErrorKind::Busy => {
                (LlmErrorKind::Unreachable, "The model could not be asked.".to_owned())
            }
        };
        LlmError { detail: error.message, ..LlmError::new(kind, message) }
    }

    /// A failure in the body of the reply.
    pub(crate) fn in_body(error: HostError) -> LlmError {
        let detail = error.message.clone();
        let told = match error.kind {
            HostErrorKind::Unavailable
            | HostErrorKind::Failed
            | HostErrorKind::Full
            | HostErrorKind::Busy => LlmError::premature_end(),
            HostErrorKind::Timeout => LlmError::new(
                LlmErrorKind::Interrupted,
                "The model stopped answering: no token came in time.",
            ),
            _ => LlmError::before_head(error),
        };
        LlmError { detail, ..told }
    }

    /// A failure of a model inside the host.
    pub(crate) fn in_host(error: HostError) -> LlmError {
        let kind = match error.kind {
            HostErrorKind::Timeout => LlmErrorKind::Timeout,
            HostErrorKind::Unavailable => LlmErrorKind::Interrupted,
            HostErrorKind::Unsupported | HostErrorKind::Refused => LlmErrorKind::Settings,
            _ => LlmErrorKind::Model,
        };
        LlmError::new(kind, error.message)
    }

    /// An HTTP status that is no success, in the words of the OpenAI SDK, which is what callers of
    /// AnythingLLM see (`chat_basic.jsonl`, "LLM answers 400": `400 mock failure 400`).
    pub(crate) fn status(status: u16, body: &[u8]) -> LlmError {
        let message = match error_text(body) {
            Some(text) => format!("{status} {text}"),
            None => format!("{status} status code (no body)"),
        };
        LlmError::new(LlmErrorKind::Status(status), message)
    }

    /// Whether the same request may go well in a moment.
    pub(crate) fn is_transient(&self) -> bool {
        match self.kind {
            LlmErrorKind::Unreachable | LlmErrorKind::Interrupted => true,
            LlmErrorKind::Status(status) => matches!(status, 408 | 409 | 429 | 500..),
            _ => false,
        }
    }
}

impl fmt::Display for LlmError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for LlmError {}

/// The error a body tells of: `error.message`, `error` as text, `message`, `detail`, or the start of a
/// body that is no JSON.
pub(crate) fn error_text(body: &[u8]) -> Option<String> {
    const CHARS_MAX: usize = 400;
    let text = match serde_json::from_slice::<Value>(body) {
        Ok(value) => error_of(&value)?,
        Err(_) => String::from_utf8_lossy(body).into_owned(),
    };
    let text = text.trim();
    match text.char_indices().nth(CHARS_MAX) {
        Some((cut, _)) => Some(format!("{}…", &text[..cut])),
        None => (!text.is_empty()).then(|| text.to_owned()),
    }
}

fn error_of(value: &Value) -> Option<String> {
    // Gemini's compatible endpoint wraps its errors in an array.
    if let Value::Array(items) = value {
        return items.first().and_then(error_of);
    }
    let error = value.get("error").filter(|error| !error.is_null());
    let inner = error.and_then(|error| error.get("message"));
    match inner.or(error).or_else(|| value.get("message")).or_else(|| value.get("detail"))? {
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(body: &str, message: &str) {
        assert_eq!(LlmError::status(400, body.as_bytes()).message, message);
    }

    #[test]
    fn statuses_read_as_recorded() {
        check(r#"{"error":{"message":"mock failure 400","code":400}}"#, "400 mock failure 400");
    }

    #[test]
    fn other_servers_say_it_in_other_places() {
        check(r#"{"error":"model \"x\" not found"}"#, r#"400 model "x" not found"#);
        check(r#"{"message":"Unauthorized"}"#, "400 Unauthorized");
        check(r#"{"detail":[{"loc":["body"]}]}"#, r#"400 [{"loc":["body"]}]"#);
        check(r#"[{"error":{"message":"quota"}}]"#, "400 quota");
        check(r#"{"error":{"type":"overloaded"}}"#, r#"400 {"type":"overloaded"}"#);
        check("upstream down\n", "400 upstream down");
    }

    #[test]
    fn no_words_no_invention() {
        check("", "400 status code (no body)");
        check("{}", "400 status code (no body)");
        check(r#"{"error":null}"#, "400 status code (no body)");
    }

    #[test]
    fn an_html_page_is_cut() {
        assert_eq!(LlmError::status(502, "é".repeat(900).as_bytes()).message.chars().count(), 4 + 400 + 1);
    }
}
