// What the tests play on: embeds on a real server, and the pages of two other origins that carry its script tag.

import http from "node:http";
import { chromium } from "playwright-core";

const SERVER = process.env.HAVERSACK_URL;
const KEY = process.env.HAVERSACK_KEY;
export { SERVER };

/** A call with the key. */
export async function api(method, path, body) {
  const headers = { authorization: `Bearer ${KEY}`, "content-type": "application/json" };
  const response = await fetch(`${SERVER}/api${path}`, { method, headers, body: body && JSON.stringify(body) });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
  return text.startsWith("{") ? JSON.parse(text) : text;
}

/** As strict as a page can be and still use the widget: no styles and no images but its own, no markup from text. */
const POLICY = `default-src 'none'; style-src 'self'; script-src ${SERVER}; connect-src ${SERVER}; base-uri 'none'; `
  + "form-action 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

const STYLE = `body { max-width: 44rem; margin: 3rem auto; padding: 0 1.25rem; font: 17px/1.65 Georgia, serif; color: #222; background: #fff }
h1 { font-size: 2rem; line-height: 1.2 } nav a { margin-right: 1rem }
@media (prefers-color-scheme: dark) { body { color: #ddd; background: #101010 } a { color: #9cf } }`;

const TEXT = "Everything for the garden, delivered by bicycle. We grow most of what we sell behind the shop, and what we "
  + "do not grow we buy from people we know. Ask us about soil, seeds, tools, and what to do about snails.";

/** A page with a script tag of these attributes, or with the element and a script tag that has only an address. */
function page({ src, element, ...data }) {
  const tag = Object.entries(data).map(([name, value]) => ` ${name}="${value.replaceAll('"', "&quot;")}"`).join("");
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Corner Shop</title><link rel="stylesheet" href="/style.css"></head><body><main><h1>Corner Shop</h1>
<nav><a href="#tools">Tools</a><a href="#seeds">Seeds</a></nav>${`<p>${TEXT}</p>`.repeat(4)}</main>
${element ? `<haversack-chat${tag}></haversack-chat><script src="${src}"></script>` : `<script${tag} src="${src}"></script>`}
</body></html>`;
}

/** Serves pages whose tag is given by the query: its origin, and a way to stop. */
function site() {
  const server = http.createServer((request, response) => {
    const url = new URL(request.url, "http://site");
    if (url.pathname === "/style.css") return response.setHeader("content-type", "text/css").end(STYLE);
    if (url.pathname !== "/") return response.writeHead(204).end();
    response.setHeader("content-type", "text/html; charset=utf-8");
    response.setHeader("content-security-policy", POLICY);
    response.end(page(JSON.parse(url.searchParams.get("tag"))));
  });
  return new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve({
    origin: `http://127.0.0.1:${server.address().port}`,
    close: () => server.close(),
  })));
}

/** The stage. */
export async function setUp() {
  const [shop, stranger] = await Promise.all([site(), site()]);
  const { workspace } = await api("POST", "/v1/workspace/new", { name: "Corner Shop", chatMode: "chat" });
  const sandbox = process.getuid?.() === 0 ? ["--no-sandbox"] : [];
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: sandbox });

  /** A fresh embed for pages of the shop; its name. */
  const embed = async (settings = {}) => {
    const body = { workspace_slug: workspace.slug, chat_mode: "chat", allowlist_domains: [shop.origin], ...settings };
    return (await api("POST", "/v1/embed/new", body)).embed.uuid;
  };

  /** A page with the tag of an embed, in a browser of its own. `problems` collects what a console would show. */
  const visit = async (uuid, { origin = shop.origin, tag = {}, script = "haversack-chat.js", ...options } = {}) => {
    const context = await browser.newContext({ viewport: { width: 1100, height: 780 }, ...options });
    const tab = await context.newPage();
    const problems = [];
    tab.on("console", (message) => ["error", "warning"].includes(message.type()) && problems.push(message.text()));
    tab.on("pageerror", (error) => problems.push(String(error)));
    const attributes = {
      "data-embed-id": uuid,
      "data-base-api-url": `${SERVER}/api/embed`,
      "data-assistant-name": "Garden helper",
      ...tag,
      src: `${SERVER}/embed/${script}`,
    };
    if (options.prepare) await tab.addInitScript(options.prepare);
    await tab.goto(`${origin}/?tag=${encodeURIComponent(JSON.stringify(attributes))}`);
    return { tab, problems, close: () => context.close(), ...parts(tab) };
  };

  const tearDown = async () => {
    await browser.close();
    shop.close();
    stranger.close();
  };
  return { shop, stranger, embed, visit, tearDown };
}

/** The widget's parts, found as a person or a screen reader finds them. */
function parts(tab) {
  const window = tab.getByRole("dialog", { name: "Garden helper" });
  return {
    window,
    open: tab.getByRole("button", { name: "Open chat" }),
    field: window.getByRole("textbox", { name: "Your message" }),
    log: window.getByRole("log", { name: "Conversation" }),
    answers: window.locator(".assistant .bubble"),
    status: window.getByRole("status"),
    button: (name) => window.getByRole("button", { name }),
  };
}
