// Servers that speak OpenAI's API, and Ollama. The engine speaks to them itself; the server has to allow the page's
// origin (CORS). A key that is given here is in the page, for everybody who opens it: use one per visitor, or a proxy.

/**
 * Any server with `/chat/completions`: OpenAI, OpenRouter, LM Studio, llama.cpp, vLLM …
 * @param {import("../../types/llm.js").OpenAiOptions} options
 */
export function openAiCompatible({ baseUrl, model, apiKey, contextWindow, maxTokens }) {
  return {
    env: {
      LLM_PROVIDER: "generic-openai",
      GENERIC_OPEN_AI_BASE_PATH: baseUrl,
      GENERIC_OPEN_AI_MODEL_PREF: model,
      GENERIC_OPEN_AI_API_KEY: apiKey,
      GENERIC_OPEN_AI_MODEL_TOKEN_LIMIT: contextWindow,
      GENERIC_OPEN_AI_MAX_TOKENS: maxTokens,
    },
  };
}

/**
 * A local Ollama, started with `OLLAMA_ORIGINS` set to the page's origin.
 * @param {import("../../types/llm.js").OllamaOptions} options
 */
export function ollama({ model, baseUrl = "http://127.0.0.1:11434", contextWindow }) {
  return {
    env: {
      LLM_PROVIDER: "ollama",
      OLLAMA_BASE_PATH: baseUrl,
      OLLAMA_MODEL_PREF: model,
      OLLAMA_MODEL_TOKEN_LIMIT: contextWindow,
    },
  };
}
