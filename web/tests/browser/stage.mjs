// What the tests play on: real servers with empty folders of their own, the app as a static site, a model on loopback, and
// a browser.

import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { readFile } from "node:fs/promises";
import http from "node:http";
import { tmpdir } from "node:os";
import { test } from "node:test";
import { extname, join, normalize } from "node:path";
import { chromium } from "playwright-core";

export const KEY = "a-key-for-the-tests";
export const HUT = { "Rules.txt": "The key to the hut hangs in the green letter box behind the woodshed.\n\nA night in the hut costs fourteen euros for members." };
const PROGRAM = process.env.HAVERSACK_BIN;
if (!PROGRAM) throw new Error("HAVERSACK_BIN names the server to test: cargo xtask test web");

/** A server, with the settings of `env`. It can be stopped and started again on the same address and data. */
export async function server(env = {}, data = mkdtempSync(join(tmpdir(), "haversack-web-"))) {
  let listen = "127.0.0.1:0";
  let child;
  const stage = { url: "", stop, start, end, send };
  await start();
  return stage;

  async function send(method, path, { json, form }) {
    const headers = { authorization: `Bearer ${KEY}`, ...(json ? { "content-type": "application/json" } : {}) };
    let body = json && JSON.stringify(json);
    if (form) {
      body = new FormData();
      for (const [name, value] of Object.entries(form.fields)) body.append(name, value);
      body.append("file", new Blob([Buffer.from(form.content, "base64")]), form.name);
    }
    const response = await fetch(`${stage.url}/api${path}`, { method, headers, body });
    return { status: response.status, text: await response.text() };
  }

  async function start() {
    const variables = { PATH: process.env.PATH, HOME: data, HAVERSACK_API_KEY: KEY, ...env };
    child = spawn(PROGRAM, ["serve", "--data", data, "--listen", listen], { cwd: data, env: variables, stdio: ["ignore", "pipe", "pipe"] });
    let said = "";
    stage.url = await new Promise((resolve, reject) => {
      child.stdout.on("data", (bytes) => {
        said += bytes;
        const found = /http:\/\/[\d.]+:\d+/.exec(said);
        if (found) resolve(found[0]);
      });
      child.stderr.on("data", (bytes) => (said += bytes));
      child.on("exit", (code) => reject(new Error(`the server ended (${code}): ${said}`)));
    });
    listen = new URL(stage.url).host;
  }

  /** At once, as a crash would. */
  async function stop() {
    const gone = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGKILL");
    await gone;
  }

  async function end() {
    await stop();
    rmSync(data, { recursive: true, force: true });
  }
}

const TYPES = { ".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".wasm": "application/wasm", ".json": "application/json" };

/**
 * The app as a static site: a server of files, below a path, that knows nothing of Haversack. Its address is its own, and
 * so is what the browser stores for it.
 */
export async function site() {
  const folder = process.env.HAVERSACK_SITE;
  if (!folder) throw new Error("HAVERSACK_SITE names the built site: cargo xtask build site");
  const files = http.createServer(async (request, response) => {
    const { pathname } = new URL(request.url, "http://site");
    const path = pathname.startsWith("/tools/hut/") ? normalize(pathname.slice("/tools/hut/".length) || "index.html") : "..";
    const bytes = path.startsWith("..") ? null : await readFile(join(folder, path)).catch(() => null);
    if (!bytes) return response.writeHead(404).end();
    response.setHeader("content-type", TYPES[extname(path)] ?? "application/octet-stream");
    response.end(bytes);
  });
  await new Promise((resolve) => files.listen(0, "127.0.0.1", resolve));
  const context = await (await browser()).newContext(VIEW);
  const stage = {
    url: `http://127.0.0.1:${files.address().port}/tools/hut`,
    context,
    end: async () => (await context.close(), files.closeAllConnections(), files.close()),
    send: async (method, path, { json, form }) => {
      stage.hand ??= (await tab(stage)).page;
      return stage.hand.evaluate(async ({ method, path, json, form }) => {
        let body = json && JSON.stringify(json);
        if (form) {
          body = new FormData();
          for (const [name, value] of Object.entries(form.fields)) body.append(name, value);
          body.append("file", new Blob([Uint8Array.from(atob(form.content), (c) => c.charCodeAt(0))]), form.name);
        }
        const response = await fetch(new URL(`api${path}`, document.baseURI), { method, body, headers: json ? { "content-type": "application/json" } : {} });
        return { status: response.status, text: await response.text() };
      }, { method, path, json, form });
    },
  };
  return stage;
}

/** Runs a test on a server of its own, which ends with it. */
export const on = (name, env, run) => staged(name, () => server(env), run);

/** The same on a static site of its own. */
export const onSite = (name, run) => staged(`${name} (static site)`, site, run);

/** Both: it is the same app. */
export function both(name, run) {
  on(name, {}, run);
  onSite(name, run);
}

function staged(name, start, run) {
  test(name, async () => {
    const stage = await start();
    try {
      await run(stage);
    } finally {
      await stage.end();
    }
  });
}

/** A call of somebody who may do everything. */
export async function api(stage, method, path, json) {
  const { status, text } = await stage.send(method, path, { json });
  if (status >= 400) throw new Error(`${method} ${path}: ${status} ${text}`);
  return text.startsWith("{") ? JSON.parse(text) : text;
}

/** A workspace with files in it: `{name: content}`. */
export async function workspace(stage, name, documents = {}, settings = {}) {
  const made = (await api(stage, "POST", "/v1/workspace/new", { name, ...settings })).workspace;
  for (const [file, content] of Object.entries(documents)) {
    const form = { fields: { addToWorkspaces: made.slug }, name: file, content: Buffer.from(content).toString("base64") };
    const { success, error } = JSON.parse((await stage.send("POST", "/v1/document/upload", { form })).text);
    if (!success || error) throw new Error(`${file}: ${error}`);
  }
  return made.slug;
}

/** A server that speaks OpenAI's language: `say` has what it answers and how fast. */
export async function model(port = 0) {
  const say = { text: "Hello there.", pause: 0, status: 200, asked: [] };
  const server = http.createServer(async (request, response) => {
    // Pages may ask it, too, as those do whose engine runs in the tab.
    response.setHeader("access-control-allow-origin", "*");
    response.setHeader("access-control-allow-headers", "*");
    if (request.method === "OPTIONS") return response.writeHead(204).end();
    if (request.url.endsWith("/models")) return response.end(JSON.stringify({ data: [{ id: "mock-large" }, { id: "mock-small" }] }));
    let body = "";
    for await (const bytes of request) body += bytes;
    const asked = JSON.parse(body);
    say.asked.push(asked);
    if (say.status !== 200) {
      response.writeHead(say.status, { "content-type": "application/json" });
      return response.end(JSON.stringify({ error: { message: "The mock is out of order." } }));
    }
    if (!asked.stream) {
      await new Promise((resolve) => setTimeout(resolve, say.wait ?? 0));
      response.setHeader("content-type", "application/json");
      return response.end(JSON.stringify({ choices: [{ message: { role: "assistant", content: say.text }, finish_reason: "stop" }] }));
    }
    response.setHeader("content-type", "text/event-stream");
    for (const word of say.text.split(/(?<= )/)) {
      if (response.destroyed) return;
      response.write(`data: ${JSON.stringify({ choices: [{ delta: { content: word } }] })}\n\n`);
      if (say.pause > 0) await new Promise((resolve) => setTimeout(resolve, say.pause));
    }
    response.write(`data: ${JSON.stringify({ choices: [{ delta: {}, finish_reason: "stop" }] })}\n\n`);
    response.end("data: [DONE]\n\n");
  });
  await new Promise((resolve) => server.listen(port, "127.0.0.1", resolve));
  const base = `http://127.0.0.1:${server.address().port}/v1`;
  const env = { LLM_PROVIDER: "generic-openai", GENERIC_OPEN_AI_BASE_PATH: base, GENERIC_OPEN_AI_MODEL_PREF: "mock-large" };
  return { base, say, env, port: server.address().port, end: () => (server.closeAllConnections(), server.close()) };
}

let shared;
export async function browser() {
  const sandbox = process.getuid?.() === 0 ? ["--no-sandbox"] : [];
  shared ??= await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: sandbox });
  return shared;
}
export const closeBrowser = async () => (await shared?.close(), (shared = undefined));

const VIEW = { viewport: { width: 1280, height: 800 }, reducedMotion: "reduce" };

/** A tab of a browser of its own; of a site's, one of that site's browser, where its data are. `problems` has what its console would show in red, and requests to other origins. */
export async function tab(stage, { key = KEY, path = "", ...options } = {}) {
  const context = stage.context ?? (await (await browser()).newContext({ ...VIEW, ...options }));
  if (process.env.HAVERSACK_APP && stage.start) await otherApp(context, stage.url);
  const page = await context.newPage();
  page.setDefaultTimeout(stage.context ? 20_000 : 10_000);
  const problems = [];
  page.on("console", (message) => message.type() === "error" && !/status of 4\d\d|ERR_CONNECTION|ERR_INCOMPLETE|ERR_EMPTY/.test(message.text()) && problems.push(message.text()));
  page.on("pageerror", (error) => problems.push(String(error.stack)));
  page.on("request", (request) => {
    const { origin, protocol } = new URL(request.url());
    if (protocol.startsWith("http") && origin !== new URL(stage.url).origin) problems.push(`a request to ${origin}`);
  });
  // The address of a key is seen once; then it is gone from the bar. A site of files has no keys, and nobody to refuse.
  await page.goto(`${stage.url}/${key && !stage.context ? `#token=${key}` : ""}`);
  if (key) await page.locator("nav.side").waitFor({ state: "attached" });
  if (path) await page.goto(`${stage.url}/${path}`);
  return { page, problems, context, close: () => (stage.context ? page : context).close(), ...parts(page) };
}

/** HAVERSACK_APP is the folder of another build of the app, for whoever works on it and would not build the server each time. */
async function otherApp(context, url) {
  await context.route((address) => address.href.startsWith(`${url}/`) && !/^\/(api|v1|embed)\//.test(address.pathname), async (route) => {
    const { pathname } = new URL(route.request().url());
    const { "content-security-policy": policy } = (await route.fetch({ url: pathname === "/preview.html" ? `${url}/preview.html` : `${url}/` })).headers();
    await route.fulfill({ path: join(process.env.HAVERSACK_APP, pathname === "/" ? "index.html" : pathname), headers: { "content-type": TYPES[extname(pathname)] ?? "text/html", "content-security-policy": policy } });
  });
}

/** The parts that most tests use, found as a person or a screen reader finds them. */
function parts(page) {
  const question = page.getByRole("textbox", { name: "Your question" });
  const send = page.getByRole("button", { name: "Send", exact: true });
  return {
    question,
    send,
    stop: page.getByRole("button", { name: "Stop the answer" }),
    answers: page.locator("article .answer"),
    side: page.getByRole("navigation", { name: "Workspaces" }),
    passage: page.getByRole("complementary", { name: "Passage in its document" }),
    /** Asks, and waits until the answer is complete, and drawn. */
    ask: async (text) => {
      const before = await page.locator("article").count();
      await question.fill(text);
      await send.click();
      await page.locator("article").nth(before).locator('.answer[aria-busy="false"] .block > *').first().waitFor();
      return page.locator("article").nth(before).locator(".answer").innerText();
    },
  };
}

/** A PDF of one page for each text. */
export function pdf(...texts) {
  const kids = texts.map((_, n) => `${4 + n * 2} 0 R`).join(" ");
  const objects = ["<< /Type /Catalog /Pages 2 0 R >>", `<< /Type /Pages /Kids [${kids}] /Count ${texts.length} >>`, "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"];
  for (const text of texts) {
    const content = `BT /F1 12 Tf 72 720 Td (${text}) Tj ET`;
    objects.push(`<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents ${objects.length + 2} 0 R /Resources << /Font << /F1 3 0 R >> >> >>`);
    objects.push(`<< /Length ${content.length} >>\nstream\n${content}\nendstream`);
  }
  let out = "%PDF-1.4\n";
  let table = "0000000000 65535 f \n";
  objects.forEach((object, n) => {
    table += `${String(out.length).padStart(10, "0")} 00000 n \n`;
    out += `${n + 1} 0 obj\n${object}\nendobj\n`;
  });
  const at = out.length;
  return Buffer.from(`${out}xref\n0 ${objects.length + 1}\n${table}trailer\n<< /Size ${objects.length + 1} /Root 1 0 R >>\nstartxref\n${at}\n%%EOF\n`, "latin1");
}
