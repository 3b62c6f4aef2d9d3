// Answers a question from files: `node ask.mjs FILE… -- QUESTION`. With OPENAI_BASE_URL and MODEL set, that model answers.

import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { Haversack } from "../../pkg/src/index.js";
import { openAiCompatible } from "../../pkg/src/llm/openai-compatible.js";

const words = process.argv.slice(2);
const end = words.indexOf("--");
if (end < 1 || end === words.length - 1) {
  console.error("node ask.mjs FILE… -- QUESTION");
  process.exit(2);
}
const { OPENAI_BASE_URL: baseUrl, OPENAI_API_KEY: apiKey, MODEL: model } = process.env;
const llm = baseUrl && model ? openAiCompatible({ baseUrl, apiKey, model }) : undefined;

const haversack = await Haversack.open({ store: "memory", llm });
for (const file of words.slice(0, end)) await haversack.add({ name: basename(file), data: readFileSync(file) }, { workspace: "files" });
for await (const event of haversack.chat("files", words.slice(end + 1).join(" "), { mode: "query" })) {
  if (event.type === "token") process.stdout.write(event.text);
  if (event.type === "sources") console.log(`\n\nfrom ${[...new Set(event.sources.map(({ title }) => title))].join(", ")}`);
}
await haversack.close();
