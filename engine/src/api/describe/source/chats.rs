//! Asking, and what was said.

use super::general::AnyObject;
use super::operation::{Operation, op};
use serde_json::Value;
use utoipa::ToSchema;

const TAG: &str = "Chat";

/// A question.
#[derive(ToSchema)]
pub struct ChatRequest {
    /// May be left out with `reset`.
    #[schema(example = "How do otters sleep?")]
    message: Option<String>,
    /// `chat` answers also from what the model knows, `query` only from the documents. The workspace's own if
    /// left out.
    #[schema(example = "query")]
    mode: Option<String>,
    /// A conversation of its own.
    sessionId: Option<String>,
    attachments: Option<Vec<Attachment>>,
    /// Forget the conversation first.
    reset: Option<bool>,
    /// Who asks; only in threads, and only where several users sign in.
    userId: Option<Value>,
}

/// A picture or file, for this question only.
#[derive(ToSchema)]
pub struct Attachment {
    #[schema(example = "image.png")]
    name: Option<String>,
    #[schema(example = "image/png")]
    mime: Option<String>,
    /// A `data:` address.
    contentString: Option<String>,
}

/// An answer.
#[derive(ToSchema)]
pub struct ChatReply {
    id: String,
    /// `textResponse`, or `abort`.
    r#type: String,
    #[schema(required)]
    textResponse: Option<String>,
    /// What it rests on.
    sources: Vec<Source>,
    close: bool,
    error: Value,
    /// The number of the turn, if it was saved.
    chatId: Option<u64>,
    /// Tokens, time, model.
    metrics: Option<AnyObject>,
}

/// A text that an answer rests on.
#[derive(ToSchema)]
pub struct Source {
    id: Option<String>,
    title: Option<String>,
    text: Option<String>,
    score: Option<f64>,
    docId: Option<String>,
    docpath: Option<String>,
    page: Option<u64>,
}

/// What was said, oldest first.
#[derive(ToSchema)]
pub struct History {
    history: Vec<Said>,
    /// The same list: one of AnythingLLM's documents calls it so.
    chats: Vec<Said>,
}

/// One half of a turn.
#[derive(ToSchema)]
pub struct Said {
    /// `user` or `assistant`.
    role: String,
    content: String,
    /// Unix time in seconds.
    sentAt: i64,
    chatId: u64,
    sources: Option<Vec<AnyObject>>,
    attachments: Option<Vec<Value>>,
    feedbackScore: Option<bool>,
    metrics: Option<AnyObject>,
}

/// Which turn; all if left out.
#[derive(ToSchema)]
pub struct WhichChat {
    chatId: Option<Value>,
}

/// How many went.
#[derive(ToSchema)]
pub struct DeletedChats {
    success: bool,
    message: Option<String>,
    deleted: u64,
}

const STREAM: &str = "Events are `data: {…}` and an empty line. `textResponseChunk` events bring the answer piece by \
piece; the last event, `finalizeResponseStream`, has `sources`, `metrics` and `chatId`; `abort` says in `error` what went \
wrong.";

/// Every operation.
pub fn operations() -> Vec<Operation> {
    vec![
        op("POST", "/v1/workspace/:slug/chat", TAG, "Ask, and get the whole answer")
            .body::<ChatRequest>()
            .ok::<ChatReply>()
            .errors(&[422, 429]),
        op("POST", "/v1/workspace/:slug/stream-chat", TAG, "Ask, and get the answer as it is made")
            .note(STREAM)
            .body::<ChatRequest>()
            .ok_as("text/event-stream")
            .errors(&[422, 429]),
        op("GET", "/v1/workspace/:slug/chats", TAG, "Read what was said in a workspace")
            .query("apiSessionId", "string", "The conversation of this session.")
            .query("limit", "integer", "How many turns; 100 if left out.")
            .query("orderBy", "string", "`asc` or `desc`.")
            .ok::<History>(),
        op("DELETE", "/v1/workspace/:slug/chats", TAG, "Delete one turn, or all of a workspace")
            .body::<WhichChat>()
            .ok::<DeletedChats>(),
        op("GET", "/v1/workspace/:slug/thread/:thread/chats", TAG, "Read what was said in a thread")
            .ok::<History>(),
        op(
            "POST",
            "/v1/workspace/:slug/thread/:thread/chat",
            TAG,
            "Ask in a thread, and get the whole answer",
        )
        .body::<ChatRequest>()
        .ok::<ChatReply>()
        .errors(&[422, 429]),
        op(
            "POST",
            "/v1/workspace/:slug/thread/:thread/stream-chat",
            TAG,
            "Ask in a thread, and get the answer as it is made",
        )
        .note(STREAM)
        .body::<ChatRequest>()
        .ok_as("text/event-stream")
        .errors(&[422, 429]),
    ]
}
