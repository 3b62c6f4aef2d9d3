// Haversack with its engine in a worker, so that the page stays smooth: `import { Haversack } from "haversack/worker"`.

import { HaversackError } from "./errors.js";
import { Haversack as Base } from "./haversack.js";
import { given, unlessAborted } from "./http.js";
import { serve } from "./models.js";
import { Peer } from "./rpc.js";

export { HaversackError } from "./errors.js";

/** Documents, and questions about them. */
export class Haversack extends Base {
  /**
   * Starts a worker and opens an instance in it. Models stay in this thread and are asked from there.
   * @param {import("../types/worker.js").WorkerOptions} [options]
   */
  static async open(options = {}) {
    const { worker = startWorker() } = options;
    return new this(await openIn(worker, options));
  }
}

function startWorker() {
  return new Worker(new URL("./worker-entry.js", import.meta.url), { type: "module", name: "haversack" });
}

/** @returns {Promise<import("./engine.js").Engine>} */
async function openIn(worker, { worker: _, llm, embedder, bundle, ...options }) {
  const watchers = new Map();
  const handlers = {
    ...serve({ llm, embedder }),
    began: ({ id, effect }) => watchers.get(id)?.(effect),
  };
  const peer = new Peer(worker, handlers);
  worker.onerror = (event) => {
    peer.fail(new HaversackError(event.message || "the worker could not be started", { kind: "unavailable" }));
  };
  // An address is one of the page's, and read over there.
  const isAddress = typeof bundle === "string" || bundle instanceof URL;
  const sent = plain({ ...options, bundle: isAddress ? new URL(bundle, globalThis.location?.href).href : bundle });
  const has = { llm: Boolean(llm?.complete), embedder: Boolean(embedder?.embed) };
  await peer.ask("open", { options: sent, env: { ...llm?.env, ...embedder?.env, ...options.env }, has });
  let last = 0;
  return {
    async call(call, began, signal) {
      const id = ++last;
      if (began) watchers.set(id, began);
      const end = () => watchers.delete(id);
      const answering = peer.ask("call", { id, call, watched: Boolean(began) });
      const { body, ...head } = await unlessAborted(answering, signal, () => peer.tell("cancel", id)).catch((error) => {
        end();
        throw error;
      });
      if (body) {
        end();
        return given(head, body);
      }
      return {
        ...head,
        async next() {
          const piece = await peer.ask("next", id);
          if (!piece) end();
          return piece;
        },
        cancel() {
          end();
          peer.tell("cancel", id);
        },
      };
    },
    async close() {
      await peer.ask("close");
      worker.terminate();
      peer.fail(new HaversackError("Haversack was closed; open it again.", { kind: "unavailable" }));
    },
  };
}

/** What can be sent to another thread. */
const plain = (options) =>
  Object.fromEntries(Object.entries(options).filter(([, value]) => !["function", "undefined"].includes(typeof value)));
