// Haversack behind a port, for the suite in Rust: `node server.mjs` with its store in memory, `node server.mjs chromium` in
// a real browser with IndexedDB. Settings are in HAVERSACK_SETTINGS (JSON), a valid key in HAVERSACK_API_KEY; it prints
// its address, and ends with its standard input.

import http from "node:http";
import { openLocal } from "../../pkg/src/local.js";
import { launch, site } from "./chromium/stage.mjs";

const env = JSON.parse(process.env.HAVERSACK_SETTINGS ?? "{}");
const common = { env, allowPrivateAddresses: true, operator: false };

/** The engine in a page, whose answers come whole. */
async function inChromium() {
  const stage = await site();
  // The mock allows no page to ask it.
  const browser = await launch(["--disable-web-security"]);
  const context = await browser.newContext({ bypassCSP: true, timezoneId: "UTC" });
  const page = await context.newPage();
  await page.goto(`${stage.origin}/pages/engine.html`);
  await page.evaluate((options) => window.opened(options), { ...common, store: "indexeddb" });
  return {
    async call({ body, ...call }) {
      const answer = await page.evaluate((sent) => window.call(sent), { ...call, body: Buffer.from(body).toString("base64") });
      const pieces = [Buffer.from(answer.body, "base64")];
      return { ...answer, next: async () => pieces.shift(), cancel() {} };
    },
    close: () => browser.close(),
  };
}

const engine = process.argv[2] === "chromium" ? await inChromium() : await openLocal({ ...common, store: "memory", utcOffset: () => 0 });

async function whole(answer) {
  const pieces = [];
  for (let piece; (piece = await answer.next()); ) pieces.push(piece);
  return Buffer.concat(pieces);
}

const key = await engine.call({
  method: "POST",
  path: "/api/system/generate-api-key",
  query: "",
  headers: [["content-type", "application/json"]],
  body: Buffer.from(JSON.stringify({ name: "suite", secret: process.env.HAVERSACK_API_KEY })),
  operator: true,
});
if (key.status !== 200) throw new Error(`no key: ${await whole(key)}`);
await whole(key);

/** Pairs of name and value, as they were sent. */
function pairs(raw) {
  return Array.from({ length: raw.length / 2 }, (_, i) => [raw[2 * i].toLowerCase(), raw[2 * i + 1]]);
}

const server = http.createServer(async (request, response) => {
  const pieces = [];
  for await (const piece of request) pieces.push(piece);
  const [path, query = ""] = request.url.split(/\?(.*)/s);
  const { method, rawHeaders } = request;
  const answer = await engine.call({ method, path, query, headers: pairs(rawHeaders), body: Buffer.concat(pieces) });
  response.on("close", () => answer.cancel());
  answer.headers.forEach(([name, value]) => response.appendHeader(name, value));
  response.writeHead(answer.status);
  for (let piece; (piece = await answer.next()); ) {
    if (!response.write(piece)) await new Promise((resolve) => response.once("drain", resolve).once("close", resolve));
  }
  response.end();
});
server.keepAliveTimeout = 1000;
server.listen(0, "127.0.0.1", () => console.log(`127.0.0.1:${server.address().port}`));
process.stdin.on("end", () => engine.close().finally(() => process.exit(0))).resume();
