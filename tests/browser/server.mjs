// Haversack behind a port, for the suite in Rust: `node server.mjs node 127.0.0.1:3001` with its store in memory,
// `node server.mjs chromium …` in a real browser with IndexedDB. Settings are in HAVERSACK_SETTINGS (JSON), a valid key in
// HAVERSACK_API_KEY.

import { rmSync, writeFileSync } from "node:fs";
import http from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { whole } from "../../pkg/src/http.js";
import { openLocal } from "../../pkg/src/local.js";
import { launch, site } from "./chromium/stage.mjs";

const env = JSON.parse(process.env.HAVERSACK_SETTINGS ?? "{}");
const common = { env, allowPrivateAddresses: true, operator: false };

/** The engine in a page. */
async function inChromium() {
  const files = {};
  const stage = await site(files);
  // The mock allows no page to ask it.
  const browser = await launch(["--disable-web-security"]);
  const context = await browser.newContext({ bypassCSP: true, timezoneId: "UTC" });
  const page = await context.newPage();
  await page.goto(`${stage.origin}/pages/engine.html`);
  await page.evaluate((options) => window.opened(options), { ...common, store: "indexeddb" });
  let last = 0;
  return {
    async call({ body, ...call }) {
      const id = (last += 1);
      // What a page is told goes through strings; a large body is left where it can fetch it.
      const file = join(tmpdir(), `body-${id}`);
      writeFileSync(file, body);
      files[`/body-${id}`] = file;
      const head = await page.evaluate((sent) => window.call(sent), { ...call, id });
      rmSync(file);
      return {
        ...head,
        async next() {
          const piece = await page.evaluate((of) => window.next(of), id);
          return piece === null ? undefined : Buffer.from(piece, "base64");
        },
        cancel: () => page.evaluate((of) => window.cancel(of), id).catch(() => {}),
      };
    },
  };
}

const [place, address] = process.argv.slice(2);
const engine = place === "chromium" ? await inChromium() : await openLocal({ ...common, store: "memory", utcOffset: () => 0 });

const key = await engine.call({
  method: "POST",
  path: "/api/system/generate-api-key",
  query: "",
  headers: [["content-type", "application/json"]],
  body: Buffer.from(JSON.stringify({ name: "suite", secret: process.env.HAVERSACK_API_KEY })),
  operator: true,
});
const made = Buffer.from(await whole(key));
if (key.status !== 200) throw new Error(`no key: ${made}`);

/** Pairs of name and value, as they were sent. */
function pairs(raw) {
  return Array.from({ length: raw.length / 2 }, (_, i) => [raw[2 * i].toLowerCase(), raw[2 * i + 1]]);
}

// Node's own bound is for strangers; how long an address may be, the engine says.
const server = http.createServer({ maxHeaderSize: 2 ** 18 }, async (request, response) => {
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
const [host, port] = address.split(":");
server.listen(Number(port), host);
