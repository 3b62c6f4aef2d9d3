// What is published, and whether an application in TypeScript can use it.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, symlinkSync, mkdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const PACKAGE = fileURLToPath(new URL("../../../pkg/", import.meta.url));
const CONSUMER = fileURLToPath(new URL("../consumer/", import.meta.url));
const TSC = fileURLToPath(new URL("../node_modules/typescript/bin/tsc", import.meta.url));

test("only what is needed is published, and nothing runs at install", () => {
  const [packed] = JSON.parse(execFileSync("npm", ["pack", "--dry-run", "--json"], { cwd: PACKAGE, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }));
  const folders = new Set(packed.files.map(({ path }) => path.split("/")[0]));
  assert.deepEqual([...folders].sort(), ["LICENSE", "README.md", "package.json", "src", "types", "wasm"]);
  const wasm = packed.files.filter(({ path }) => path.startsWith("wasm/")).map(({ path }) => path.slice(5));
  assert.deepEqual(wasm.sort(), [
    "cl100k.bin", "docs.css", "docs.html", "docs.js", "engine-plain.js", "engine-plain_bg.wasm", "engine.js", "engine_bg.wasm",
    "extract.wasm", "haversack-chat.js", "model.safetensors", "openapi.json", "vocab.txt",
  ]);
  const { scripts, dependencies } = JSON.parse(readFileSync(join(PACKAGE, "package.json"), "utf8"));
  assert.deepEqual([scripts, dependencies], [undefined, undefined]);
});

test("every entry has types that a consumer compiles against", (t) => {
  const folder = mkdtempSync(join(tmpdir(), "haversack-consumer-"));
  t.after(() => rmSync(folder, { recursive: true }));
  mkdirSync(join(folder, "node_modules"));
  symlinkSync(PACKAGE, join(folder, "node_modules/haversack"));
  for (const file of ["app.ts", "tsconfig.json"]) writeFileSync(join(folder, file), readFileSync(join(CONSUMER, file)));
  execFileSync(process.execPath, [TSC, "--project", folder], { stdio: "inherit" });
});
