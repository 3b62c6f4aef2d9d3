// The app as a static site, with the engine in the tab: a service worker answers what a server would.
// `npm run site`, after `cargo xtask build browser` and `npm run build`; it is in dist/site then.

import { cpSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { join } from "node:path";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const out = process.argv[2] ?? here("dist/site");
const pkg = process.env.HAVERSACK_PKG ?? here("../pkg");

// A static server sends no policy of its own. The engine itself runs in the worker, which this does not bind.
const POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; frame-src 'self'; worker-src 'self'; form-action 'none'; base-uri 'none'";

rmSync(out, { recursive: true, force: true });
cpSync(here("dist/app"), out, { recursive: true, filter: (path) => !path.endsWith(".br") });
for (const part of ["src", "wasm"]) cpSync(join(pkg, part), join(out, "haversack", part), { recursive: true });
const page = readFileSync(join(out, "index.html"), "utf8");
const head = `<meta http-equiv="content-security-policy" content="${POLICY}">\n    <meta name="haversack-host" content="service-worker">\n    `;
writeFileSync(join(out, "index.html"), page.replace('<meta name="viewport"', `${head}<meta name="viewport"`));
writeFileSync(
  join(out, "sw.js"),
  `import { serve } from "./haversack/src/service-worker.js";\n\nserve({ store: "indexeddb", offline: true });\n`,
);
console.log(`${readdirSync(out).length} entries in ${out}`);
