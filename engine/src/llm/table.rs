//! The providers Haversack can talk to, one row each.
//!
//! Almost all speak OpenAI's `chat/completions`. Two do not: Anthropic has its Messages API, and Ollama
//! is asked through its own `/api/chat`, because its compatible endpoint has no way to set `num_ctx`
//! and silently cuts prompts to the server's default window.
//!
//! Environment names and default models are AnythingLLM's (reference §12.1, §12.2).

use std::fmt;

/// A provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Provider {
    /// The value of `LLM_PROVIDER` and of a workspace's `chatProvider`.
    pub id: &'static str,
    /// What people call it; for messages.
    pub name: &'static str,
    /// `metrics.provider`: the name of AnythingLLM's class, which its clients may compare.
    pub connector: &'static str,
    /// The language it speaks.
    pub wire: Wire,
    /// Its address.
    pub base: Base,
    /// Its key.
    pub key: KeyVar,
    /// Variable that names the model.
    pub model_var: &'static str,
    /// The model if that is unset; `None` makes it required.
    pub model_default: Option<&'static str>,
    /// Variable with the context window in tokens, if there is one.
    pub window_var: Option<&'static str>,
    /// The window in tokens if neither that variable nor [`window_of`] knows better.
    pub window_default: u32,
    /// Variable with the longest answer in tokens, and the default; `None`: the server decides.
    pub max_tokens: Option<(&'static str, u32)>,
    /// Image parts carry `detail: "high"`.
    pub image_detail: bool,
    /// Ask for token counts in streams (`stream_options`).
    pub stream_usage: bool,
}

/// A wire format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wire {
    /// `POST <base>/chat/completions`, server-sent events.
    OpenAi,
    /// `POST <base>/messages`, server-sent events.
    Anthropic,
    /// `POST <base>/api/chat`, JSON lines.
    Ollama,
}

/// Where a provider lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Base {
    /// One address for everybody.
    Fixed(&'static str),
    /// The variable with the address, and where the server listens if nothing else is said.
    Var(&'static str, Option<&'static str>),
}

/// Which variable has the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyVar {
    /// Nothing works without it.
    Required(&'static str),
    /// Sent when set.
    Optional(&'static str),
}

impl Provider {
    /// The provider of this id.
    pub fn by_id(id: &str) -> Option<&'static Provider> {
        PROVIDERS.iter().find(|provider| provider.id == id)
    }

    /// The temperature to send: reasoning models of OpenAI accept no other than 1 (reference §8.5).
    pub fn temperature(&self, model: &str, wanted: f64) -> f64 {
        let fixed = self.id == "openai" && (model.starts_with('o') || model.starts_with("gpt-5"));
        if fixed { 1.0 } else { wanted }
    }

    /// Whether the address needs a `/v1` that people forget.
    pub(crate) fn wants_v1(&self) -> bool {
        matches!(self.id, "lmstudio" | "localai" | "llamacpp" | "vllm")
    }
}

impl fmt::Display for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

/// A hosted provider that speaks OpenAI's language at a fixed address.
const fn hosted(
    id: &'static str,
    name: &'static str,
    connector: &'static str,
    base: &'static str,
) -> Provider {
    Provider {
        id,
        name,
        connector,
        wire: Wire::OpenAi,
        base: Base::Fixed(base),
        key: KeyVar::Required(""),
        model_var: "",
        model_default: None,
        window_var: None,
        window_default: 8192,
        max_tokens: None,
        image_detail: false,
        stream_usage: true,
    }
}

/// A server that somebody runs themselves.
const fn local(id: &'static str, name: &'static str, connector: &'static str, base: Base) -> Provider {
    Provider { base, window_default: 4096, ..hosted(id, name, connector, "") }
}

impl Provider {
    const fn vars(
        mut self,
        key: KeyVar,
        model: &'static str,
        model_default: Option<&'static str>,
    ) -> Provider {
        self.key = key;
        self.model_var = model;
        self.model_default = model_default;
        self
    }

    const fn window(mut self, var: Option<&'static str>, default: u32) -> Provider {
        self.window_var = var;
        self.window_default = default;
        self
    }
}

use Base::Var;
use KeyVar::{Optional, Required};

/// Every provider, those most used first.
pub const PROVIDERS: &[Provider] = &[
    hosted("openai", "OpenAI", "OpenAiLLM", "https://api.openai.com/v1")
        .vars(Required("OPEN_AI_KEY"), "OPEN_MODEL_PREF", Some("gpt-4.1-nano"))
        .window(None, 4096),
    Provider {
        wire: Wire::Ollama,
        ..local("ollama", "Ollama", "OllamaAILLM", Var("OLLAMA_BASE_PATH", Some("http://127.0.0.1:11434")))
            .vars(Optional("OLLAMA_AUTH_TOKEN"), "OLLAMA_MODEL_PREF", None)
            .window(Some("OLLAMA_MODEL_TOKEN_LIMIT"), 16_384)
    },
    Provider {
        wire: Wire::Anthropic,
        max_tokens: Some(("ANTHROPIC_MAX_TOKENS", 4096)),
        ..hosted("anthropic", "Anthropic", "AnthropicLLM", "https://api.anthropic.com/v1")
            .vars(Required("ANTHROPIC_API_KEY"), "ANTHROPIC_MODEL_PREF", Some("claude-sonnet-4-6"))
            .window(None, 200_000)
    },
    Provider {
        max_tokens: Some(("GENERIC_OPEN_AI_MAX_TOKENS", 1024)),
        image_detail: true,
        stream_usage: false,
        ..local(
            "generic-openai",
            "the OpenAI-compatible server",
            "GenericOpenAiLLM",
            Var("GENERIC_OPEN_AI_BASE_PATH", None),
        )
        .vars(Optional("GENERIC_OPEN_AI_API_KEY"), "GENERIC_OPEN_AI_MODEL_PREF", None)
        .window(Some("GENERIC_OPEN_AI_MODEL_TOKEN_LIMIT"), 4096)
    },
    local(
        "lmstudio",
        "LM Studio",
        "LMStudioLLM",
        Var("LMSTUDIO_BASE_PATH", Some("http://127.0.0.1:1234/v1")),
    )
    .vars(Optional("LMSTUDIO_AUTH_TOKEN"), "LMSTUDIO_MODEL_PREF", None)
    .window(Some("LMSTUDIO_MODEL_TOKEN_LIMIT"), 4096),
    local(
        "llamacpp",
        "llama.cpp",
        "LlamaCppLLM",
        Var("LLAMA_CPP_BASE_PATH", Some("http://127.0.0.1:8080/v1")),
    )
    .vars(Optional("LLAMA_CPP_API_KEY"), "LLAMA_CPP_MODEL_PREF", Some("default"))
    .window(Some("LLAMA_CPP_MODEL_TOKEN_LIMIT"), 4096),
    local("vllm", "vLLM", "VllmLLM", Var("VLLM_BASE_PATH", Some("http://127.0.0.1:8000/v1")))
        .vars(Optional("VLLM_API_KEY"), "VLLM_MODEL_PREF", None)
        .window(Some("VLLM_MODEL_TOKEN_LIMIT"), 4096),
    local("localai", "LocalAI", "LocalAiLLM", Var("LOCAL_AI_BASE_PATH", None))
        .vars(Optional("LOCAL_AI_API_KEY"), "LOCAL_AI_MODEL_PREF", None)
        .window(Some("LOCAL_AI_MODEL_TOKEN_LIMIT"), 4096),
    hosted("openrouter", "OpenRouter", "OpenRouterLLM", "https://openrouter.ai/api/v1")
        .vars(Required("OPENROUTER_API_KEY"), "OPENROUTER_MODEL_PREF", Some("openrouter/auto"))
        .window(None, 8192),
    hosted("groq", "Groq", "GroqLLM", "https://api.groq.com/openai/v1")
        .vars(Required("GROQ_API_KEY"), "GROQ_MODEL_PREF", Some("llama-3.1-8b-instant"))
        .window(None, 131_072),
    hosted("gemini", "Gemini", "GeminiLLM", "https://generativelanguage.googleapis.com/v1beta/openai")
        .vars(Required("GEMINI_API_KEY"), "GEMINI_LLM_MODEL_PREF", Some("gemini-2.0-flash-lite"))
        .window(None, 1_048_576),
    hosted("deepseek", "DeepSeek", "DeepSeekLLM", "https://api.deepseek.com/v1")
        .vars(Required("DEEPSEEK_API_KEY"), "DEEPSEEK_MODEL_PREF", Some("deepseek-chat"))
        .window(None, 65_536),
    // Mistral refuses `stream_options` and counts tokens without being asked.
    Provider {
        stream_usage: false,
        ..hosted("mistral", "Mistral", "MistralLLM", "https://api.mistral.ai/v1")
            .vars(Required("MISTRAL_API_KEY"), "MISTRAL_MODEL_PREF", Some("mistral-small-latest"))
            .window(None, 32_000)
    },
    hosted("togetherai", "Together AI", "TogetherAiLLM", "https://api.together.xyz/v1").vars(
        Required("TOGETHER_AI_API_KEY"),
        "TOGETHER_AI_MODEL_PREF",
        None,
    ),
    hosted("fireworksai", "Fireworks AI", "FireworksAiLLM", "https://api.fireworks.ai/inference/v1").vars(
        Required("FIREWORKS_AI_LLM_API_KEY"),
        "FIREWORKS_AI_LLM_MODEL_PREF",
        None,
    ),
    hosted("perplexity", "Perplexity", "PerplexityLLM", "https://api.perplexity.ai")
        .vars(Required("PERPLEXITY_API_KEY"), "PERPLEXITY_MODEL_PREF", Some("sonar"))
        .window(None, 127_000),
    hosted("xai", "xAI", "XAiLLM", "https://api.x.ai/v1")
        .vars(Required("XAI_LLM_API_KEY"), "XAI_LLM_MODEL_PREF", None)
        .window(None, 131_072),
    hosted("cerebras", "Cerebras", "CerebrasLLM", "https://api.cerebras.ai/v1").vars(
        Required("CEREBRAS_API_KEY"),
        "CEREBRAS_MODEL_PREF",
        None,
    ),
    hosted("sambanova", "SambaNova", "SambaNovaLLM", "https://api.sambanova.ai/v1").vars(
        Required("SAMBANOVA_LLM_API_KEY"),
        "SAMBANOVA_LLM_MODEL_PREF",
        None,
    ),
    hosted("moonshotai", "Moonshot AI", "MoonshotAiLLM", "https://api.moonshot.ai/v1")
        .vars(Required("MOONSHOT_AI_API_KEY"), "MOONSHOT_AI_MODEL_PREF", Some("moonshot-v1-32k"))
        .window(None, 32_768),
    hosted("novita", "Novita AI", "NovitaLLM", "https://api.novita.ai/v3/openai").vars(
        Required("NOVITA_LLM_API_KEY"),
        "NOVITA_LLM_MODEL_PREF",
        None,
    ),
    hosted("zai", "Z.AI", "ZAiLLM", "https://api.z.ai/api/paas/v4")
        .vars(Required("ZAI_API_KEY"), "ZAI_MODEL_PREF", None)
        .window(None, 131_072),
    local("litellm", "LiteLLM", "LiteLLM", Var("LITE_LLM_BASE_PATH", None))
        .vars(Optional("LITE_LLM_API_KEY"), "LITE_LLM_MODEL_PREF", None)
        .window(Some("LITE_LLM_MODEL_TOKEN_LIMIT"), 4096),
    local(
        "textgenwebui",
        "Text Generation Web UI",
        "TextGenWebUILLM",
        Var("TEXT_GEN_WEB_UI_BASE_PATH", None),
    )
    .vars(Optional("TEXT_GEN_WEB_UI_API_KEY"), "TEXT_GEN_WEB_UI_MODEL_PREF", Some("default"))
    .window(Some("TEXT_GEN_WEB_UI_MODEL_TOKEN_LIMIT"), 4096),
    Provider {
        max_tokens: Some(("KOBOLD_CPP_MAX_TOKENS", 2048)),
        ..local("koboldcpp", "KoboldCPP", "KoboldCPPLLM", Var("KOBOLD_CPP_BASE_PATH", None))
            .vars(Optional("KOBOLD_CPP_API_KEY"), "KOBOLD_CPP_MODEL_PREF", Some("default"))
            .window(Some("KOBOLD_CPP_MODEL_TOKEN_LIMIT"), 4096)
    },
    local("nvidia-nim", "NVIDIA NIM", "NvidiaNimLLM", Var("NVIDIA_NIM_LLM_BASE_PATH", None))
        .vars(Optional("NVIDIA_NIM_LLM_API_KEY"), "NVIDIA_NIM_LLM_MODEL_PREF", None)
        .window(Some("NVIDIA_NIM_LLM_MODEL_TOKEN_LIMIT"), 4096),
    local("lemonade", "Lemonade", "LemonadeLLM", Var("LEMONADE_LLM_BASE_PATH", None))
        .vars(Optional("LEMONADE_LLM_API_KEY"), "LEMONADE_LLM_MODEL_PREF", None)
        .window(Some("LEMONADE_LLM_MODEL_TOKEN_LIMIT"), 8192),
];

/// Context windows in tokens by the start of the model's name, for hosted providers whose models differ.
/// The longest start that fits counts.
const WINDOWS: &[(&str, &str, u32)] = &[
    ("openai", "gpt-3.5-turbo", 16_385),
    ("openai", "gpt-4", 8192),
    ("openai", "gpt-4-turbo", 128_000),
    ("openai", "gpt-4-1106", 128_000),
    ("openai", "gpt-4-0125", 128_000),
    ("openai", "gpt-4o", 128_000),
    ("openai", "gpt-4.1", 1_047_576),
    ("openai", "gpt-4.5", 128_000),
    ("openai", "gpt-5", 272_000),
    ("openai", "o1", 200_000),
    ("openai", "o1-mini", 128_000),
    ("openai", "o3", 200_000),
    ("openai", "o4", 200_000),
    ("gemini", "gemma", 8192),
    ("groq", "gemma", 8192),
    ("mistral", "mistral-large", 128_000),
    ("mistral", "mistral-small", 128_000),
    ("mistral", "mistral-medium", 128_000),
    ("moonshotai", "moonshot-v1-8k", 8192),
    ("moonshotai", "moonshot-v1-128k", 131_072),
    ("moonshotai", "kimi-k2", 131_072),
];

/// The context window of a model, in tokens, if it is known to differ from its provider's default.
pub fn window_of(provider: &str, model: &str) -> Option<u32> {
    WINDOWS
        .iter()
        .filter(|(id, start, _)| *id == provider && model.starts_with(start))
        .max_by_key(|(_, start, _)| start.len())
        .map(|(_, _, window)| *window)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_complete_and_ids_unique() {
        for (i, provider) in PROVIDERS.iter().enumerate() {
            assert!(PROVIDERS[..i].iter().all(|other| other.id != provider.id), "{}", provider.id);
            let (Required(key) | Optional(key)) = provider.key;
            assert!(!key.is_empty() && !provider.model_var.is_empty(), "{}", provider.id);
            let address = match provider.base {
                Base::Fixed(address) => Some(address),
                Var(var, default) => {
                    assert!(!var.is_empty(), "{}", provider.id);
                    default
                }
            };
            assert!(address.is_none_or(|a| a.starts_with("http") && !a.ends_with('/')), "{}", provider.id);
        }
    }

    #[test]
    fn the_longest_known_start_gives_the_window() {
        assert_eq!(window_of("openai", "gpt-4-0613"), Some(8192));
        assert_eq!(window_of("openai", "gpt-4o-mini"), Some(128_000));
        assert_eq!(window_of("openai", "something-new"), None);
        assert_eq!(window_of("generic-openai", "gpt-4o"), None);
    }

    #[test]
    fn reasoning_models_of_openai_run_at_one() {
        let openai = Provider::by_id("openai").unwrap();
        assert_eq!(openai.temperature("o3-mini", 0.2), 1.0);
        assert_eq!(openai.temperature("gpt-5-nano", 0.2), 1.0);
        assert_eq!(openai.temperature("gpt-4o", 0.2), 0.2);
        let generic = Provider::by_id("generic-openai").unwrap();
        assert_eq!(generic.temperature("openhermes", 0.2), 0.2);
    }
}
