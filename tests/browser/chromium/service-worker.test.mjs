// The page's own service worker as its server: OpenAI's client as it is, a model in the page, and no network.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch, site, tabOf } from "./stage.mjs";

let stage;
let browser;
before(async () => {
  stage = await site();
  browser = await launch();
});
after(async () => {
  await browser?.close();
  stage?.close();
});

async function client(t, query) {
  const context = await browser.newContext();
  t.after(() => context.close());
  const { tab, problems } = await tabOf(context, `${stage.origin}/pages/client.html?${query}`);
  await tab.waitForFunction(() => document.getElementById("state").textContent === "ready");
  return { context, tab, problems };
}

/** A workspace with a note in it, by plain requests. */
const prepare = (tab) => tab.evaluate(async () => {
  const post = (path, body) => fetch(path, { method: "POST", body: JSON.stringify(body), headers: { "content-type": "application/json" } });
  await post("/api/v1/workspace/new", { name: "Garden" });
  const form = new FormData();
  form.append("file", new File(["The key to the shed hangs behind the blue door."], "shed.txt"));
  form.append("addToWorkspaces", "garden");
  const response = await fetch("/api/v1/document/upload", { method: "POST", body: form });
  return response.status;
});

test("the openai package, as it is, lists, embeds and streams", async (t) => {
  const { tab, problems } = await client(t, "name=openai&host");
  assert.equal(await prepare(tab), 200);
  const seen = await tab.evaluate(async () => {
    const { default: OpenAI } = await import("/node_modules/openai/index.mjs");
    const openai = new OpenAI({ baseURL: `${location.origin}/v1`, apiKey: "none", dangerouslyAllowBrowser: true });
    const models = (await openai.models.list()).data.map(({ id }) => id);
    const embedding = (await openai.embeddings.create({ model: "any", input: "a shed", encoding_format: "float" })).data[0].embedding.length;
    const stream = await openai.chat.completions.create({ model: "garden", stream: true, messages: [{ role: "user", content: "Where is the key?" }] });
    const times = [];
    let text = "";
    for await (const chunk of stream) {
      const piece = chunk.choices[0]?.delta?.content;
      if (!piece) continue;
      text += piece;
      times.push(performance.now());
    }
    return { models, embedding, text, spread: times.at(-1) - times[0] };
  });
  assert.deepEqual(seen.models, ["garden"]);
  assert.equal(seen.embedding, 256);
  assert.match(seen.text, /^You said: .*Where is the key\?/s);
  // The model takes 20 ms for each word: they came as it said them, not all at its end.
  assert.ok(seen.spread > 40, `${seen.spread} ms between the first word and the last`);
  assert.deepEqual(problems, []);
});

test("after the first load it needs no network: the page, its API, and a file that was never read before", async (t) => {
  const { context, tab } = await client(t, "name=offline&offline");
  assert.equal(await prepare(tab), 200);
  await tab.waitForFunction(async () => {
    const cache = await caches.open("haversack-files");
    const kept = (await cache.keys()).map(({ url }) => new URL(url).pathname);
    return ["/pages/client.html", "/pages/client.js", "/haversack/wasm/model.safetensors"].every((path) => kept.includes(path));
  });
  await context.setOffline(true);
  // Whatever runs is started anew, as after a long pause.
  const tools = await context.newCDPSession(tab);
  await tools.send("ServiceWorker.enable");
  await tools.send("ServiceWorker.stopAllWorkers");
  await tab.reload();
  await tab.waitForFunction(() => document.getElementById("state").textContent === "ready");
  const found = await tab.evaluate(async () => {
    const body = JSON.stringify({ query: "the key to the shed", topN: 1, scoreThreshold: 0 });
    const headers = { "content-type": "application/json" };
    const response = await fetch("/api/v1/workspace/garden/vector-search", { method: "POST", headers, body });
    return (await response.json()).results[0].text;
  });
  assert.match(found, /behind the blue door/);
});
