//! The one table of API errors, and how they look on the wire.

use super::answer::Answer;
use crate::embed::EmbedError;
use crate::seam::{HostError, HostErrorKind};
use crate::store::StoreError;
use serde_json::{Map, Value};
use std::fmt;

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident $status:literal $text:literal,)*) => {
        /// What went wrong. Status and wire name derive from it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Code { $($(#[$doc])* $name,)* }

        impl Code {
            /// HTTP status.
            pub fn status(self) -> u16 {
                match self { $(Code::$name => $status,)* }
            }
            /// Stable name for programs.
            pub fn name(self) -> &'static str {
                match self { $(Code::$name => $text,)* }
            }
            /// Every code.
            #[cfg(test)]
            const ALL: &'static [Code] = &[$(Code::$name,)*];
        }
    };
}

codes! {
    /// No key, or one that is not known.
    InvalidApiKey 403 "invalid_api_key",
    /// The operator forbade it.
    Forbidden 403 "forbidden",
    /// The instance has one user, and the route is for those with several.
    NotMultiUser 401 "not_multi_user",
    /// What was brought to sign in with is not good.
    InvalidToken 401 "invalid_token",
    /// Without this one nobody could administer the instance.
    LastAdmin 400 "last_admin",
    /// No such route.
    UnknownRoute 404 "unknown_route",
    /// The route exists for other methods.
    WrongMethod 405 "wrong_method",
    /// The path holds a broken escape.
    MalformedPath 400 "malformed_path",
    /// The body is not what its content type says.
    MalformedBody 400 "malformed_body",
    /// The body's character set is not known.
    UnsupportedCharset 415 "unsupported_charset",
    /// The body has a content type that this route does not take.
    UnsupportedMediaType 415 "unsupported_media_type",
    /// A field is missing or has a value that makes no sense; the message names it.
    InvalidField 400 "invalid_field",
    /// As `InvalidField`, where clients expect 422.
    Unprocessable 422 "unprocessable",
    /// No such workspace, where clients expect 400.
    UnknownWorkspace 400 "unknown_workspace",
    /// Something named in the request does not exist.
    NotFound 404 "not_found",
    /// No such workspace, in OpenAI's words.
    UnknownModel 404 "model_not_found",
    /// Something of that name exists already.
    Exists 409 "exists",
    /// A folder operation was not possible.
    FolderFailed 400 "folder_failed",
    /// A portable workspace is damaged, cut short, from a newer program, or something else.
    UnusableBundle 422 "unusable_bundle",
    /// The vectors of a portable workspace are from another embedder than the one that is configured.
    OtherEmbedder 409 "other_embedder",
    /// A file could not be turned into text.
    ExtractionFailed 422 "extraction_failed",
    /// Several wrote the same thing at once.
    Contended 409 "contended",
    /// An embed is not for the page that asks.
    OriginRefused 401 "origin_refused",
    /// Others use what the request needs; it was not begun.
    Busy 503 "busy",
    /// An embed is switched off.
    EmbedDisabled 503 "embed_disabled",
    /// Too many calls, or a quota is used up.
    TooMany 429 "too_many_requests",
    /// More bytes than allowed; the message names the limit.
    TooLarge 413 "too_large",
    /// The embedder failed.
    EmbedderFailed 500 "embedder_failed",
    /// The language model failed.
    ModelFailed 500 "model_failed",
    /// It belongs to the API but is not built yet.
    NotBuilt 501 "not_built",
    /// The store failed: nothing was half written.
    StoreFailed 500 "store_failed",
    /// The store can be read only: a sealed workspace, say.
    ReadOnly 403 "read_only",
    /// The disk or quota is full: nothing was written.
    StoreFull 507 "store_full",
    /// A record is damaged; the message names it.
    RecordDamaged 500 "record_damaged",
    /// The store met damage and takes no changes until it is repaired.
    StoreDamaged 503 "store_damaged",
    /// A defect of ours.
    Internal 500 "internal",
}

/// Seconds after which a host that was busy may have room again.
const BUSY_RETRY_S: u64 = 5;

/// An error on its way to the client.
#[derive(Clone, Debug, PartialEq)]
pub struct ApiError {
    /// Decides the status.
    pub code: Code,
    /// For people: what is wrong and what to do. Never holds a secret.
    pub message: String,
    /// Keys that clients of this route expect beside it, e.g. `success: false`.
    pub extra: Map<String, Value>,
    /// What a header says besides. In a box, as few errors have one and all are returned by value.
    pub hint: Option<Box<Hint>>,
}

/// What a client may do instead, as a header.
#[derive(Clone, Debug, PartialEq)]
pub enum Hint {
    /// Seconds after which it may go well (`Retry-After`).
    RetryAfter(u64),
    /// Methods that the path takes (`Allow`, of a 405).
    Allow(String),
}

impl ApiError {
    /// An error.
    pub fn new(code: Code, message: impl Into<String>) -> ApiError {
        ApiError { code, message: message.into(), extra: Map::new(), hint: None }
    }

    /// The same with a key that clients of the route expect.
    pub fn with(mut self, key: &str, value: impl Into<Value>) -> ApiError {
        self.extra.insert(key.to_owned(), value.into());
        self
    }

    /// The same, with the seconds after which it may go well.
    pub fn retry_after(mut self, seconds: u64) -> ApiError {
        self.hint = Some(Box::new(Hint::RetryAfter(seconds)));
        self
    }

    /// The host has no room at the moment.
    pub fn busy(message: impl Into<String>) -> ApiError {
        ApiError::new(Code::Busy, message).retry_after(BUSY_RETRY_S)
    }

    /// A field of the body or query is wrong.
    pub fn field(name: &str, expected: &str) -> ApiError {
        ApiError::new(Code::InvalidField, format!("`{name}` must be {expected}."))
    }

    /// The workspace of a path does not exist.
    pub fn unknown_workspace(slug: &str) -> ApiError {
        ApiError::new(Code::UnknownWorkspace, format!("Workspace {slug} is not a valid workspace."))
    }

    /// As JSON: the keys of `extra`, then `error`, `message` (clients look at one or the other) and
    /// `code`. A key already in `extra` stays as it is.
    pub fn answer(&self) -> Answer {
        let mut body = self.extra.clone();
        for (key, value) in [("error", &self.message), ("message", &self.message)] {
            body.entry(key).or_insert_with(|| Value::String(value.clone()));
        }
        body.entry("code").or_insert_with(|| self.code.name().into());
        let answer = Answer::json(self.code.status(), &body);
        match self.hint.as_deref() {
            Some(Hint::RetryAfter(seconds)) => answer.with_header("retry-after", seconds.to_string()),
            Some(Hint::Allow(methods)) => answer.with_header("allow", methods.to_string()),
            None => answer,
        }
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code.name(), self.message)
    }
}

impl std::error::Error for ApiError {}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> ApiError {
        let code = match &error {
            StoreError::Contended => Code::Contended,
            StoreError::Damaged(..) => Code::RecordDamaged,
            error if error.is_damage() => Code::StoreDamaged,
            error if error.is_full() => Code::StoreFull,
            error if error.is_refused() => Code::ReadOnly,
            _ => Code::StoreFailed,
        };
        let error = ApiError::new(code, error.to_string());
        if code == Code::Contended { error.retry_after(1) } else { error }
    }
}

impl From<HostError> for ApiError {
    fn from(error: HostError) -> ApiError {
        let code = match error.kind {
            HostErrorKind::TooLarge => Code::TooLarge,
            HostErrorKind::Full => Code::StoreFull,
            HostErrorKind::Busy => return ApiError::busy(error.message),
            HostErrorKind::Damaged => Code::StoreDamaged,
            _ => Code::Internal,
        };
        ApiError::new(code, error.message)
    }
}

impl From<EmbedError> for ApiError {
    fn from(error: EmbedError) -> ApiError {
        ApiError::new(Code::EmbedderFailed, error.message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_code_has_a_name_of_its_own_and_an_error_status() {
        let names: BTreeSet<_> = Code::ALL.iter().map(|code| code.name()).collect();
        assert_eq!(names.len(), Code::ALL.len());
        assert!(Code::ALL.iter().all(|code| (400..=599).contains(&code.status())));
    }

    #[test]
    fn clients_find_the_message_under_either_name() {
        let error = ApiError::field("topN", "a number").with("workspace", Value::Null);
        let Answer::Whole { status, body, .. } = error.answer() else { panic!("a whole answer") };
        assert_eq!(status, 400);
        let body: Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(body["error"], "`topN` must be a number.");
        assert_eq!(body["error"], body["message"]);
        assert_eq!(body["workspace"], Value::Null);
    }
}
