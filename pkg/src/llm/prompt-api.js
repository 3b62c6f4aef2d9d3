// The model that comes with Chrome: the Prompt API. It exists in pages, not in workers.

/** Whether this browser has one: `available`, `downloadable`, `downloading` or `unavailable`. */
export async function promptApiAvailability() {
  return globalThis.LanguageModel ? globalThis.LanguageModel.availability() : "unavailable";
}

/**
 * @param {import("../../types/llm.js").PromptApiOptions} [options]
 */
export function promptApi({ contextWindow = 6144, maxTokens = 1024, onDownload } = {}) {
  return {
    env: {
      LLM_PROVIDER: "host",
      HAVERSACK_HOST_MODEL_PREF: "prompt-api",
      HAVERSACK_HOST_MODEL_TOKEN_LIMIT: contextWindow,
      HAVERSACK_HOST_MAX_TOKENS: maxTokens,
    },
    async *complete({ messages }, signal) {
      if (!globalThis.LanguageModel) {
        throw Object.assign(new Error("this browser has no built-in model (the Prompt API)"), { kind: "unsupported" });
      }
      const history = messages.slice(0, -1);
      const [question] = messages.slice(-1);
      const session = await globalThis.LanguageModel.create({
        initialPrompts: history,
        signal,
        monitor: (download) => download.addEventListener("downloadprogress", (event) => onDownload?.(event.loaded)),
      });
      try {
        // Early versions sent all of the text each time.
        let said = "";
        for await (const piece of session.promptStreaming(question.content, { signal })) {
          const fresh = said && piece.startsWith(said) ? piece.slice(said.length) : piece;
          said += fresh;
          yield fresh;
        }
      } finally {
        session.destroy();
      }
    },
  };
}
