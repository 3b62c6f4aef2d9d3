// Haversack in a worker, and a GGUF by wllama in the page.

import { Haversack } from "/haversack/src/worker.js";
import { wllama } from "/haversack/src/llm/wllama.js";

const state = (text) => (document.getElementById("state").textContent = text);
const llm = wllama({
  load: async () => {
    const { Wllama } = await import("/node_modules/@wllama/wllama/esm/index.js");
    return new Wllama({ default: "/node_modules/@wllama/wllama/esm/wasm/wllama.wasm" }, { suppressNativeLog: true });
  },
  model: await (await fetch("/model.gguf")).blob(),
  contextWindow: 1024,
  maxTokens: 40,
  loading: { n_threads: 1 },
  sampling: { temperature: 0 },
});
const haversack = await Haversack.open({ store: "memory", llm });
await haversack.workspace("docs");
await llm.start();
state("ready");

document.getElementById("files").addEventListener("change", async ({ target }) => {
  await haversack.add(target.files[0], { workspace: "docs" });
  state("added");
});

window.ask = async (question) => {
  const seen = { words: 0, text: "", sources: [] };
  const began = performance.now();
  for await (const event of haversack.chat("docs", question, { mode: "query" })) {
    if (event.type === "token") {
      seen.words += 1;
      seen.text += event.text;
    }
    if (event.type === "sources") seen.sources = event.sources.map(({ title }) => title);
    if (event.type === "done") seen.provider = event.metrics.provider;
  }
  return { ...seen, ms: performance.now() - began };
};
