//! What can go wrong between the engine and a language model.

use super::reported;
use crate::seam::{HostError, HostErrorKind};
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

    /// The answer ended before it said that it was complete. AnythingLLM says `Premature close`.
    pub(crate) fn premature_end() -> LlmError {
        let message =
            "The answer was cut off: the model's server closed the connection early (Premature close).";
        LlmError::new(LlmErrorKind::Interrupted, message)
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
        let message = match reported::words_of_body(body) {
            Some(text) => format!("{status} {text}"),
            None => format!("{status} status code (no body)"),
        };
        LlmError::new(LlmErrorKind::Status(status), message)
    }

    /// The same, saying when another try makes sense, if the server told.
    pub(crate) fn with_time(mut self) -> LlmError {
        let told = self.message.to_ascii_lowercase();
        if let Some(ms) = self.retry_after_ms.filter(|ms| *ms > 0)
            && !["try again in", "retry in", "retry after"].iter().any(|words| told.contains(words))
        {
            let end = if self.message.ends_with(['.', '!', '?']) { "" } else { "." };
            self.message.push_str(&format!("{end} Try again in {}.", in_words(ms)));
        }
        self
    }

    /// Whole seconds after which another try makes sense.
    pub fn retry_after_s(&self) -> Option<u64> {
        self.retry_after_ms.map(|ms| ms.div_ceil(1000))
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

/// A duration as people say it, rounded up.
fn in_words(ms: u64) -> String {
    let count = |number: u64, unit: &str| match number {
        1 => format!("1 {unit}"),
        _ => format!("{number} {unit}s"),
    };
    let seconds = ms.div_ceil(1000);
    let minutes = seconds.div_ceil(60);
    match (seconds, minutes) {
        (..=90, _) => count(seconds, "second"),
        (_, ..60) => count(minutes, "minute"),
        (_, ..=2880) => match minutes % 60 {
            0 => count(minutes / 60, "hour"),
            rest => format!("{} {}", count(minutes / 60, "hour"), count(rest, "minute")),
        },
        _ => count(minutes.div_ceil(1440), "day"),
    }
}

impl fmt::Display for LlmError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for LlmError {}

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
    fn a_web_page_is_told_by_its_words() {
        check("<html><title>502 Bad Gateway</title><hr>nginx</html>", "400 502 Bad Gateway nginx");
    }

    #[test]
    fn the_time_of_another_try_is_said_once() {
        let told = |message: &str, ms: u64| {
            let error = LlmError::new(LlmErrorKind::Status(429), message);
            LlmError { retry_after_ms: Some(ms), ..error }.with_time().message
        };
        assert_eq!(told("429 slow down", 3000), "429 slow down. Try again in 3 seconds.");
        assert_eq!(told("429 The day is over.", 3_600_000), "429 The day is over. Try again in 1 hour.");
        assert_eq!(told("429 no", 9_000_000), "429 no. Try again in 2 hours 30 minutes.");
        assert_eq!(told("429 no", 500_000_000), "429 no. Try again in 6 days.");
        let said = "429 Please try again in 20s.";
        assert_eq!(told(said, 20_000), said);
    }

    #[test]
    fn a_long_body_is_cut() {
        assert_eq!(LlmError::status(502, "é".repeat(900).as_bytes()).message.chars().count(), 4 + 400 + 1);
    }
}
