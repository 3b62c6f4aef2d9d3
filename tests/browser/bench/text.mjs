// Real text to measure with: the sources and manuals of crates, as cargo has unpacked them here.

import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

const FILE_BYTES_MAX = 200_000;

/** Writes a text of at least `bytes` bytes to `file`: the same each time, but not on machines that built other things. */
export function gather(bytes, file) {
  const root = join(process.env.CARGO_HOME ?? join(homedir(), ".cargo"), "registry/src");
  const names = readdirSync(root, { recursive: true }).filter((name) => /\.(md|rs)$/.test(name));
  // By chance, so that any part of it is about everything; the same each time.
  const chance = new Map(names.map((name) => [name, createHash("sha1").update(name).digest("hex")]));
  names.sort((a, b) => (chance.get(a) < chance.get(b) ? -1 : 1));
  const parts = [];
  let size = 0;
  for (const name of names) {
    const path = join(root, name);
    if (size >= bytes) break;
    if (!statSync(path).isFile() || statSync(path).size > FILE_BYTES_MAX) continue;
    parts.push(readFileSync(path));
    size += parts.at(-1).length;
  }
  if (size < bytes) throw new Error(`${root} has only ${size} bytes of text; measure less with BENCH_CHUNKS`);
  writeFileSync(file, Buffer.concat(parts));
}
