//! Shapes that many operations share.

use serde_json::Value;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// What went wrong. Some operations send more keys beside these.
#[derive(ToSchema)]
pub struct Error {
    /// For people: what is wrong, and what to do.
    #[schema(required)]
    error: Value,
    /// The same text: clients look at one or the other.
    #[schema(required)]
    message: Value,
    /// For programs: a stable name. A few listings of folders have the status here.
    #[schema(required, example = "invalid_field")]
    code: Value,
}

/// What went wrong, in OpenAI's shape. Before the key is known to be good, `error` is a text.
#[derive(ToSchema)]
pub struct OpenAiError {
    /// `{message, type, code}`, or a text.
    #[schema(required)]
    error: Value,
}

/// Whether it went well.
#[derive(ToSchema)]
pub struct Success {
    success: bool,
    /// Why not.
    error: Option<String>,
    /// For people.
    message: Option<String>,
}

/// An object.
#[derive(ToSchema)]
pub struct AnyObject(BTreeMap<String, Value>);

/// The message is for people.
#[derive(ToSchema)]
pub struct Message {
    message: Option<String>,
}
