// The providers as the form for them shows them: names of settings are the API's.

export interface Provider {
  id: string;
  name: string;
  kind: "local" | "hosted" | "any";
  /** Setting of the address. */
  base?: string;
  baseDefault?: string;
  /** Setting of the key. */
  key?: string;
  keyNeeded?: boolean;
  model: string;
  modelExample: string;
  /** Setting of the context window. */
  window?: string;
}

export const providers: Provider[] = [
  { id: "ollama", name: "Ollama", kind: "local", base: "OllamaLLMBasePath", baseDefault: "http://127.0.0.1:11434", key: "OllamaLLMAuthToken", model: "OllamaLLMModelPref", modelExample: "llama3.2", window: "OllamaLLMTokenLimit" },
  { id: "lmstudio", name: "LM Studio", kind: "local", base: "LMStudioBasePath", baseDefault: "http://127.0.0.1:1234/v1", key: "LMStudioAuthToken", model: "LMStudioModelPref", modelExample: "qwen2.5-7b-instruct", window: "LMStudioTokenLimit" },
  { id: "llamacpp", name: "llama.cpp", kind: "local", base: "LlamaCppBasePath", baseDefault: "http://127.0.0.1:8080/v1", key: "LlamaCppApiKey", model: "LlamaCppModelPref", modelExample: "default", window: "LlamaCppTokenLimit" },
  { id: "vllm", name: "vLLM", kind: "local", base: "VllmBasePath", baseDefault: "http://127.0.0.1:8000/v1", key: "VllmApiKey", model: "VllmModelPref", modelExample: "Qwen/Qwen2.5-7B-Instruct", window: "VllmTokenLimit" },
  { id: "localai", name: "LocalAI", kind: "local", base: "LocalAiBasePath", baseDefault: "http://127.0.0.1:8080/v1", key: "LocalAiApiKey", model: "LocalAiModelPref", modelExample: "llama-3.2-3b", window: "LocalAiTokenLimit" },
  { id: "openai", name: "OpenAI", kind: "hosted", key: "OpenAiKey", keyNeeded: true, model: "OpenAiModelPref", modelExample: "gpt-4.1-nano" },
  { id: "anthropic", name: "Anthropic", kind: "hosted", key: "AnthropicApiKey", keyNeeded: true, model: "AnthropicModelPref", modelExample: "claude-sonnet-4-6" },
  { id: "gemini", name: "Gemini", kind: "hosted", key: "GeminiLLMApiKey", keyNeeded: true, model: "GeminiLLMModelPref", modelExample: "gemini-2.0-flash-lite" },
  { id: "mistral", name: "Mistral", kind: "hosted", key: "MistralApiKey", keyNeeded: true, model: "MistralModelPref", modelExample: "mistral-small-latest" },
  { id: "openrouter", name: "OpenRouter", kind: "hosted", key: "OpenRouterApiKey", keyNeeded: true, model: "OpenRouterModelPref", modelExample: "openrouter/auto" },
  { id: "groq", name: "Groq", kind: "hosted", key: "GroqApiKey", keyNeeded: true, model: "GroqModelPref", modelExample: "llama-3.1-8b-instant" },
  { id: "deepseek", name: "DeepSeek", kind: "hosted", key: "DeepSeekApiKey", keyNeeded: true, model: "DeepSeekModelPref", modelExample: "deepseek-chat" },
  { id: "togetherai", name: "Together AI", kind: "hosted", key: "TogetherAiApiKey", keyNeeded: true, model: "TogetherAiModelPref", modelExample: "meta-llama/Llama-3.3-70B-Instruct-Turbo" },
  { id: "fireworksai", name: "Fireworks AI", kind: "hosted", key: "FireworksAiLLMApiKey", keyNeeded: true, model: "FireworksAiLLMModelPref", modelExample: "accounts/fireworks/models/llama-v3p1-8b-instruct" },
  { id: "perplexity", name: "Perplexity", kind: "hosted", key: "PerplexityApiKey", keyNeeded: true, model: "PerplexityModelPref", modelExample: "sonar" },
  { id: "xai", name: "xAI", kind: "hosted", key: "XAIApiKey", keyNeeded: true, model: "XAIModelPref", modelExample: "grok-3-mini" },
  { id: "cerebras", name: "Cerebras", kind: "hosted", key: "CerebrasApiKey", keyNeeded: true, model: "CerebrasModelPref", modelExample: "llama3.1-8b" },
  { id: "sambanova", name: "SambaNova", kind: "hosted", key: "SambaNovaLLMApiKey", keyNeeded: true, model: "SambaNovaLLMModelPref", modelExample: "Meta-Llama-3.3-70B-Instruct" },
  { id: "moonshotai", name: "Moonshot AI", kind: "hosted", key: "MoonshotAiApiKey", keyNeeded: true, model: "MoonshotAiModelPref", modelExample: "moonshot-v1-32k" },
  { id: "novita", name: "Novita AI", kind: "hosted", key: "NovitaLLMApiKey", keyNeeded: true, model: "NovitaLLMModelPref", modelExample: "deepseek/deepseek-v3" },
  { id: "zai", name: "Z.AI", kind: "hosted", key: "ZAiApiKey", keyNeeded: true, model: "ZAiModelPref", modelExample: "glm-4.5-air" },
  { id: "generic-openai", name: "OpenAI-compatible server", kind: "any", base: "GenericOpenAiBasePath", baseDefault: "http://127.0.0.1:8080/v1", key: "GenericOpenAiKey", model: "GenericOpenAiModelPref", modelExample: "the model's name", window: "GenericOpenAiTokenLimit" },
  { id: "litellm", name: "LiteLLM", kind: "any", base: "LiteLLMBasePath", baseDefault: "http://127.0.0.1:4000", key: "LiteLLMApiKey", model: "LiteLLMModelPref", modelExample: "gpt-4.1-nano", window: "LiteLLMTokenLimit" },
  { id: "koboldcpp", name: "KoboldCPP", kind: "local", base: "KoboldCPPBasePath", baseDefault: "http://127.0.0.1:5001/v1", key: "KoboldCPPApiKey", model: "KoboldCPPModelPref", modelExample: "default", window: "KoboldCPPTokenLimit" },
  { id: "textgenwebui", name: "Text Generation Web UI", kind: "local", base: "TextGenWebUIBasePath", baseDefault: "http://127.0.0.1:5000/v1", key: "TextGenWebUIAPIKey", model: "TextGenWebUIModelPref", modelExample: "default", window: "TextGenWebUITokenLimit" },
  { id: "nvidia-nim", name: "NVIDIA NIM", kind: "any", base: "NvidiaNimLLMBasePath", baseDefault: "http://127.0.0.1:8000/v1", key: "NvidiaNimLLMApiKey", model: "NvidiaNimLLMModelPref", modelExample: "meta/llama-3.1-8b-instruct", window: "NvidiaNimLLMTokenLimit" },
  { id: "lemonade", name: "Lemonade", kind: "local", base: "LemonadeLLMBasePath", baseDefault: "http://127.0.0.1:8000/api/v1", key: "LemonadeLLMApiKey", model: "LemonadeLLMModelPref", modelExample: "Qwen2.5-7B-Instruct", window: "LemonadeLLMModelTokenLimit" },
];

export const providerOf = (id: string | null | undefined): Provider | null => providers.find((provider) => provider.id === id) ?? null;
