// What the tests play on: real servers with empty folders of their own, a model on loopback, and a browser.

import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import http from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";

export const KEY = "a-key-for-the-tests";
const PROGRAM = process.env.HAVERSACK_BIN;
if (!PROGRAM) throw new Error("HAVERSACK_BIN names the server to test: cargo xtask test web");

/** A server, with the settings of `env`. It can be stopped and started again on the same address and data. */
export async function server(env = {}, data = mkdtempSync(join(tmpdir(), "haversack-web-"))) {
  let listen = "127.0.0.1:0";
  let child;
  const stage = { url: "", stop, start, end };
  await start();
  return stage;

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

/** A call with the key. */
export async function api(stage, method, path, body) {
  const headers = { authorization: `Bearer ${KEY}`, "content-type": "application/json" };
  const response = await fetch(`${stage.url}/api${path}`, { method, headers, body: body && JSON.stringify(body) });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
  return text.startsWith("{") ? JSON.parse(text) : text;
}

/** A workspace with files in it: `{name: content}`. */
export async function workspace(stage, name, documents = {}, settings = {}) {
  const made = (await api(stage, "POST", "/v1/workspace/new", { name, ...settings })).workspace;
  for (const [file, content] of Object.entries(documents)) {
    const body = new FormData();
    body.append("addToWorkspaces", made.slug);
    body.append("file", new Blob([content]), file);
    const response = await fetch(`${stage.url}/api/v1/document/upload`, { method: "POST", headers: { authorization: `Bearer ${KEY}` }, body });
    const { success, error } = await response.json();
    if (!success || error) throw new Error(`${file}: ${error}`);
  }
  return made.slug;
}

/** A server that speaks OpenAI's language: `say` has what it answers and how fast. */
export async function model() {
  const say = { text: "Hello there.", pause: 0, status: 200, asked: [] };
  const server = http.createServer(async (request, response) => {
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
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const base = `http://127.0.0.1:${server.address().port}/v1`;
  const env = { LLM_PROVIDER: "generic-openai", GENERIC_OPEN_AI_BASE_PATH: base, GENERIC_OPEN_AI_MODEL_PREF: "mock-large" };
  return { base, say, env, end: () => (server.closeAllConnections(), server.close()) };
}

let shared;
export async function browser() {
  const sandbox = process.getuid?.() === 0 ? ["--no-sandbox"] : [];
  shared ??= await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: sandbox });
  return shared;
}
export const closeBrowser = async () => (await shared?.close(), (shared = undefined));

/** A tab of a browser of its own. `problems` has what its console would show in red, and requests to other origins. */
export async function tab(stage, { key = KEY, path = "", ...options } = {}) {
  const context = await (await browser()).newContext({ viewport: { width: 1280, height: 800 }, reducedMotion: "reduce", ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(10_000);
  const problems = [];
  page.on("console", (message) => message.type() === "error" && !/status of 4\d\d|ERR_CONNECTION|ERR_INCOMPLETE|ERR_EMPTY/.test(message.text()) && problems.push(message.text()));
  page.on("pageerror", (error) => problems.push(String(error.stack)));
  page.on("request", (request) => {
    const { origin, protocol } = new URL(request.url());
    if (protocol.startsWith("http") && origin !== new URL(stage.url).origin) problems.push(`a request to ${origin}`);
  });
  // The address of a key is seen once; then it is gone from the bar.
  await page.goto(`${stage.url}/${key ? `#token=${key}` : ""}`);
  if (key) await page.locator("nav.side").waitFor({ state: "attached" });
  if (path) await page.goto(`${stage.url}/${path}`);
  return { page, problems, context, close: () => context.close(), ...parts(page) };
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
    /** Asks, and waits until the answer is complete. */
    ask: async (text) => {
      const before = await page.locator("article").count();
      await question.fill(text);
      await send.click();
      await page.locator("article").nth(before).locator('.answer[aria-busy="false"]').waitFor();
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
