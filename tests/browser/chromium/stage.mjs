// What the tests play on: a static site with the package on it, under a strict policy, and Debian's Chromium.

import { createReadStream, mkdirSync, statSync } from "node:fs";
import http from "node:http";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const REPOSITORY = fileURLToPath(new URL("../../../", import.meta.url));
const OUT = fileURLToPath(new URL("../../out/browser/", import.meta.url));

/** Folders of the site. */
const FOLDERS = {
  "/haversack/": join(REPOSITORY, "pkg"),
  "/node_modules/": join(REPOSITORY, "tests/browser/node_modules"),
  "/pages/": join(REPOSITORY, "tests/browser/chromium/pages"),
  "/bench/": join(REPOSITORY, "tests/browser/bench/pages"),
  "/pkg/": join(REPOSITORY, "pkg"),
  "/examples/": join(REPOSITORY, "examples"),
};

const TYPES = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".mjs": "text/javascript",
  ".css": "text/css",
  ".json": "application/json",
  ".svg": "image/svg+xml",
  ".wasm": "application/wasm",
};

/** All that the package needs, and nothing else: what `docs/browser.md` tells people to set. */
export const POLICY = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'; worker-src 'self'; base-uri 'none'";

/** For pages whose own libraries need more. */
const LOOSE = "default-src 'self' blob: 'unsafe-eval'; worker-src 'self' blob:";

/** Serves the folders; `files` are further ones by their address. */
export function site(files = {}) {
  const server = http.createServer((request, response) => {
    const url = new URL(request.url, "http://site");
    const file = files[url.pathname] ?? located(url.pathname);
    let size;
    try {
      size = statSync(file).size;
    } catch {
      return response.writeHead(404).end();
    }
    response.setHeader("content-type", TYPES[extname(file)] ?? "application/octet-stream");
    response.setHeader("content-length", size);
    response.setHeader("cache-control", "no-cache");
    response.setHeader("content-security-policy", url.searchParams.has("loose") ? LOOSE : POLICY);
    if (url.searchParams.has("sandbox")) response.setHeader("content-security-policy", `${POLICY}; sandbox allow-scripts`);
    // A sandboxed page has no origin of its own.
    response.setHeader("access-control-allow-origin", "*");
    if (url.pathname.endsWith("/sw.js")) response.setHeader("service-worker-allowed", "/");
    return createReadStream(file).pipe(response);
  });
  return new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve({
    // A name rather than an address: some of what pages may do depends on it.
    origin: `http://localhost:${server.address().port}`,
    close() {
      server.close();
      server.closeAllConnections();
    },
  })));
}

function located(path) {
  const clean = normalize(decodeURIComponent(path));
  const root = Object.keys(FOLDERS).find((folder) => clean.startsWith(folder));
  const inside = root && join(FOLDERS[root], clean.slice(root.length));
  return inside?.endsWith("/") ? `${inside}index.html` : (inside ?? "/nowhere");
}

/** Chromium. What its contexts store is in memory, as in a private window. */
export function launch(args = []) {
  return chromium.launch(options(args));
}

/** Chromium as people have it: what is stored is in files of `folder`. */
export function launchProfile(folder, args = []) {
  return chromium.launchPersistentContext(folder, options(args));
}

/** Without a sandbox where that cannot be had. */
function options(args) {
  const sandbox = process.getuid?.() === 0 ? ["--no-sandbox"] : [];
  return { executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: [...sandbox, ...args] };
}

/** A tab on a page of the site; `problems` collects what its console would show. */
export async function tabOf(context, address) {
  const tab = await context.newPage();
  const problems = [];
  tab.on("console", (message) => ["error", "warning"].includes(message.type()) && problems.push(message.text()));
  tab.on("pageerror", (error) => problems.push(String(error)));
  await tab.goto(address);
  return { tab, problems };
}

/** A picture for whoever looks: `tests/out/browser/NAME.png`. */
export async function picture(tab, name) {
  mkdirSync(OUT, { recursive: true });
  await tab.screenshot({ path: join(OUT, `${name}.png`) });
}
