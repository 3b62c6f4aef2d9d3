// The worker of `worker.js`.

import { whole } from "./http.js";
import { openLocal } from "./local.js";
import { remote } from "./models.js";
import { Peer } from "./rpc.js";

let engine;

/** Those whose bodies come over time; others are sent with their heads. */
const answers = new Map();

const peer = new Peer(globalThis, {
  async open({ options, env, has }) {
    const asked = remote(() => peer);
    const llm = has.llm ? { complete: asked.complete } : undefined;
    const embedder = has.embedder ? { embed: asked.embed } : undefined;
    engine = await openLocal({ ...options, env, llm, embedder });
  },
  async call({ id, call, watched }) {
    const began = watched ? (effect) => peer.tell("began", { id, effect }) : undefined;
    const answer = await engine.call(call, began);
    const { status, headers, streaming } = answer;
    if (!streaming) return { status, headers, streaming, body: await whole(answer) };
    answers.set(id, answer);
    return { status, headers, streaming };
  },
  async next(id) {
    const answer = answers.get(id);
    const piece = await answer?.next();
    if (!piece) answers.delete(id);
    return piece;
  },
  cancel(id) {
    answers.get(id)?.cancel();
    answers.delete(id);
  },
  close: () => engine.close(),
});
