// What the engine needs of the JavaScript around it: `host-browser/src/platform.rs` says what each is for.

import { reader } from "./extract.js";
import { readFile } from "./files.js";

/**
 * @param {import("../types/index.js").OpenOptions} options
 * @param {(call: number, effect: string) => void} began
 */
export function platform(options, began) {
  const { llm, embedder, now = Date.now, random, utcOffset, fetch: send, log = console } = options;
  const files = reader(options);
  const missing = (what, set) =>
    Object.assign(new Error(`there is none; open Haversack with ${set}`), { kind: "unsupported", what });
  return {
    now,
    random: random ?? ((length) => crypto.getRandomValues(new Uint8Array(length))),
    utcOffset: utcOffset ?? (() => -new Date().getTimezoneOffset()),
    breathe,
    asset: (name) => readFile(`../wasm/${name}`, options),
    extract: (name, mime, bytes, signal) => files.read(name, mime, bytes, signal),
    close: files.close,
    complete(request, signal) {
      if (!llm?.complete) throw missing("model", "an llm that has `complete`");
      return llm.complete(request, signal)[Symbol.asyncIterator]();
    },
    async embed(request, signal) {
      if (!embedder?.embed) throw missing("embedder", "an embedder");
      return embedder.embed(request, signal);
    },
    fetch: (url, init) => (send ?? globalThis.fetch)(url, init),
    log: (level, message) => log[level]?.(`haversack: ${message}`),
    began,
  };
}

/** Everything that waits gets its turn, and timers of four milliseconds are not the price. */
function breathe() {
  if (globalThis.scheduler?.yield) return globalThis.scheduler.yield();
  // Node would be kept running by the port.
  if (typeof setImmediate === "function") return new Promise((resolve) => setImmediate(resolve));
  const { promise, port } = turn();
  port.postMessage(null);
  return promise;
}

function turn() {
  const { port1, port2 } = new MessageChannel();
  const promise = new Promise((resolve) => {
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
  });
  return { promise, port: port2 };
}
