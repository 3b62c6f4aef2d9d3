//! Chat widgets on other people's pages.

use super::general::{AnyObject, Success};
use super::operation::{Operation, op};
use serde_json::Value;
use utoipa::ToSchema;

const TAG: &str = "Widgets";

/// Widgets.
#[derive(ToSchema)]
pub struct Embeds {
    embeds: Vec<AnyObject>,
}

/// A widget.
#[derive(ToSchema)]
pub struct OneEmbed {
    #[schema(required)]
    embed: Option<AnyObject>,
    error: Option<String>,
}

/// Settings of a widget.
#[derive(ToSchema)]
pub struct EmbedSettings {
    /// `chat` or `query`.
    chat_mode: Option<String>,
    /// Origins of pages that may show it: a list, or a text with commas.
    allowlist_domains: Option<Value>,
    allow_model_override: Option<bool>,
    allow_temperature_override: Option<bool>,
    allow_prompt_override: Option<bool>,
    /// Answers in 24 hours; `null` is no limit. The same for one session below.
    max_chats_per_day: Option<Value>,
    max_chats_per_session: Option<Value>,
    /// Turns of a session that go into a prompt; `null` is 20.
    message_limit: Option<Value>,
    enabled: Option<bool>,
}

/// A new widget.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewEmbed {
    #[schema(example = "my-documents")]
    workspace_slug: String,
    chat_mode: Option<String>,
    allowlist_domains: Option<Value>,
    allow_model_override: Option<bool>,
    allow_temperature_override: Option<bool>,
    allow_prompt_override: Option<bool>,
    max_chats_per_day: Option<Value>,
    max_chats_per_session: Option<Value>,
    message_limit: Option<Value>,
    /// A new widget is switched on, whatever is sent.
    enabled: Option<bool>,
}

/// What was asked through a widget.
#[derive(ToSchema)]
pub struct EmbedChats {
    chats: Vec<AnyObject>,
}

/// A visitor's question.
#[derive(ToSchema)]
pub struct EmbedQuestion {
    /// A UUID that the page made up.
    sessionId: String,
    message: String,
    prompt: Option<String>,
    model: Option<String>,
    temperature: Option<f64>,
    username: Option<String>,
}

/// What a visitor and the widget said.
#[derive(ToSchema)]
pub struct EmbedHistory {
    history: Vec<AnyObject>,
}

/// Every operation.
pub fn operations() -> Vec<Operation> {
    vec![
        op("GET", "/v1/embed", TAG, "List widgets").ok::<Embeds>(),
        op("POST", "/v1/embed/new", TAG, "Make a widget").body::<NewEmbed>().ok::<OneEmbed>().errors(&[404]),
        op("POST", "/v1/embed/:uuid", TAG, "Change a widget").body::<EmbedSettings>().ok::<AnyObject>(),
        op("DELETE", "/v1/embed/:uuid", TAG, "Delete a widget").ok::<Success>(),
        op("GET", "/v1/embed/:uuid/chats", TAG, "Read what was asked through a widget").ok::<EmbedChats>(),
        op("GET", "/v1/embed/:uuid/chats/:session", TAG, "Read what was asked in one session of a widget").ok::<EmbedChats>(),
        op("POST", "/embed/:uuid/stream-chat", TAG, "Ask through a widget")
            .note("Only from the pages that the widget allows. Events are those of a workspace's stream, without sources.")
            .body::<EmbedQuestion>()
            .ok_as("text/event-stream")
            .errors(&[401, 429]),
        op("OPTIONS", "/embed/:uuid/stream-chat", TAG, "What a browser asks before it asks through a widget").bare(204),
        op("OPTIONS", "/embed/:uuid/:session", TAG, "What a browser asks before it reads or forgets a session")
            .bare(204),
        op("GET", "/embed/haversack-chat.js", TAG, "The script of the widget").ok_as("text/javascript").bare(304),
        op("GET", "/embed/anythingllm-chat-widget.min.js", TAG, "The script of the widget, under AnythingLLM's name")
            .ok_as("text/javascript").bare(304),
        op("GET", "/embed/:uuid/:session", TAG, "Read a session of a widget").ok::<EmbedHistory>().errors(&[401, 409, 429]),
        op("DELETE", "/embed/:uuid/:session", TAG, "Forget a session of a widget")
            .ok_as("text/plain")
            .errors(&[401, 429]),
    ]
}
