// A workspace made by the native server, answered from in a tab: the same sources, the same scores.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { launch, site, tabOf } from "./stage.mjs";

const KEY = "bundle-key-bundle-key-bundle-key";
const FIXTURES = new URL("../../golden/anythingllm-v1/fixtures/", import.meta.url);
const FILES = ["guide.md", "notes.txt", "small.pdf", "small.docx", "table.csv", "page.html"];
const QUERIES = ["how is it installed", "what do the notes say", "a table of numbers"];

let stage;
let browser;
let folder;
let server;
before(async () => {
  folder = mkdtempSync(join(tmpdir(), "haversack-bundle-"));
  server = await native(join(folder, "data"));
  stage = await site({ "/docs.hvs": join(folder, "docs.hvs") });
  browser = await launch();
});
after(async () => {
  await browser?.close();
  stage?.close();
  server?.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** The native server of this build. */
async function native(data) {
  const port = await new Promise((resolve) => {
    const probe = createServer().listen(0, "127.0.0.1", () => {
      const { port: free } = probe.address();
      probe.close(() => resolve(free));
    });
  });
  const env = { PATH: process.env.PATH, HOME: folder, HAVERSACK_API_KEY: KEY, HAVERSACK_LOG: "error" };
  const child = spawn(join(process.env.HAVERSACK_TARGET, "debug/haversack"), ["serve", "--listen", `127.0.0.1:${port}`, "--data", data], { env, stdio: "ignore" });
  const call = (path, init = {}) => fetch(`http://127.0.0.1:${port}${path}`, { ...init, headers: { authorization: `Bearer ${KEY}`, ...init.headers } });
  for (let tries = 0; !(await call("/api/ping").then(({ ok }) => ok, () => false)); tries += 1) {
    assert.ok(tries < 400, "the native server does not answer");
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  return { call, stop: () => child.kill() };
}

const search = (query) => ({
  method: "POST",
  headers: { "content-type": "application/json" },
  body: JSON.stringify({ query, topN: 8, scoreThreshold: 0 }),
});

test("a bundle made natively gives the same sources and scores in a tab, and so does one made there", async () => {
  await server.call("/api/v1/workspace/new", { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ name: "docs" }) });
  for (const name of FILES) {
    const form = new FormData();
    form.append("addToWorkspaces", "docs");
    form.append("file", new Blob([readFileSync(new URL(name, FIXTURES))]), name);
    assert.equal((await server.call("/api/v1/document/upload", { method: "POST", body: form })).status, 200);
  }
  const found = async (query) => (await server.call("/api/v1/workspace/docs/vector-search", search(query))).json();
  const expected = await Promise.all(QUERIES.map(found));
  assert.ok(expected.every(({ results }) => results.length > 3));
  const exported = await server.call("/api/v1/workspace/docs/export");
  assert.equal(exported.status, 200);
  writeFileSync(join(folder, "docs.hvs"), Buffer.from(await exported.arrayBuffer()));

  const context = await browser.newContext();
  const { tab } = await tabOf(context, `${stage.origin}/pages/engine.html`);
  const seen = await tab.evaluate(async (queries) => {
    const { Haversack } = await import("/haversack/src/worker.js");
    const ask = (haversack, slug) => Promise.all(queries.map(async (init) => (await haversack.fetch(`/api/v1/workspace/${slug}/vector-search`, init)).json()));
    const first = await Haversack.open({ bundle: "/docs.hvs" });
    const [{ slug }] = await first.workspaces();
    // Out again, and into a store that stays.
    const second = await Haversack.open();
    const { slug: imported } = await second.import(await first.export(slug));
    return [slug, await ask(first, slug), await ask(second, imported)];
  }, QUERIES.map(search));
  assert.deepEqual(seen, ["docs", expected, expected]);
  await context.close();
});
