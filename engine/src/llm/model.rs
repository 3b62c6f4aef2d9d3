//! A model that can be asked.

use super::Secret;
use super::table::{Provider, Wire};

/// What answers a workspace's questions.
#[derive(Clone, Debug)]
pub enum ChatModel {
    /// No language model: answers are quoted from the documents.
    Extractive,
    /// A model inside the host.
    Host(HostModel),
    /// A model behind HTTP.
    Http(Box<HttpModel>),
}

/// A model inside the host, asked by `Effect::Complete`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostModel {
    /// The model's name, as the host knows it; may be empty for its only one.
    pub model: String,
    /// Tokens it can read and write together.
    pub context_window: u32,
    /// Tokens it may write.
    pub max_tokens: u32,
}

/// A model behind HTTP.
#[derive(Clone, Debug)]
pub struct HttpModel {
    /// Whose it is.
    pub provider: &'static Provider,
    /// Its server, without a slash at the end.
    pub base_url: String,
    /// Its key.
    pub key: Option<Secret>,
    /// Its name.
    pub model: String,
    /// Tokens it can read and write together.
    pub context_window: u32,
    /// Tokens it may write; `None`: the server decides.
    pub max_tokens: Option<u32>,
    /// Further headers, names in lower case.
    pub headers: Vec<(String, Secret)>,
    /// Ollama: seconds that the model stays loaded; negative for ever.
    pub keep_alive_s: i64,
    /// Anthropic: how long the system prompt is cached.
    pub cache: Cache,
    /// Ask for token counts in streams.
    pub stream_usage: bool,
    /// Whether answers are streamed at all.
    pub streams: bool,
    /// How patient to be.
    pub patience: Patience,
}

/// Anthropic's prompt cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Cache {
    /// Not used.
    #[default]
    Off,
    /// Five minutes.
    Minutes5,
    /// One hour.
    Hour1,
}

/// Retries and timeouts of outbound requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// How often a failed request is sent again, before the first token only.
    pub retries: u32,
    /// Until the head of the reply, in milliseconds. A local model reads a long prompt before it says
    /// anything, so this is minutes.
    pub head_ms: u64,
    /// Between two pieces of the reply, in milliseconds.
    pub idle_ms: u64,
}

impl Default for Patience {
    fn default() -> Patience {
        Patience { retries: 2, head_ms: 600_000, idle_ms: 120_000 }
    }
}

impl ChatModel {
    /// `metrics.provider`: the connector's class name.
    pub fn connector(&self) -> &str {
        match self {
            ChatModel::Extractive => "HaversackExtractive",
            ChatModel::Host(_) => "HaversackHostLLM",
            ChatModel::Http(model) => model.provider.connector,
        }
    }

    /// The provider's id, as in `LLM_PROVIDER`; `None` without a language model.
    pub fn provider_id(&self) -> Option<&str> {
        match self {
            ChatModel::Extractive => None,
            ChatModel::Host(_) => Some("host"),
            ChatModel::Http(model) => Some(model.provider.id),
        }
    }

    /// `metrics.model`: the model's name.
    pub fn name(&self) -> &str {
        match self {
            ChatModel::Extractive => "extractive",
            ChatModel::Host(model) => &model.model,
            ChatModel::Http(model) => &model.model,
        }
    }

    /// Tokens that prompt and answer may have together.
    pub fn context_window(&self) -> u32 {
        match self {
            // Nothing is sent anywhere; the window only bounds how much text is searched for quotes.
            ChatModel::Extractive => 32_768,
            ChatModel::Host(model) => model.context_window,
            ChatModel::Http(model) => model.context_window,
        }
    }

    /// Whether answers come piece by piece. If not, [`super::open_stream`] gives the whole as one.
    pub fn streams(&self) -> bool {
        match self {
            ChatModel::Extractive | ChatModel::Host(_) => true,
            ChatModel::Http(model) => model.streams,
        }
    }

    /// Whether it runs where the operator can see it, so that tokens cost nothing.
    pub fn is_local(&self) -> bool {
        match self {
            ChatModel::Extractive | ChatModel::Host(_) => true,
            ChatModel::Http(model) => {
                model.provider.wire == Wire::Ollama
                    || matches!(model.provider.id, "lmstudio" | "llamacpp" | "vllm" | "localai" | "koboldcpp")
            }
        }
    }
}
