// Haversack with its engine in a worker, so that the page stays smooth: `import { Haversack } from "haversack/worker"`.

import { HaversackError } from "./errors.js";
import { Haversack as Base } from "./haversack.js";
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
    return this.over(await openIn(worker, options), options);
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
  // The bundle itself is sent as a call; that there is one decides where records are kept.
  const sent = plain({ ...options, bundle: bundle === undefined ? undefined : true });
  const has = { llm: Boolean(llm?.complete), embedder: Boolean(embedder?.embed) };
  await peer.ask("open", { options: sent, env: { ...llm?.env, ...embedder?.env, ...options.env }, has });
  let last = 0;
  return {
    async call(call, began) {
      const id = ++last;
      if (began) watchers.set(id, began);
      const end = () => watchers.delete(id);
      const { body, ...head } = await peer.ask("call", { id, call, watched: Boolean(began) }).catch((error) => {
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

/** An answer whose body has come. */
function given(head, body) {
  let left = body.length > 0 ? body : undefined;
  return {
    ...head,
    async next() {
      const piece = left;
      left = undefined;
      return piece;
    },
    cancel() {
      left = undefined;
    },
  };
}

/** What can be sent to another thread. */
const plain = (options) =>
  Object.fromEntries(Object.entries(options).filter(([, value]) => !["function", "undefined"].includes(typeof value)));
