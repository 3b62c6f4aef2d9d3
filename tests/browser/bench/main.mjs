// Figures of the package in Chromium, with the native server and three other search libraries beside it, as one table:
// `cargo xtask bench browser`. BENCH_CHUNKS=1000,10000 measures less.

import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { launchProfile, site, tabOf } from "../chromium/stage.mjs";
import { CHUNK_BYTES, Corpus } from "./pages/corpus.js";
import { gather } from "./text.mjs";

const SIZES = (process.env.BENCH_CHUNKS ?? "1000,10000,50000").split(",").map(Number);
const WASM = fileURLToPath(new URL("../../../pkg/wasm/", import.meta.url));
const PARTS = {
  "engine and host": ["engine_bg.wasm", "engine.js"],
  "the same without SIMD": ["engine-plain_bg.wasm", "engine-plain.js"],
  "parsers": ["extract.wasm"],
  "embedder's table": ["model.safetensors", "vocab.txt"],
  "token table": ["cl100k.bin"],
};

const folder = mkdtempSync(join(tmpdir(), "haversack-bench-"));
const file = join(folder, "text");
gather(1.3 * CHUNK_BYTES * Math.max(...SIZES) + 8_000_000, file);
const CORPUS = new Corpus(readFileSync(file, "utf8"));
const QUESTIONS = CORPUS.questions(31);

const kilobytes = (bytes) => `${Math.round(bytes / 1000).toLocaleString("en")} kB`;
const ms = (value) => (value === undefined ? "" : `${value < 10 ? value.toFixed(2) : Math.round(value).toLocaleString("en")} ms`);
const median = (values) => values.sort((a, b) => a - b)[values.length >> 1];

function sizes() {
  for (const [what, files] of Object.entries(PARTS)) {
    const raw = files.map((file) => statSync(join(WASM, file)).size).reduce((a, b) => a + b);
    // The program rather than Node's zlib, which is another one and packs less.
    const gzip = (file) => execFileSync("gzip", ["-9c", join(WASM, file)], { maxBuffer: 2 ** 27 }).length;
    const packed = files.map(gzip).reduce((a, b) => a + b);
    console.log(`| ${what} | ${kilobytes(raw)} | ${kilobytes(packed)} |`);
  }
}

/** The native server on a folder and, by Linux's `taskset`, a core of its own. */
async function native() {
  const data = join(folder, "native");
  const port = await new Promise((resolve) => {
    const probe = createServer().listen(0, "127.0.0.1", () => {
      const { port: free } = probe.address();
      probe.close(() => resolve(free));
    });
  });
  const program = join(process.env.HAVERSACK_TARGET, "release/haversack");
  const env = { PATH: process.env.PATH, HOME: data, HAVERSACK_API_KEY: "bench-key-bench-key-bench-key-00", HAVERSACK_LOG: "error" };
  const command = ["--cpu-list", "0", program, "serve", "--listen", `127.0.0.1:${port}`, "--data", data];
  const child = spawn("taskset", command, { env, stdio: "ignore" });
  const headers = { authorization: `Bearer ${env.HAVERSACK_API_KEY}` };
  const call = (path, init) => fetch(`http://127.0.0.1:${port}${path}`, { ...init, headers: { ...headers, ...init?.headers } });
  for (let tries = 0; ; tries += 1) {
    if (await call("/api/ping").then(({ ok }) => ok, () => false)) break;
    if (tries > 200) throw new Error("the native server does not answer");
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  const json = async (path, body) => {
    const response = await call(path, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return response.json();
  };
  return {
    async add(name, data, workspace = "bench") {
      const form = new FormData();
      form.append("addToWorkspaces", workspace);
      form.append("file", new Blob([data]), name);
      const response = await call("/api/v1/document/upload", { method: "POST", body: form });
      if (!response.ok) throw new Error(await response.text());
    },
    start: (name) => json("/api/v1/workspace/new", { name }),
    search: (query) => json("/api/v1/workspace/bench/vector-search", { query, topN: 10, scoreThreshold: 0 }),
    chunks: async () => (await (await call("/api/v1/system/vector-count")).json()).vectorCount,
    stop: () => child.kill(),
  };
}

/** Grows the native workspace to each size; what it took. */
async function measureNative() {
  const server = await native();
  try {
    await server.start("bench");
    await server.start("warm");
    await server.add("warm.txt", "Nothing in particular.", "warm");
    const rows = [];
    let part = 0;
    let chunks = 0;
    for (const size of SIZES) {
      const before = chunks;
      let took = 0;
      while (chunks < size) {
        const text = CORPUS.take(Math.min(1000, size - chunks) * CHUNK_BYTES);
        const began = performance.now();
        await server.add(`part${part}.txt`, text);
        took += performance.now() - began;
        part += 1;
        chunks = await server.chunks();
      }
      const rate = (chunks - before) / (took / 1000);
      await server.search(QUESTIONS[0]);
      const times = [];
      for (const question of QUESTIONS.slice(1)) {
        const start = performance.now();
        await server.search(question);
        times.push(performance.now() - start);
      }
      rows.push({ chunks, rate, search: median(times) });
    }
    return rows;
  } finally {
    server.stop();
  }
}

const stage = await site({ "/bench/text": file });
const page = (query = "") => `${stage.origin}/bench/bench.html?loose&${query}`;

/** Runs a function in a page of a fresh profile. */
async function inPage(run, argument) {
  const profile = mkdtempSync(join(folder, "profile-"));
  const context = await launchProfile(profile, ["--js-flags=--max-old-space-size=8192"]);
  const { tab, problems } = await tabOf(context, page());
  tab.setDefaultTimeout(0);
  await tab.waitForFunction(() => window.ready);
  const result = await tab.evaluate(run, argument).catch((error) => ({ error: `${error.message.split("\n")[0]} ${problems}` }));
  await context.close();
  rmSync(profile, { recursive: true, force: true });
  return result;
}

console.log("\n| part | as it is | gzip -9 |\n| --- | --- | --- |");
sizes();

const loads = [];
for (let i = 0; i < 5; i += 1) loads.push(await inPage(() => window.load()));
console.log(`\nFrom \`import\` to ready, in a fresh profile, on localhost: ${ms(median(loads))} (median of ${loads.length}; store in IndexedDB)`);

const task = await inPage(() => window.longest());
console.log(`Longest task of the page while 5 MB (${task.chunks} chunks) are added in the worker: ${ms(task.longest)}; the upload took ${ms(task.took)}`);

console.log("\n| chunks | | added, chunks/s | vector search, p50 |\n| --- | --- | --- | --- |");
const ours = await inPage((sizes) => window.grow(sizes), SIZES);
const servers = await measureNative();
SIZES.forEach((size, i) => {
  for (const [who, rows] of [["Haversack, in Chromium", ours], ["Haversack, native server on one core", servers]]) {
    const row = rows[i];
    console.log(row ? `| ${row.chunks.toLocaleString("en")} | ${who} | ${Math.round(row.rate).toLocaleString("en")} | ${ms(row.search)} |` : `| ${size} | ${who} | ${rows.error} | |`);
  }
});
console.log("\nOthers, given the finished vectors and nothing else (no text, no storage), in the same browser:");
console.log("\n| vectors | | added, vectors/s | search, p50 |\n| --- | --- | --- | --- |");
for (const size of SIZES) {
  for (const name of ["voy-search", "edgevec", "@orama/orama"]) {
    const row = await inPage(([library, count]) => window.other(library, count), [name, size]);
    console.log(row.error ? `| ${size.toLocaleString("en")} | ${name} | ${row.error} | |` : `| ${size.toLocaleString("en")} | ${name} | ${Math.round(row.rate).toLocaleString("en")} | ${ms(row.search)} |`);
  }
}
stage.close();
rmSync(folder, { recursive: true, force: true });
