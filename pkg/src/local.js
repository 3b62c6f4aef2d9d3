// The engine in this thread.

import { HaversackError } from "./errors.js";
import { bytesOf } from "./files.js";
import { unlessAborted, whole } from "./http.js";
import { attend } from "./locks.js";
import { platform } from "./platform.js";
import { loadEngine } from "./wasm.js";

/** Where records are kept when nobody says otherwise. */
const NAME = "haversack";

/**
 * Opens a store, and does what has to be done before the first call.
 * @param {import("../types/index.js").OpenOptions} options
 * @returns {Promise<import("./engine.js").Engine>}
 */
export async function openLocal(options = {}) {
  const { bundle } = options;
  const { store = bundle === undefined ? "indexeddb" : "memory", name = NAME, durable = true } = options;
  if (!["memory", "indexeddb"].includes(store)) {
    throw new HaversackError(`store: "${store}" is not known; there are "indexeddb" and "memory"`);
  }
  if (bundle !== undefined && store === "indexeddb") {
    throw new HaversackError("a bundle is opened in memory; to keep it, open without one and import it once");
  }
  const [{ Host }, file] = await Promise.all([loadEngine(options), bundle === undefined ? undefined : bytesOf(bundle)]);
  const watchers = new Map();
  const around = platform(options, (call, effect) => watchers.get(call)?.(effect));
  const persistent = store === "indexeddb";
  let host;
  try {
    host = await Host.open(around, variables(options), persistent ? name : undefined, durable, file);
  } catch (error) {
    throw HaversackError.of(error);
  }
  const call = async ({ method, path, query, headers, body, operator = options.operator ?? true }, began, signal) => {
    const answering = host.call(method, path, query, headers, body, operator);
    const number = host.lastCall;
    if (began) watchers.set(number, began);
    try {
      const answer = await unlessAborted(answering, signal, () => host.leave(number));
      return held(answer, () => watchers.delete(number));
    } catch (error) {
      watchers.delete(number);
      if (!signal?.aborted) throw HaversackError.of(error);
      // The call ends by itself, and nobody takes its answer.
      answering.then((answer) => answer.free(), () => {});
      throw signal.reason;
    }
  };
  const leave = await attend(persistent ? name : undefined, async (alone) => {
    const answer = held(await host.maintain(alone), () => {});
    const text = new TextDecoder().decode(await whole(answer));
    if (answer.status >= 400) throw new HaversackError(JSON.parse(text).message ?? text, { status: answer.status });
  }).catch((error) => {
    host.close();
    throw HaversackError.of(error);
  });
  return {
    call,
    async close() {
      host.close();
      around.close();
      leave();
    },
  };
}

/** Settings by their names; those of an adapter give way to those the application sets itself. */
function variables({ llm, embedder, env, allowPrivateAddresses }) {
  const vars = { ...llm?.env, ...embedder?.env, ...env };
  if (allowPrivateAddresses) vars.HAVERSACK_ALLOW_PRIVATE_ADDRESSES = "true";
  return Object.fromEntries(Object.entries(vars).filter(([, value]) => value !== undefined).map(([k, v]) => [k, String(v)]));
}

/** An answer whose memory is given back at its end. */
function held(answer, ended) {
  const { status, headers, streaming } = answer;
  let open = true;
  const end = () => {
    if (!open) return;
    open = false;
    ended();
    answer.free();
  };
  return {
    status,
    headers,
    streaming,
    async next() {
      if (!open) return undefined;
      try {
        const piece = await answer.next();
        if (!piece) end();
        return piece;
      } catch (error) {
        end();
        throw HaversackError.of(error);
      }
    },
    cancel() {
      if (open) answer.cancel();
      end();
    },
  };
}
