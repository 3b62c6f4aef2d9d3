//! The settings that clients read and write, one row each (reference §12.1, §12.2).
//!
//! A client names a setting, never a variable: what is not in this table reaches nothing.

use super::checks::Check::{self, *};

/// A setting.
#[derive(Debug)]
pub struct Setting {
    /// Its name for clients.
    pub key: &'static str,
    /// The variable that holds it.
    pub var: &'static str,
    /// How it is shown.
    pub shown: Shown,
    /// What a new value must pass, in this order.
    pub checks: &'static [Check],
}

/// How a setting is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    /// Only whether it is set.
    Secret,
    /// Its text; left out while unset.
    Text,
    /// Its text; `null` while unset.
    OrNull,
    /// Its text, or this one.
    Or(&'static str),
    /// Its text, or this number.
    OrNumber(u32),
}

impl Setting {
    /// The setting of this name.
    pub fn by_key(key: &str) -> Option<&'static Setting> {
        SETTINGS.iter().find(|setting| setting.key == key)
    }

    /// The setting that a variable holds.
    pub fn by_var(var: &str) -> Option<&'static Setting> {
        SETTINGS.iter().find(|setting| setting.var == var)
    }

    /// Whether its value must never be shown.
    pub fn is_secret(&self) -> bool {
        self.shown == Shown::Secret
    }

    /// Whether it says which vectors documents get.
    pub fn is_of_embedder(&self) -> bool {
        matches!(
            self.key,
            "EmbeddingEngine" | "EmbeddingModelPref" | "EmbeddingBasePath" | "EmbeddingOutputDimensions"
        )
    }
}

const NEEDED: &[Check] = &[NotEmpty];
const URL: &[Check] = &[Url];
const NUMBER: &[Check] = &[Positive];
const V1_URL: &[Check] = &[NotEmpty, Url, HasV1, NoSlash];

macro_rules! settings {
    ($($key:ident = $var:ident $shown:expr, $checks:expr;)*) => {
        /// Every setting.
        pub const SETTINGS: &[Setting] = &[$(Setting {
            key: stringify!($key),
            var: stringify!($var),
            shown: { use Shown::*; $shown },
            checks: $checks,
        },)*];
    };
}

settings! {
    EmbeddingEngine = EMBEDDING_ENGINE Or("native"), &[EmbeddingEngine];
    EmbeddingBasePath = EMBEDDING_BASE_PATH Text, &[NotEmpty, Url];
    EmbeddingModelPref = EMBEDDING_MODEL_PREF Text, NEEDED;
    EmbeddingOutputDimensions = EMBEDDING_OUTPUT_DIMENSIONS OrNull, &[];
    EmbeddingModelMaxChunkLength = EMBEDDING_MODEL_MAX_CHUNK_LENGTH Text, NUMBER;
    OllamaEmbeddingBatchSize = OLLAMA_EMBEDDING_BATCH_SIZE OrNumber(1), NUMBER;
    VoyageAiApiKey = VOYAGEAI_API_KEY Secret, NEEDED;
    CohereApiKey = COHERE_API_KEY Secret, NEEDED;
    GeminiEmbeddingApiKey = GEMINI_EMBEDDING_API_KEY Secret, NEEDED;
    GenericOpenAiEmbeddingApiKey = GENERIC_OPEN_AI_EMBEDDING_API_KEY Secret, &[];
    GenericOpenAiEmbeddingMaxConcurrentChunks = GENERIC_OPEN_AI_EMBEDDING_MAX_CONCURRENT_CHUNKS OrNumber(500), NUMBER;
    GenericOpenAiEmbeddingPassagePrefix = GENERIC_OPEN_AI_EMBEDDING_PASSAGE_PREFIX Or(""), &[];
    GenericOpenAiEmbeddingQueryPrefix = GENERIC_OPEN_AI_EMBEDDING_QUERY_PREFIX Or(""), &[];
    VectorDB = VECTOR_DB Or("lancedb"), &[NotEmpty, VectorDb];

    LLMProvider = LLM_PROVIDER OrNull, &[NotEmpty, LlmProvider];
    OpenAiKey = OPEN_AI_KEY Secret, &[NotEmpty, KeyPrefix("OpenAI", "sk-")];
    OpenAiModelPref = OPEN_MODEL_PREF Or("gpt-4.1-nano"), NEEDED;
    AnthropicApiKey = ANTHROPIC_API_KEY Secret, &[NotEmpty, KeyPrefix("Anthropic", "sk-ant-")];
    AnthropicModelPref = ANTHROPIC_MODEL_PREF Or("claude-sonnet-4-6"), NEEDED;
    AnthropicCacheControl = ANTHROPIC_CACHE_CONTROL Or("none"), &[CacheControl];
    GeminiLLMApiKey = GEMINI_API_KEY Secret, NEEDED;
    GeminiLLMModelPref = GEMINI_LLM_MODEL_PREF Or("gemini-2.0-flash-lite"), NEEDED;
    GenericOpenAiBasePath = GENERIC_OPEN_AI_BASE_PATH Text, URL;
    GenericOpenAiModelPref = GENERIC_OPEN_AI_MODEL_PREF Text, NEEDED;
    GenericOpenAiTokenLimit = GENERIC_OPEN_AI_MODEL_TOKEN_LIMIT Text, NUMBER;
    GenericOpenAiKey = GENERIC_OPEN_AI_API_KEY Secret, &[];
    GenericOpenAiMaxTokens = GENERIC_OPEN_AI_MAX_TOKENS Or("1024"), NUMBER;
    OllamaLLMBasePath = OLLAMA_BASE_PATH Text, &[NotEmpty, Url, NoSlash];
    OllamaLLMModelPref = OLLAMA_MODEL_PREF Text, &[];
    OllamaLLMTokenLimit = OLLAMA_MODEL_TOKEN_LIMIT OrNull, &[];
    OllamaLLMKeepAliveSeconds = OLLAMA_KEEP_ALIVE_TIMEOUT OrNumber(300), &[Number];
    OllamaLLMAuthToken = OLLAMA_AUTH_TOKEN Secret, &[];
    LMStudioBasePath = LMSTUDIO_BASE_PATH Text, V1_URL;
    LMStudioModelPref = LMSTUDIO_MODEL_PREF Text, &[];
    LMStudioTokenLimit = LMSTUDIO_MODEL_TOKEN_LIMIT OrNull, &[];
    LMStudioAuthToken = LMSTUDIO_AUTH_TOKEN Secret, &[];
    LlamaCppBasePath = LLAMA_CPP_BASE_PATH Text, URL;
    LlamaCppModelPref = LLAMA_CPP_MODEL_PREF Text, &[];
    LlamaCppTokenLimit = LLAMA_CPP_MODEL_TOKEN_LIMIT Text, NUMBER;
    LlamaCppApiKey = LLAMA_CPP_API_KEY Secret, &[];
    VllmBasePath = VLLM_BASE_PATH Text, URL;
    VllmModelPref = VLLM_MODEL_PREF Text, &[];
    VllmTokenLimit = VLLM_MODEL_TOKEN_LIMIT Text, NUMBER;
    VllmApiKey = VLLM_API_KEY Secret, &[];
    LocalAiBasePath = LOCAL_AI_BASE_PATH Text, V1_URL;
    LocalAiModelPref = LOCAL_AI_MODEL_PREF Text, &[];
    LocalAiTokenLimit = LOCAL_AI_MODEL_TOKEN_LIMIT Text, NUMBER;
    LocalAiApiKey = LOCAL_AI_API_KEY Secret, &[];
    OpenRouterApiKey = OPENROUTER_API_KEY Secret, NEEDED;
    OpenRouterModelPref = OPENROUTER_MODEL_PREF Text, NEEDED;
    GroqApiKey = GROQ_API_KEY Secret, NEEDED;
    GroqModelPref = GROQ_MODEL_PREF Text, NEEDED;
    DeepSeekApiKey = DEEPSEEK_API_KEY Secret, NEEDED;
    DeepSeekModelPref = DEEPSEEK_MODEL_PREF Text, NEEDED;
    MistralApiKey = MISTRAL_API_KEY Secret, NEEDED;
    MistralModelPref = MISTRAL_MODEL_PREF Text, NEEDED;
    TogetherAiApiKey = TOGETHER_AI_API_KEY Secret, NEEDED;
    TogetherAiModelPref = TOGETHER_AI_MODEL_PREF Text, NEEDED;
    FireworksAiLLMApiKey = FIREWORKS_AI_LLM_API_KEY Secret, NEEDED;
    FireworksAiLLMModelPref = FIREWORKS_AI_LLM_MODEL_PREF Text, NEEDED;
    PerplexityApiKey = PERPLEXITY_API_KEY Secret, NEEDED;
    PerplexityModelPref = PERPLEXITY_MODEL_PREF Text, NEEDED;
    XAIApiKey = XAI_LLM_API_KEY Secret, NEEDED;
    XAIModelPref = XAI_LLM_MODEL_PREF Text, NEEDED;
    CerebrasApiKey = CEREBRAS_API_KEY Secret, NEEDED;
    CerebrasModelPref = CEREBRAS_MODEL_PREF Text, NEEDED;
    SambaNovaLLMApiKey = SAMBANOVA_LLM_API_KEY Secret, NEEDED;
    SambaNovaLLMModelPref = SAMBANOVA_LLM_MODEL_PREF Text, NEEDED;
    MoonshotAiApiKey = MOONSHOT_AI_API_KEY Secret, NEEDED;
    MoonshotAiModelPref = MOONSHOT_AI_MODEL_PREF Or("moonshot-v1-32k"), NEEDED;
    NovitaLLMApiKey = NOVITA_LLM_API_KEY Secret, NEEDED;
    NovitaLLMModelPref = NOVITA_LLM_MODEL_PREF Text, NEEDED;
    ZAiApiKey = ZAI_API_KEY Secret, NEEDED;
    ZAiModelPref = ZAI_MODEL_PREF Text, NEEDED;
    LiteLLMBasePath = LITE_LLM_BASE_PATH Text, URL;
    LiteLLMModelPref = LITE_LLM_MODEL_PREF Text, NEEDED;
    LiteLLMTokenLimit = LITE_LLM_MODEL_TOKEN_LIMIT Text, NUMBER;
    LiteLLMApiKey = LITE_LLM_API_KEY Secret, &[];
    TextGenWebUIBasePath = TEXT_GEN_WEB_UI_BASE_PATH Text, URL;
    TextGenWebUIModelPref = TEXT_GEN_WEB_UI_MODEL_PREF Text, &[];
    TextGenWebUITokenLimit = TEXT_GEN_WEB_UI_MODEL_TOKEN_LIMIT Text, NUMBER;
    TextGenWebUIAPIKey = TEXT_GEN_WEB_UI_API_KEY Secret, &[];
    KoboldCPPBasePath = KOBOLD_CPP_BASE_PATH Text, &[NotEmpty, Url];
    KoboldCPPModelPref = KOBOLD_CPP_MODEL_PREF Text, NEEDED;
    KoboldCPPTokenLimit = KOBOLD_CPP_MODEL_TOKEN_LIMIT Text, NUMBER;
    KoboldCPPMaxTokens = KOBOLD_CPP_MAX_TOKENS Text, NUMBER;
    KoboldCPPApiKey = KOBOLD_CPP_API_KEY Secret, &[];
    NvidiaNimLLMBasePath = NVIDIA_NIM_LLM_BASE_PATH Text, URL;
    NvidiaNimLLMModelPref = NVIDIA_NIM_LLM_MODEL_PREF Text, &[];
    NvidiaNimLLMTokenLimit = NVIDIA_NIM_LLM_MODEL_TOKEN_LIMIT Text, &[];
    NvidiaNimLLMApiKey = NVIDIA_NIM_LLM_API_KEY Secret, &[];
    LemonadeLLMBasePath = LEMONADE_LLM_BASE_PATH Text, URL;
    LemonadeLLMModelPref = LEMONADE_LLM_MODEL_PREF Text, NEEDED;
    LemonadeLLMModelTokenLimit = LEMONADE_LLM_MODEL_TOKEN_LIMIT OrNumber(8192), NUMBER;
    LemonadeLLMApiKey = LEMONADE_LLM_API_KEY Secret, &[];
}

/// Settings of AnythingLLM that mean nothing here, as a server that has not set them shows them: clients
/// look for them.
pub const ELSEWHERE: &str = r#"{
"MemoryEnabled":false,"MemoryAutoExtraction":true,"DisableTelemetry":"true",
"ImageGenerationProvider":null,"ImageGenerationModelPref":null,"ImageGenerationDimensions":"512x512",
"ImageGenerationOpenAiKey":false,"ImageGenerationOpenRouterApiKey":false,"ImageGenerationOllamaAuthToken":false,
"ImageGenerationLemonadeApiKey":false,
"PineConeKey":false,"ChromaApiKey":false,"ChromaCloudApiKey":false,"WeaviateApiKey":false,"QdrantApiKey":false,
"MilvusPassword":false,"ZillizApiToken":false,"AstraDBApplicationToken":false,"PGVectorConnectionString":false,
"PGVectorTableName":"anythingllm_vectors",
"ModelRouterId":null,"AzureOpenAiKey":false,"AzureOpenAiTokenLimit":4096,"AzureOpenAiModelType":"default",
"GeminiSafetySetting":"BLOCK_MEDIUM_AND_ABOVE","AwsBedrockLLMApiKey":false,"AwsBedrockLLMTokenLimit":8192,
"AwsBedrockLLMMaxTokens":4096,"ApipieLLMApiKey":false,"PPIOApiKey":false,"CometApiLLMApiKey":false,
"GiteeAIApiKey":false,"GiteeAITokenLimit":8192,"DockerModelRunnerModelTokenLimit":8192,"MinimaxApiKey":false,
"OMLXLLMApiKey":false,
"WhisperProvider":"local","WhisperModelPref":"Xenova/whisper-small","WhisperGenericOpenAiApiKey":false,
"TextToSpeechProvider":"native","TTSOpenAIKey":false,"TTSElevenLabsKey":false,
"TTSPiperTTSVoiceModel":"en_US-hfc_female-medium","TTSOpenAICompatibleKey":false,"TTSKokoroKey":false,
"SpeechToTextProvider":"native","STTDeepgramApiKey":false,"STTOpenAICompatibleKey":false,"STTGroqApiKey":false,
"AgentSerpApiKey":null,"AgentSerpApiEngine":"google","AgentSearchApiKey":null,"AgentSearchApiEngine":"google",
"AgentSerperApiKey":null,"AgentBingSearchApiKey":null,"AgentBaiduSearchApiKey":null,"AgentSerplyApiKey":null,
"AgentSearXNGApiUrl":null,"AgentTavilyApiKey":null,"AgentExaApiKey":null,"AgentPerplexityApiKey":null,
"AgentBraveApiKey":null,"AgentCrwApiKey":null,"AgentCrwApiUrl":null,"AgentYouApiKey":null,
"AgentSkillMaxToolCalls":10,"AgentSkillRerankerEnabled":true,"AgentSkillRerankerTopN":15,
"AgentClarifyingQuestionsEnabled":false,"AgentClarifyingQuestionsMaxPerTurn":3
}"#;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::embed::Embedder;
    use crate::llm::table::{Base, KeyVar, PROVIDERS};
    use std::collections::BTreeSet;

    #[test]
    fn names_are_unique_and_no_setting_is_also_elsewhere() {
        let elsewhere: serde_json::Map<String, serde_json::Value> = serde_json::from_str(ELSEWHERE).unwrap();
        let keys: BTreeSet<_> = SETTINGS.iter().map(|setting| setting.key).collect();
        let vars: BTreeSet<_> = SETTINGS.iter().map(|setting| setting.var).collect();
        assert_eq!((keys.len(), vars.len()), (SETTINGS.len(), SETTINGS.len()));
        assert!(keys.iter().all(|key| !elsewhere.contains_key(*key)));
    }

    #[test]
    fn every_provider_and_embedder_can_be_set_up() {
        let has = |var: &str| assert!(SETTINGS.iter().any(|setting| setting.var == var), "{var}");
        for provider in PROVIDERS {
            let (KeyVar::Required(key) | KeyVar::Optional(key)) = provider.key;
            let base = match provider.base {
                Base::Var(var, _) => Some(var),
                Base::Fixed(_) => None,
            };
            [Some(key), base, Some(provider.model_var), provider.window_var]
                .into_iter()
                .flatten()
                .for_each(has);
        }
        Embedder::key_vars().for_each(has);
    }

    #[test]
    fn keys_are_secret() {
        for setting in SETTINGS {
            let named = ["KEY", "TOKEN", "SECRET", "PASSWORD"].iter().any(|word| setting.var.ends_with(word));
            assert_eq!(setting.is_secret(), named, "{}", setting.key);
        }
    }
}
