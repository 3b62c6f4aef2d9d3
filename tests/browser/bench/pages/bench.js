// What is measured in the page.

import { CHUNK_BYTES, Corpus } from "./corpus.js";

const corpus = new Corpus(await (await fetch("/bench/text")).text());
const QUESTIONS = corpus.questions(31);
const median = (values) => values.sort((a, b) => a - b)[values.length >> 1];
const count = async (haversack) => (await (await haversack.fetch("/api/v1/system/vector-count")).json()).vectorCount;

/** From the import to an instance that answers. */
window.load = async () => {
  const began = performance.now();
  const { Haversack } = await import("/haversack/src/index.js");
  await Haversack.open();
  return performance.now() - began;
};

/** The page's longest task while a worker adds 5 MB. */
window.longest = async () => {
  const { Haversack } = await import("/haversack/src/worker.js");
  const haversack = await Haversack.open();
  await haversack.workspace("bench");
  const file = new File([corpus.take(5_000_000)], "book.txt");
  let longest = 0;
  let running = true;
  // A turn of the event loop that comes late waited for a task of that length.
  const { port1, port2 } = new MessageChannel();
  let last = performance.now();
  port1.onmessage = () => {
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
    if (running) setTimeout(() => port2.postMessage(null));
  };
  port2.postMessage(null);
  const began = performance.now();
  await haversack.add(file, { workspace: "bench" });
  running = false;
  return { longest, took: performance.now() - began, chunks: await count(haversack) };
};

/** Grows a workspace to each size. */
window.grow = async (sizes) => {
  const { Haversack } = await import("/haversack/src/worker.js");
  const haversack = await Haversack.open();
  await haversack.workspace("bench");
  // What is loaded with the first file is no part of this.
  await haversack.workspace("warm");
  await haversack.add(new File(["Nothing in particular."], "warm.txt"), { workspace: "warm" });
  const rows = [];
  let part = 0;
  let chunks = 0;
  for (const size of sizes) {
    const before = chunks;
    let took = 0;
    while (chunks < size) {
      const file = new File([corpus.take(Math.min(1000, size - chunks) * CHUNK_BYTES)], `part${part}.txt`);
      const began = performance.now();
      await haversack.add(file, { workspace: "bench" });
      took += performance.now() - began;
      part += 1;
      chunks = await count(haversack);
    }
    const rate = (chunks - before) / (took / 1000);
    await haversack.search("bench", QUESTIONS[0], { topN: 10 });
    const times = [];
    for (const question of QUESTIONS.slice(1)) {
      const start = performance.now();
      await haversack.search("bench", question, { topN: 10 });
      times.push(performance.now() - start);
    }
    rows.push({ chunks, rate, search: median(times) });
  }
  return rows;
};

/** `count` vectors of our embedder, and those of the questions. */
async function vectors(amount) {
  const { Haversack } = await import("/haversack/src/worker.js");
  const haversack = await Haversack.open({ store: "memory" });
  const embed = async (input) => {
    const init = { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ model: "any", input }) };
    return (await (await haversack.fetch("/v1/embeddings", init)).json()).data.map(({ embedding }) => Float32Array.from(embedding));
  };
  const rows = [];
  while (rows.length < amount) {
    const some = Array.from({ length: Math.min(500, amount - rows.length) }, () => corpus.take(CHUNK_BYTES));
    rows.push(...(await embed(some)));
  }
  const questions = await embed(QUESTIONS);
  await haversack.close();
  return { rows, questions };
}

const LIBRARIES = {
  async "voy-search"(rows) {
    const glue = await import("/node_modules/voy-search/voy_search_bg.js");
    const wasm = await (await fetch("/node_modules/voy-search/voy_search_bg.wasm")).arrayBuffer();
    const { instance } = await WebAssembly.instantiate(wasm, { "./voy_search_bg.js": glue });
    glue.__wbg_set_wasm(instance.exports);
    const embeddings = rows.map((row, i) => ({ id: String(i), title: "", url: "", embeddings: Array.from(row) }));
    const began = performance.now();
    const index = new glue.Voy({ embeddings });
    return { took: performance.now() - began, search: (query) => index.search(query, 10) };
  },
  async edgevec(rows) {
    const { default: init, EdgeVec, EdgeVecConfig } = await import("/node_modules/edgevec/edgevec.js");
    await init();
    const config = new EdgeVecConfig(rows[0].length);
    config.metric = "cosine";
    const began = performance.now();
    const index = new EdgeVec(config);
    rows.forEach((row) => index.insert(row));
    return { took: performance.now() - began, search: (query) => index.search(query, 10) };
  },
  async "@orama/orama"(rows) {
    const { create, insert, searchVector } = await import("/node_modules/@orama/orama/dist/browser/index.js");
    const began = performance.now();
    const index = create({ schema: { embedding: `vector[${rows[0].length}]` } });
    for (const row of rows) await insert(index, { embedding: Array.from(row) });
    const search = (value) => searchVector(index, { mode: "vector", vector: { value: Array.from(value), property: "embedding" }, limit: 10, similarity: 0 });
    return { took: performance.now() - began, search };
  },
};

window.other = async (library, amount) => {
  const { rows, questions } = await vectors(amount);
  const { took, search } = await LIBRARIES[library](rows);
  await search(questions[0]);
  const times = [];
  for (const question of questions.slice(1)) {
    const start = performance.now();
    await search(question);
    times.push(performance.now() - start);
  }
  return { rate: rows.length / (took / 1000), search: median(times) };
};

window.ready = true;
