// What applications use, over any engine that answers calls: one in this thread, or one in a worker.

import { HaversackError, answered } from "./errors.js";
import { bytesOf } from "./files.js";
import { asCall, asResponse } from "./http.js";
import { oneAtATime } from "./locks.js";
import { events } from "./sse.js";

const at = (workspace) => `/api/v1/workspace/${encodeURIComponent(workspace)}`;

/** Which effects of an upload begin which part of it. */
const STAGES = { extract: "reading", asset: "indexing", embed: "indexing", breathe: "indexing" };

/** Documents, and questions about them. */
export class Haversack {
  #engine;

  /** @param {import("./engine.js").Engine} engine */
  constructor(engine) {
    this.#engine = engine;
  }

  /**
   * Answers a request to the API, as `fetch` would if there were a server: `/api/…` and `/v1/…`.
   * @param {RequestInfo | URL} input
   * @param {RequestInit} [init]
   * @returns {Promise<Response>}
   */
  fetch(input, init) {
    return this.#fetch(input, init);
  }

  async #fetch(input, init, began) {
    const { call, signal } = await asCall(input, init);
    return asResponse(await this.#engine.call(call, began, signal), signal);
  }

  async #json(method, path, body, { began, signal, headers } = {}) {
    const init = { method, signal, headers };
    if (body instanceof FormData || body instanceof Uint8Array) init.body = body;
    else if (body !== undefined) {
      init.body = JSON.stringify(body);
      init.headers = { "content-type": "application/json", ...headers };
    }
    const response = await this.#fetch(path, init, began);
    if (!response.ok) throw await answered(response);
    return response.json();
  }

  /** The workspaces there are. */
  async workspaces() {
    return (await this.#json("GET", "/api/v1/workspaces")).workspaces;
  }

  /** The workspace of this slug; made if it is not there. Its slug may differ from a name with capitals or spaces. */
  async workspace(slug) {
    const find = async () => [(await this.#json("GET", at(slug))).workspace].flat()[0];
    const make = async () => (await this.#json("POST", "/api/v1/workspace/new", { name: slug })).workspace;
    // Two that miss it at the same time, in two tabs perhaps, would make two.
    return (await find()) ?? oneAtATime("haversack:workspaces", async () => (await find()) ?? make());
  }

  /**
   * Adds a file: a `File`, a `Blob` with a name, or `{ name, data }`.
   * @param {File | import("../types/index.js").NamedData} file
   * @param {import("../types/index.js").AddOptions} options
   */
  async add(file, { workspace, name, onProgress, signal, metadata }) {
    if (!workspace) throw new HaversackError("add: say which workspace: add(file, { workspace: \"docs\" })");
    const called = name ?? file.name;
    if (!called) throw new HaversackError("add: the file needs a name with its ending: add(blob, { name: \"a.pdf\", … })");
    const blob = file instanceof Blob ? file : new Blob([file.data]);
    const { slug } = await this.workspace(workspace);
    const form = new FormData();
    form.append("addToWorkspaces", slug);
    if (metadata) form.append("metadata", JSON.stringify(metadata));
    form.append("file", blob, called);
    const progress = steps(onProgress, called);
    progress("sending");
    const began = onProgress && ((effect) => STAGES[effect] && progress(STAGES[effect]));
    // The text of a book need not come back.
    const headers = { prefer: "return=minimal" };
    const { documents, success, error } = await this.#json("POST", "/api/v1/document/upload", form, { began, signal, headers });
    if (success === false) throw new HaversackError(error ?? `${called} could not be added`);
    progress("done");
    return documents;
  }

  /** Takes a document out of a workspace; `location` is what `add` gave. */
  async remove(location, { workspace }) {
    await this.#json("POST", `${at(workspace)}/update-embeddings`, { deletes: [location] });
  }

  /**
   * Passages that answer a question, best first.
   * @param {string} workspace
   * @param {string} query
   * @param {{ topN?: number, scoreThreshold?: number, signal?: AbortSignal }} [options]
   */
  async search(workspace, query, { topN = 4, scoreThreshold = 0, signal } = {}) {
    const body = { query, topN, scoreThreshold };
    return (await this.#json("POST", `${at(workspace)}/vector-search`, body, { signal })).results;
  }

  /**
   * Asks: `{ type: "token", text }` as the answer is written, then `{ type: "sources", sources }` and `{ type: "done" }`.
   * @param {string} workspace
   * @param {string} message
   * @param {import("../types/index.js").ChatOptions} [options]
   */
  async *chat(workspace, message, { thread, mode = "chat", sessionId, signal } = {}) {
    const inThread = thread ? `/thread/${encodeURIComponent(thread)}` : "";
    const response = await this.#fetch(`${at(workspace)}${inThread}/stream-chat`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ message, mode, sessionId }),
      signal,
    });
    if (!response.ok) throw await answered(response);
    let sources = [];
    let done = {};
    for await (const event of events(response.body)) {
      if (event.error) throw new HaversackError(String(event.error === true ? "the answer failed" : event.error));
      if (event.textResponse) yield { type: "token", text: event.textResponse };
      if (event.sources?.length) sources = event.sources;
      if (event.type === "finalizeResponseStream") done = { chatId: event.chatId, metrics: event.metrics };
    }
    yield { type: "sources", sources };
    yield { type: "done", ...done };
  }

  /**
   * Takes in a workspace that was exported, here or on any other host; see `docs/bundle.md`.
   * @param {string | URL | Blob | Uint8Array | ArrayBuffer} bundle its address, or its bytes
   * @param {{ name?: string, signal?: AbortSignal }} [options]
   */
  async import(bundle, { name, signal } = {}) {
    const file = await bytesOf(bundle, signal);
    const query = name === undefined ? "" : `?name=${encodeURIComponent(name)}`;
    return (await this.#json("POST", `/api/v1/workspace/import${query}`, file, { signal })).workspace;
  }

  /** A workspace as one file, for any other host. */
  async export(workspace, { signal } = {}) {
    const response = await this.#fetch(`${at(workspace)}/export`, { signal });
    if (!response.ok) throw await answered(response);
    return response.blob();
  }

  /** What was said in a workspace. */
  async history(workspace, { thread, limit = 100 } = {}) {
    const inThread = thread ? `/thread/${encodeURIComponent(thread)}` : "";
    return (await this.#json("GET", `${at(workspace)}${inThread}/chats?limit=${limit}`)).history;
  }

  /** Lets go of the store; a worker ends. */
  close() {
    return this.#engine.close();
  }
}

/** Tells each stage once, in order. */
function steps(tell, file) {
  const order = ["sending", "reading", "indexing", "done"];
  let last = -1;
  return (stage) => {
    const now = order.indexOf(stage);
    if (now <= last) return;
    last = now;
    tell?.({ file, stage, step: now + 1, steps: order.length });
  };
}
