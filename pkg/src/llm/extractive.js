// The default: the best sentences of the documents, and no model. Nothing to load, nothing to configure.

/** Answers with sentences of the documents, and says so. */
export function extractive() {
  return { env: { LLM_PROVIDER: "none" } };
}
