//! The embedding engines behind HTTP, one row each (reference §7.3).

/// An engine.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Engine {
    /// The value of `EMBEDDING_ENGINE`.
    pub id: &'static str,
    /// What errors begin with: `<name> Failed to embed: …`.
    pub name: &'static str,
    /// Its fixed address; `None`: `EMBEDDING_BASE_PATH`.
    pub base: Option<&'static str>,
    /// Variable with its key, and whether nothing works without it.
    pub key: (&'static str, bool),
    /// The model if `EMBEDDING_MODEL_PREF` is unset; `None` makes that required.
    pub model_default: Option<&'static str>,
    /// Longest chunk in characters.
    pub chunk: Chunk,
    /// Texts in one request.
    pub batch: usize,
    /// Requests in flight.
    pub parallel: usize,
    /// Ollama's own API rather than OpenAI's.
    pub is_ollama: bool,
}

/// Longest chunk, in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Chunk {
    /// What the model can take.
    Fixed(usize),
    /// `EMBEDDING_MODEL_MAX_CHUNK_LENGTH`, or this.
    Var(usize),
}

const fn hosted(id: &'static str, name: &'static str, base: &'static str, key: &'static str) -> Engine {
    Engine {
        id,
        name,
        base: Some(base),
        key: (key, true),
        model_default: None,
        chunk: Chunk::Var(1000),
        batch: 500,
        parallel: 4,
        is_ollama: false,
    }
}

const fn local(id: &'static str, name: &'static str, key: &'static str) -> Engine {
    Engine { base: None, key: (key, false), ..hosted(id, name, "", "") }
}

impl Engine {
    const fn model(mut self, default: &'static str, chunk: Chunk) -> Engine {
        self.model_default = Some(default);
        self.chunk = chunk;
        self
    }

    const fn batches(mut self, batch: usize, parallel: usize) -> Engine {
        self.batch = batch;
        self.parallel = parallel;
        self
    }
}

/// Every engine. Where AnythingLLM sends one text at a time, several such requests are in flight.
pub(crate) const ENGINES: &[Engine] = &[
    hosted("openai", "OpenAI", "https://api.openai.com/v1", "OPEN_AI_KEY")
        .model("text-embedding-ada-002", Chunk::Fixed(8191)),
    Engine { is_ollama: true, ..local("ollama", "Ollama", "OLLAMA_AUTH_TOKEN").batches(1, 4) },
    local("generic-openai", "GenericOpenAI", "GENERIC_OPEN_AI_EMBEDDING_API_KEY").batches(500, 1),
    local("lmstudio", "LMStudio", "LMSTUDIO_AUTH_TOKEN").batches(1, 4),
    local("localai", "LocalAI", "LOCAL_AI_API_KEY").batches(50, 2),
    local("litellm", "LiteLLM", "LITE_LLM_API_KEY").model("text-embedding-ada-002", Chunk::Var(1000)),
    Engine {
        chunk: Chunk::Var(8191),
        ..local("lemonade", "Lemonade", "LEMONADE_LLM_API_KEY").batches(50, 2)
    },
    hosted("openrouter", "OpenRouter", "https://openrouter.ai/api/v1", "OPENROUTER_API_KEY")
        .model("baai/bge-m3", Chunk::Fixed(8191)),
    hosted("cohere", "Cohere", "https://api.cohere.ai/compatibility/v1", "COHERE_API_KEY")
        .model("embed-english-v3.0", Chunk::Fixed(1945))
        .batches(96, 4),
    hosted("voyageai", "VoyageAI", "https://api.voyageai.com/v1", "VOYAGEAI_API_KEY")
        .model("voyage-3-lite", Chunk::Var(4000))
        .batches(128, 4),
    hosted(
        "gemini",
        "Gemini",
        "https://generativelanguage.googleapis.com/v1beta/openai",
        "GEMINI_EMBEDDING_API_KEY",
    )
    .model("gemini-embedding-001", Chunk::Fixed(2048))
    .batches(4, 4),
    hosted("mistral", "Mistral", "https://api.mistral.ai/v1", "MISTRAL_API_KEY")
        .model("mistral-embed", Chunk::Fixed(1000)),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_complete_and_ids_unique() {
        for (i, engine) in ENGINES.iter().enumerate() {
            assert!(ENGINES[..i].iter().all(|other| other.id != engine.id), "{}", engine.id);
            assert!(engine.batch > 0 && engine.parallel > 0 && !engine.key.0.is_empty(), "{}", engine.id);
            assert!(engine.base.is_none_or(|base| base.starts_with("https://")), "{}", engine.id);
        }
    }
}
