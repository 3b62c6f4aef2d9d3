//! A workspace: its settings and its slug.

use crate::seam::UnixMs;
use serde::{Deserialize, Serialize};

/// A place that holds documents and conversations about them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Workspace {
    /// From 1.
    pub id: u64,
    /// At most 255 characters.
    pub name: String,
    /// ASCII; made from the name once, and never changed.
    pub slug: String,
    /// When it was made.
    pub created_at: UnixMs,
    /// When its settings last changed.
    pub updated_at: UnixMs,
    /// Sampling temperature, 0 and up; `None` is the provider's default.
    pub temperature: Option<f64>,
    /// Turns of the conversation that go into a prompt; 0 counts as 20, as clients expect.
    pub history_turns: u64,
    /// System prompt; `None` is the built-in default.
    pub system_prompt: Option<String>,
    /// Chunks below this cosine similarity are dropped; 0 to 1.
    pub similarity_threshold: f64,
    /// Chunks that go into a prompt; 1 and up.
    pub top_n: u64,
    /// How questions are answered when the call does not say.
    pub chat_mode: ChatMode,
    /// A provider other than the instance's.
    pub chat_provider: Option<String>,
    /// A model other than the provider's default.
    pub chat_model: Option<String>,
    /// Stored for clients; agents are not run here.
    pub agent_provider: Option<String>,
    /// Stored for clients; agents are not run here.
    pub agent_model: Option<String>,
    /// Said in query mode when nothing was found.
    pub query_refusal: Option<String>,
    /// Whether clients asked for `rerank`.
    pub rerank: bool,
    /// How chunks are found for a question.
    #[serde(default, skip_serializing_if = "SearchMode::is_default")]
    pub search_mode: SearchMode,
    /// Stored for clients; model routers are not run here.
    pub router_id: Option<i64>,
}

impl Workspace {
    /// [`Workspace::history_turns`] with its odd zero resolved.
    pub fn history_limit(&self) -> u32 {
        match self.history_turns {
            0 => 20,
            n => u32::try_from(n).unwrap_or(u32::MAX),
        }
    }
}

/// How chunks are found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SearchMode {
    /// By their vectors.
    #[default]
    Vector,
    /// By their words.
    Lexical,
    /// By both.
    Hybrid,
}

impl SearchMode {
    /// The mode of this name.
    pub fn parse(name: &str) -> Option<SearchMode> {
        match name {
            "vector" => Some(SearchMode::Vector),
            "lexical" => Some(SearchMode::Lexical),
            "hybrid" => Some(SearchMode::Hybrid),
            _ => None,
        }
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            SearchMode::Vector => "vector",
            SearchMode::Lexical => "lexical",
            SearchMode::Hybrid => "hybrid",
        }
    }

    fn is_default(&self) -> bool {
        *self == SearchMode::Vector
    }
}

/// How a question is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ChatMode {
    /// From the documents and from what the model knows.
    Chat,
    /// From the documents only; refuses when they say nothing.
    Query,
    /// As `Chat`: a server without agents answers it so.
    Automatic,
}

impl ChatMode {
    /// The mode of this name.
    pub fn parse(name: &str) -> Option<ChatMode> {
        match name {
            "chat" => Some(ChatMode::Chat),
            "query" => Some(ChatMode::Query),
            "automatic" => Some(ChatMode::Automatic),
            _ => None,
        }
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            ChatMode::Chat => "chat",
            ChatMode::Query => "query",
            ChatMode::Automatic => "automatic",
        }
    }
}
