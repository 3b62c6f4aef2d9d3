// The engine's two builds, and which of them this browser can run.

import initPlain, * as plain from "../wasm/engine-plain.js";
import initSimd, * as simd from "../wasm/engine.js";
import { readFile } from "./files.js";

/** A module with one function of SIMD in it: `i32.const 0; i8x16.splat; drop`. */
const PROBE = [0, 97, 115, 109, 1, 0, 0, 0, 1, 4, 1, 96, 0, 0, 3, 2, 1, 0, 10, 9, 1, 7, 0, 65, 0, 253, 15, 26, 11];

/** Whether WebAssembly knows SIMD here. */
export const hasSimd = () => WebAssembly.validate(new Uint8Array(PROBE));

/** @type {Map<boolean, Promise<typeof simd>>} */
const loaded = new Map();

/** The engine, once. `options.simd: false` takes the plain build where there is a choice. */
export function loadEngine(options = {}) {
  const wide = options.simd ?? hasSimd();
  if (!loaded.has(wide)) {
    const loading = load(wide, options);
    // What could not be loaded is asked for again.
    loading.catch(() => loaded.delete(wide));
    loaded.set(wide, loading);
  }
  return loaded.get(wide);
}

async function load(wide, options) {
  const [init, exports, file] = wide ? [initSimd, simd, "engine_bg.wasm"] : [initPlain, plain, "engine-plain_bg.wasm"];
  await init({ module_or_path: await compile(`../wasm/${file}`, options) });
  return exports;
}

/** Compiled while it comes, where the server says that it is WebAssembly. */
async function compile(path, options) {
  const url = new URL(path, import.meta.url);
  if (url.protocol !== "file:" && !options.load && WebAssembly.compileStreaming) {
    const response = await fetch(url);
    const type = response.headers.get("content-type") ?? "";
    if (response.ok && type.startsWith("application/wasm")) return WebAssembly.compileStreaming(response);
  }
  return WebAssembly.compile(await readFile(path, options));
}
