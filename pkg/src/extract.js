// Files into text: a second WebAssembly module, loaded with the first file. Each file gets an instance of its own, so
// whatever a broken file does ends with it; and a thread of its own where one can be had.

import { readFile } from "./files.js";

const MODULE = "../wasm/extract.wasm";

/** How long one file may take. */
const TIME_MS = 300_000;

/** How long a thread without a file is kept. */
const IDLE_MS = 10_000;

/** What reads files: `read(name, mime, bytes, signal)` gives JSON as bytes, `close()` lets go of its thread. */
export function reader(options = {}) {
  let module;
  const load = () => (module ??= readFile(MODULE, options).then((bytes) => WebAssembly.compile(bytes)));
  const desk = new Desk();
  const read = async (name, mime, bytes, signal) => {
    const compiled = await load().catch((error) => {
      module = undefined;
      throw error;
    });
    signal.throwIfAborted();
    const worker = options.extractInWorker === false ? undefined : desk.take();
    if (!worker) return extract(compiled, name, mime, bytes);
    try {
      const json = await inWorker(worker, { module: compiled, name, mime, bytes }, signal);
      desk.giveBack(worker);
      return json;
    } catch (error) {
      worker.terminate();
      // A policy may forbid workers; it says so only after one was made.
      if (error.kind !== "unstarted") throw error;
      return extract(compiled, name, mime, bytes);
    }
  };
  return { read, close: () => desk.dismiss() };
}

/** Keeps a worker that did well for the next file: starting one takes longer than most files. */
class Desk {
  #idle;
  #timer;

  take() {
    clearTimeout(this.#timer);
    const worker = this.#idle ?? startWorker();
    this.#idle = undefined;
    return worker;
  }

  giveBack(worker) {
    this.dismiss();
    this.#idle = worker;
    this.#timer = setTimeout(() => this.dismiss(), IDLE_MS);
  }

  dismiss() {
    clearTimeout(this.#timer);
    this.#idle?.terminate();
    this.#idle = undefined;
  }
}

/** Reads one file, here and now. */
export async function extract(module, name, mime, bytes) {
  const { exports } = await WebAssembly.instantiate(module);
  const request = new TextEncoder().encode(`${JSON.stringify({ name, mime: mime ?? null })}\n`);
  const place = exports.buffer(request.length + bytes.length);
  new Uint8Array(exports.memory.buffer, place, request.length).set(request);
  new Uint8Array(exports.memory.buffer, place + request.length, bytes.length).set(bytes);
  const length = exports.extract();
  if (length === 0) throw Object.assign(new Error("its name cannot be read"), { kind: "rejected" });
  return new Uint8Array(exports.memory.buffer, exports.buffer(length), length).slice();
}

/** A service worker cannot start one, and Node's are of another kind. */
function startWorker() {
  if (typeof Worker !== "function") return undefined;
  try {
    return new Worker(new URL("./extract-worker.js", import.meta.url), { type: "module", name: "haversack-extract" });
  } catch {
    return undefined;
  }
}

function inWorker(worker, file, signal) {
  return new Promise((resolve, reject) => {
    const fail = (message, kind) => reject(Object.assign(new Error(message), { kind }));
    const late = setTimeout(() => fail(`it took longer than ${TIME_MS / 1000} s. Split it and try again.`, "timeout"), TIME_MS);
    worker.onmessage = ({ data }) => {
      clearTimeout(late);
      return data.json ? resolve(data.json) : fail(data.message, "rejected");
    };
    worker.onerror = (event) => {
      clearTimeout(late);
      event.preventDefault?.();
      fail(event.message || "the reader could not be started", event.message ? "failed" : "unstarted");
    };
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
    worker.postMessage(file);
  });
}
