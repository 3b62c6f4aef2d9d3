// The package in Node, with its store in memory.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { Haversack, HaversackError } from "../../../pkg/src/index.js";

const FIXTURES = new URL("../../golden/anythingllm-v1/fixtures/", import.meta.url);
const fixture = (name) => ({ name, data: readFileSync(new URL(name, FIXTURES)) });
const quiet = { warn() {}, error() {} };

/** An instance that is closed after the test. */
async function opened(t, options = {}) {
  const haversack = await Haversack.open({ store: "memory", log: quiet, ...options });
  t.after(() => haversack.close());
  return haversack;
}

async function collect(events) {
  const all = [];
  for await (const event of events) all.push(event);
  return all;
}

const said = (events) => events.filter(({ type }) => type === "token").map(({ text }) => text).join("");

for (const simd of [true, false]) {
  test(`a file is added and found again (simd: ${simd})`, async (t) => {
    const haversack = await opened(t, { simd });
    const stages = [];
    const [document] = await haversack.add(fixture("small.pdf"), { workspace: "docs", onProgress: ({ stage }) => stages.push(stage) });
    assert.match(document.location, /^custom-documents\/small\.pdf-/);
    assert.deepEqual(stages, ["sending", "reading", "indexing", "done"]);
    const [best] = await haversack.search("docs", document.title);
    assert.equal(typeof best.score, "number");
    assert.deepEqual((await haversack.workspaces()).map(({ slug }) => slug), ["docs"]);
  });
}

test("both builds give the same scores, to the last bit", async (t) => {
  const results = await Promise.all([true, false].map(async (simd) => {
    const haversack = await opened(t, { simd });
    await haversack.add(fixture("guide.md"), { workspace: "docs" });
    const found = await haversack.search("docs", "how is it installed", { topN: 8 });
    return found.map(({ score, text }) => [score, text.split("</document_metadata>").pop()]);
  }));
  assert.deepEqual(results[0], results[1]);
});

test("files that are added at once go into one workspace, though each of them finds none", async (t) => {
  const haversack = await opened(t);
  await Promise.all(["notes.txt", "guide.md", "table.csv"].map((name) => haversack.add(fixture(name), { workspace: "docs" })));
  assert.deepEqual((await haversack.workspaces()).map(({ slug }) => slug), ["docs"]);
});

test("a model of the application answers, piece by piece, with sources", async (t) => {
  const asked = [];
  const llm = {
    env: { LLM_PROVIDER: "host", HAVERSACK_HOST_MODEL_PREF: "parrot" },
    async *complete(request, signal) {
      asked.push(request);
      assert.equal(signal.aborted, false);
      yield "It is ";
      yield "so.";
      return { promptTokens: 12, completionTokens: 3 };
    },
  };
  const haversack = await opened(t, { llm });
  await haversack.add(fixture("notes.txt"), { workspace: "docs" });
  const events = await collect(haversack.chat("docs", "What do the notes say?"));
  assert.equal(said(events), "It is so.");
  assert.equal(asked[0].model, "parrot");
  assert.deepEqual(asked[0].messages.map(({ role }) => role), ["system", "user"]);
  const done = events.at(-1);
  assert.equal(done.type, "done");
  assert.equal(done.metrics.prompt_tokens, 12);
  const history = await haversack.history("docs");
  assert.deepEqual(history.map(({ role }) => role), ["user", "assistant"]);
});

test("who stops listening stops the model, and what was said is kept", async (t) => {
  let stopped;
  const llm = {
    env: { LLM_PROVIDER: "host" },
    async *complete(_, signal) {
      stopped = new Promise((resolve) => signal.addEventListener("abort", resolve));
      for (;;) {
        yield "and on ";
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
    },
  };
  const haversack = await opened(t, { llm });
  await haversack.workspace("docs");
  for await (const event of haversack.chat("docs", "Tell me everything")) {
    if (event.type === "token") break;
  }
  await stopped;
  let history = [];
  while (history.length < 2) history = await haversack.history("docs");
  assert.match(history[1].content, /^and on /);
});

for (const path of ["chat", "stream-chat"]) {
  test(`who leaves before the first word stops the model as well (${path})`, async (t) => {
    let begin, stopped;
    const begun = new Promise((resolve) => (begin = resolve));
    const llm = {
      env: { LLM_PROVIDER: "host" },
      async *complete(_, signal) {
        stopped = new Promise((resolve) => signal.addEventListener("abort", resolve));
        begin();
        await stopped;
      },
    };
    const haversack = await opened(t, { llm });
    await haversack.workspace("docs");
    const abort = new AbortController();
    const headers = { "content-type": "application/json" };
    const body = JSON.stringify({ message: "Tell me everything", mode: "chat" });
    const answering = haversack.fetch(`/api/v1/workspace/docs/${path}`, { method: "POST", headers, body, signal: abort.signal });
    await begun;
    abort.abort();
    await assert.rejects(answering, { name: "AbortError" });
    await stopped;
    assert.deepEqual(await haversack.history("docs"), []);
  });
}

test("an embedder of the application is asked for every text", async (t) => {
  const embedder = {
    env: { EMBEDDING_ENGINE: "host", EMBEDDING_MODEL_PREF: "letters" },
    embed: async ({ texts }) => texts.map((text) => Float32Array.from({ length: 26 }, (_, i) => text.toLowerCase().split(String.fromCharCode(97 + i)).length - 1)),
  };
  const haversack = await opened(t, { embedder });
  await haversack.add({ name: "z.txt", data: "zzz zzz zzz" }, { workspace: "docs" });
  const [best] = await haversack.search("docs", "zz");
  assert.match(best.text, /zzz zzz zzz/);
});

test("the whole API is there, for whoever has a key where one is asked for", async (t) => {
  const haversack = await opened(t, { operator: false });
  const refused = await haversack.fetch("/api/v1/workspaces");
  assert.equal(refused.status, 403);
  assert.equal((await haversack.fetch("/api/ping")).status, 200);
  const owner = await opened(t);
  assert.deepEqual(await (await owner.fetch("/v1/models")).json(), { object: "list", data: [] });
  for (const path of ["/api/openapi.json", "/api/docs", "/api/docs/page.js", "/api/docs/page.css", "/api/embed/haversack-chat.js"]) {
    const page = await owner.fetch(path);
    assert.equal(page.status, 200, path);
    assert.ok((await page.text()).length > 500, path);
  }
});

test("a bundle is opened as it is, and may be added to", async (t) => {
  const first = await opened(t);
  await first.add(fixture("notes.txt"), { workspace: "docs" });
  const bundle = await first.export("docs");
  const found = await first.search("docs", "anything", { topN: 9 });
  const second = await Haversack.open({ bundle });
  t.after(() => second.close());
  assert.deepEqual(await second.search("docs", "anything", { topN: 9 }), found);
  await second.add({ name: "more.txt", data: "Otters hold hands while they sleep." }, { workspace: "docs" });
  const [best] = await second.search("docs", "what do sleeping otters do?");
  assert.match(best.text, /hold hands/);
  assert.equal((await second.search("docs", "anything", { topN: 99 })).length, found.length + 1);
  await second.workspace("other");
  assert.deepEqual((await second.workspaces()).map(({ slug }) => slug).sort(), ["docs", "other"]);
  await assert.rejects(() => Haversack.open({ bundle: new Uint8Array(100) }), /no Haversack bundle/);
});

test("errors say what to do", async (t) => {
  const haversack = await opened(t);
  await assert.rejects(() => haversack.add(fixture("blob.bin"), { workspace: "docs" }), (error) => {
    assert.ok(error instanceof HaversackError);
    return /not supported/.test(error.message);
  });
  await assert.rejects(() => haversack.add(new Blob(["text"]), { workspace: "docs" }), /needs a name/);
  await assert.rejects(() => haversack.search("nowhere", "anything"), { status: 400 });
  await assert.rejects(() => Haversack.open({ store: "indexeddb" }), /store: "memory"/);
  await assert.rejects(() => Haversack.open({ store: "disk" }), /"indexeddb" and "memory"/);
});

test("a request can be given up", async (t) => {
  const haversack = await opened(t);
  const abort = new AbortController();
  abort.abort();
  await assert.rejects(() => haversack.fetch("/api/ping", { signal: abort.signal }), { name: "AbortError" });
});
