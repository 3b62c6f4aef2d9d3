// Makes docs.hvs, the bundle of the demo, from the documentation of this repository: `node bundle.mjs [FILE…]`.

import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import { Haversack } from "../../pkg/src/index.js";

const docs = new URL("../../docs/", import.meta.url);
const named = process.argv.slice(2);
const files = named.length > 0 ? named : readdirSync(docs).filter((name) => name.endsWith(".md")).map((name) => fileURLToPath(new URL(name, docs)));

const haversack = await Haversack.open({ store: "memory" });
for (const file of files) await haversack.add({ name: basename(file), data: readFileSync(file) }, { workspace: "documentation" });
const bundle = Buffer.from(await (await haversack.export("documentation")).arrayBuffer());
writeFileSync(new URL("docs.hvs", import.meta.url), bundle);
console.log(`docs.hvs: ${files.length} documents, ${Math.round(bundle.length / 1000)} kB`);
