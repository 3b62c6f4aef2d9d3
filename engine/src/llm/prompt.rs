//! What goes to a model, and what comes back.

use serde::{Deserialize, Serialize};

/// A conversation to continue.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Prompt {
    /// System first, then turns in order, the question last.
    pub messages: Vec<Message>,
    /// 0 and up. NaN asks for the server's default: it is sent as `null`, as their OpenAI-compatible
    /// endpoint does when a request names none (`openai_compat.jsonl`).
    pub temperature: f64,
}

/// One message.
#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    /// Who speaks.
    pub role: Role,
    /// The text.
    pub content: String,
    /// Images and sounds that go with it.
    pub attachments: Vec<Attachment>,
}

impl Message {
    /// A message of text alone.
    pub fn new(role: Role, content: impl Into<String>) -> Message {
        Message { role, content: content.into(), attachments: Vec::new() }
    }
}

/// Who speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Whoever runs the assistant.
    System,
    /// The person.
    User,
    /// The model.
    Assistant,
}

impl Role {
    /// The role's name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Role::System => "system",
            Role::User => "user",
            Role::Assistant => "assistant",
        }
    }
}

/// A file that a model looks at itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attachment {
    /// The file's name.
    pub name: String,
    /// Its media type, e.g. `image/png`; may be empty.
    pub mime: String,
    /// `data:<mime>;base64,<bytes>`. `None` if the caller sent an attachment without content: the
    /// generic provider then sends an image part without a URL, as recorded in `attachments.jsonl`.
    pub data_uri: Option<String>,
}

impl Attachment {
    /// The media type: as given, else from the data URI.
    pub(crate) fn media_type(&self) -> &str {
        if !self.mime.is_empty() {
            return &self.mime;
        }
        let head = self.data_uri.as_deref().and_then(|uri| uri.strip_prefix("data:"));
        head.and_then(|head| head.split([';', ',']).next()).unwrap_or_default()
    }

    /// The base64 text, without the part that says so.
    pub(crate) fn base64(&self) -> Option<&str> {
        let uri = self.data_uri.as_deref()?;
        Some(uri.split_once("base64,").map_or(uri, |(_, data)| data))
    }

    /// Whether it is a sound rather than an image.
    pub(crate) fn is_audio(&self) -> bool {
        self.media_type().starts_with("audio/")
    }
}

/// A piece of an answer.
#[derive(Clone, Debug, PartialEq)]
pub enum Delta {
    /// Text of the answer.
    Text(String),
    /// Text of the model's thoughts before it.
    Reasoning(String),
    /// What it cost; replaces what was said before.
    Usage(Usage),
    /// The answer is complete. Comes once, last.
    Finish(Finish),
}

/// Tokens read and written, as far as the server counts them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Usage {
    /// Tokens of the prompt.
    pub prompt_tokens: Option<u64>,
    /// Tokens of the answer.
    pub completion_tokens: Option<u64>,
}

/// Why an answer ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finish {
    /// The model was done.
    Stop,
    /// The limit of tokens was reached.
    Length,
    /// The provider withheld the rest.
    Filtered,
    /// Anything else (a tool call nobody asked for).
    Other,
}

/// A whole answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Completion {
    /// The answer; thoughts stand in front of it inside `<think>…</think>` (reference §8.5).
    pub text: String,
    /// What it cost.
    pub usage: Usage,
    /// Why it ends.
    pub finish: Finish,
}
