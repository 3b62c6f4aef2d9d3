// An application, as far as types go.

import { Haversack, HaversackError, type ChatEvent } from "haversack";
import { Haversack as Off } from "haversack/worker";
import { register, serve } from "haversack/service-worker";
import { ollama, openAiCompatible } from "haversack/llm/openai-compatible";
import { promptApi } from "haversack/llm/prompt-api";
import { wllama } from "haversack/llm/wllama";
import { extractive } from "haversack/llm/extractive";

export async function ask(file: File): Promise<string> {
  const haversack: Haversack = await Off.open({ store: "indexeddb", llm: openAiCompatible({ baseUrl: "http://x/v1", model: "m" }) });
  const [document] = await haversack.add(file, { workspace: "docs", onProgress: ({ stage, step }) => console.log(stage, step + 1) });
  let answer: string = document.location;
  for await (const event of haversack.chat("docs", "How?", { mode: "query" })) answer += text(event);
  const response: Response = await haversack.fetch("/api/v1/workspaces");
  return answer + response.status;
}

function text(event: ChatEvent): string {
  switch (event.type) {
    case "token":
      return event.text;
    case "sources":
      return event.sources.map(({ title }) => title).join();
    case "done":
      return "";
  }
}

export const models = [ollama({ model: "llama3.2" }), promptApi(), extractive(), wllama({ load: async () => ({}), model: "/m.gguf" })];

// @ts-expect-error there is no such store
Haversack.open({ store: "disk" }).catch((error: HaversackError) => console.log(error.kind));
void register("/sw.js", { llm: promptApi(), scope: "/" });
serve({ offline: true, llm: ollama({ model: "llama3.2" }) });
