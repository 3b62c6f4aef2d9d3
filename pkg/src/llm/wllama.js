// A GGUF model in the tab, by wllama (llama.cpp in WebAssembly). The application brings wllama and the model; both are
// loaded with the first question.

/**
 * @param {import("../../types/llm.js").WllamaOptions} options
 */
export function wllama({ load, model, contextWindow = 2048, maxTokens = 256, sampling, loading, onProgress }) {
  let ready;
  const start = () => {
    ready ??= begin();
    ready.catch(() => (ready = undefined));
    return ready;
  };
  const begin = async () => {
    const instance = await load();
    if (instance.isModelLoaded?.()) return instance;
    const settings = { n_ctx: contextWindow, progressCallback: onProgress, ...loading };
    if (typeof model === "string" || model instanceof URL) await instance.loadModelFromUrl(String(model), settings);
    else await instance.loadModel([].concat(model), settings);
    return instance;
  };
  let turn = Promise.resolve();
  return {
    env: {
      LLM_PROVIDER: "host",
      HAVERSACK_HOST_MODEL_PREF: "wllama",
      HAVERSACK_HOST_MODEL_TOKEN_LIMIT: contextWindow,
      HAVERSACK_HOST_MAX_TOKENS: maxTokens,
    },
    /** Loads the model before the first question. */
    start,
    async *complete({ messages, maxTokens: most, temperature }, signal) {
      const instance = await start();
      // It has one context: one answer at a time.
      const before = turn;
      let done;
      turn = new Promise((resolve) => (done = resolve));
      await before;
      try {
        signal.throwIfAborted();
        const answer = await instance.createChatCompletion({
          messages,
          stream: true,
          max_tokens: Math.min(most, maxTokens),
          temperature,
          ...sampling,
          abortSignal: signal,
        });
        for await (const { choices } of answer) {
          const text = choices?.[0]?.delta?.content;
          if (text) yield text;
        }
      } finally {
        done();
      }
    },
  };
}
