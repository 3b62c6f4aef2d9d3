// Haversack as the server of its own page: `serve` in a service worker answers `/api/*` and `/v1/*`, so that any client
// of the API, or of OpenAI's, runs against it unmodified; `register` in the page starts it.

import { HaversackError } from "./errors.js";
import { Haversack } from "./haversack.js";
import { openLocal } from "./local.js";
import { remote, serve as answering } from "./models.js";
import { keep, kept, recall } from "./offline.js";
import { Peer } from "./rpc.js";

export { HaversackError } from "./errors.js";

/** How long a page has to answer that it has a model. */
const PATIENCE_MS = 3000;

const ASK = "haversack:models?";
const HERE = "haversack:models";
const SEEN = "haversack:seen";

/**
 * Answers the pages of this service worker. Call it while its script runs, not later.
 * @param {import("../types/service-worker.js").ServeOptions} [options]
 */
export function serve(options = {}) {
  const { paths = ["/api/", "/v1/"], offline = false, ...open } = options;
  const scope = self;
  const models = pageModels(scope);
  let engine;
  const start = () => {
    engine ??= openLocal(withModels({ load: offline ? kept : undefined, ...open }, models)).then((opened) => new Haversack(opened));
    engine.catch(() => (engine = undefined));
    return engine;
  };
  scope.addEventListener("install", (event) => {
    scope.skipWaiting();
    if (offline) event.waitUntil(kept.all());
  });
  scope.addEventListener("activate", (event) => event.waitUntil(scope.clients.claim()));
  scope.addEventListener("message", (event) => {
    if (event.data === HERE) models.arrived(event.ports[0]);
    if (event.data?.[SEEN] && offline) event.waitUntil(Promise.all(event.data[SEEN].map((url) => keep(url))));
  });
  scope.addEventListener("fetch", (event) => {
    const url = new URL(event.request.url);
    if (url.origin !== scope.location.origin) return;
    const path = within(paths, url.pathname, new URL(scope.registration.scope).pathname);
    if (path !== undefined) event.respondWith(answer(start, event.request, path + url.search));
    else if (offline && event.request.method === "GET") event.respondWith(recall(event.request));
  });
  return { open: start };
}

/** The path as the API knows it, whether the page asks at the root of its origin or below its own folder. */
function within(paths, path, folder) {
  const local = folder !== "/" && path.startsWith(folder) ? path.slice(folder.length - 1) : path;
  return [path, local].find((candidate) => paths.some((root) => candidate.startsWith(root)));
}

async function answer(start, request, path) {
  try {
    const haversack = await start();
    const { method, headers, signal } = request;
    const body = ["GET", "HEAD"].includes(method) ? undefined : await request.arrayBuffer();
    return await haversack.fetch(path, { method, headers, signal, body });
  } catch (error) {
    const message = error?.message ?? String(error);
    return Response.json({ error: message, message, code: error?.kind ?? "failed" }, { status: 503 });
  }
}

/** Adapters that are only settings are whole here; those that are code stay in the page and are asked there. */
function withModels(options, models) {
  const { llm, embedder } = options;
  const asked = remote(models.peer);
  const at = (adapter, name) => (adapter && !adapter[name] && adapter.env && usesHost(adapter.env) ? { ...adapter, [name]: asked[name] } : adapter);
  return { ...options, llm: at(llm, "complete"), embedder: at(embedder, "embed") };
}

const usesHost = (env) => env.LLM_PROVIDER === "host" || env.EMBEDDING_ENGINE === "host";

/** The page whose models are asked: the one that offered them last, and is still there. */
function pageModels(scope) {
  let current;
  let waiting = [];
  return {
    arrived(port) {
      current = new Peer(port);
      waiting.forEach((resolve) => resolve(current));
      waiting = [];
    },
    async peer() {
      if (current) {
        const alive = await Promise.race([current.ask("ping").then(() => true), late(false)]);
        if (alive) return current;
        current = undefined;
      }
      const arrival = new Promise((resolve) => waiting.push(resolve));
      const clients = await scope.clients.matchAll({ type: "window" });
      clients.forEach((client) => client.postMessage(ASK));
      const found = await Promise.race([arrival, late(undefined)]);
      if (found) return found;
      throw new HaversackError("no open page has the model: pass it to register({ llm })", { kind: "unavailable" });
    },
  };
}

const late = (value) => new Promise((resolve) => setTimeout(resolve, PATIENCE_MS, value));

/**
 * Starts the service worker at `url` for this page, and resolves once it answers.
 * @param {string | URL} url
 * @param {import("../types/service-worker.js").RegisterOptions} [options]
 */
export async function register(url, { llm, embedder, ...options } = {}) {
  const container = globalThis.navigator?.serviceWorker;
  if (!container) {
    throw new HaversackError("this page can have no service worker: serve it by https, or from localhost", { kind: "unsupported" });
  }
  const registration = await container.register(url, { type: "module", ...options });
  if (!container.controller) await new Promise((resolve) => container.addEventListener("controllerchange", resolve, { once: true }));
  const offer = () => {
    if (!llm?.complete && !embedder?.embed) return;
    const { port1, port2 } = new MessageChannel();
    new Peer(port1, { ...answering({ llm, embedder }), ping: () => true });
    container.controller?.postMessage(HERE, [port2]);
  };
  container.addEventListener("message", ({ data }) => data === ASK && offer());
  container.addEventListener("controllerchange", offer);
  offer();
  // What this page loaded before anybody could keep it.
  const seen = performance.getEntriesByType("resource").map(({ name }) => name);
  container.controller.postMessage({ [SEEN]: [location.href, ...seen].filter((name) => name.startsWith(location.origin)) });
  return registration;
}
