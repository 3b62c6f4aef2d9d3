// What a service worker keeps for when there is no network: newest first, kept where the network fails.

import { hasSimd } from "./wasm.js";

const CACHE = "haversack-files";

/** The files of this package that the engine asks for when it needs them. */
const FILES = ["engine_bg.wasm", "engine-plain_bg.wasm", "extract.wasm", "model.safetensors", "vocab.txt", "cl100k.bin"];

/** The builds of which a browser needs one. */
const BUILDS = ["engine-plain_bg.wasm", "engine_bg.wasm"];

/** The bytes of a file, from the network or from what was kept. */
export async function kept(url) {
  const response = await recall(new Request(url));
  if (!response.ok) throw Object.assign(new Error(`${url} answered ${response.status}`), { kind: "unavailable" });
  return response.arrayBuffer();
}

/** Keeps every file that this browser may need. */
kept.all = async () => {
  const unused = BUILDS[hasSimd() ? 0 : 1];
  const files = FILES.filter((file) => file !== unused);
  await Promise.all(files.map((file) => keep(new URL(`../wasm/${file}`, import.meta.url))));
};

/** Keeps one file; that it cannot be had is no harm while there is a network. */
export async function keep(url) {
  try {
    await remember(new Request(url), await fetch(url, { cache: "no-cache" }));
  } catch {
    // It is fetched again when it is needed.
  }
}

/** The answer of the network, else what was kept. */
export async function recall(request) {
  try {
    const response = await fetch(request);
    await remember(request, response.clone());
    return response;
  } catch (error) {
    const cache = await caches.open(CACHE);
    const known = await cache.match(request, { ignoreVary: true });
    if (known) return known;
    throw error;
  }
}

async function remember(request, response) {
  if (response.status !== 200 || response.type !== "basic") return;
  const cache = await caches.open(CACHE);
  const known = await cache.match(request, { ignoreVary: true });
  const same = (name) => known?.headers.get(name) && known.headers.get(name) === response.headers.get(name);
  // The large ones are not written anew each time.
  if (same("etag") || (same("last-modified") && same("content-length"))) return;
  await cache.put(request, response);
}
