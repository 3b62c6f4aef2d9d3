// The worker of `worker.js`.

import { whole } from "./http.js";
import { openLocal } from "./local.js";
import { remote } from "./models.js";
import { Peer } from "./rpc.js";

let engine;

/** Those whose bodies come over time; others are sent with their heads. */
const answers = new Map();

/** What ends the calls whose answers have not begun. */
const aborts = new Map();

const peer = new Peer(globalThis, {
  async open({ options, env, has }) {
    const asked = remote(() => peer);
    const llm = has.llm ? { complete: asked.complete } : undefined;
    const embedder = has.embedder ? { embed: asked.embed } : undefined;
    engine = await openLocal({ ...options, env, llm, embedder });
  },
  async call({ id, call, watched }) {
    const began = watched ? (effect) => peer.tell("began", { id, effect }) : undefined;
    const abort = new AbortController();
    aborts.set(id, abort);
    try {
      const answer = await engine.call(call, began, abort.signal);
      const { status, headers, streaming } = answer;
      if (!streaming) return { status, headers, streaming, body: await whole(answer) };
      answers.set(id, answer);
      return { status, headers, streaming };
    } finally {
      aborts.delete(id);
    }
  },
  async next(id) {
    const answer = answers.get(id);
    const piece = await answer?.next();
    if (!piece) answers.delete(id);
    return piece;
  },
  cancel(id) {
    aborts.get(id)?.abort();
    answers.get(id)?.cancel();
    answers.delete(id);
  },
  close: () => engine.close(),
});
