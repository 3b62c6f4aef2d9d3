// The files that come with this package, wherever it lies.

import { HaversackError } from "./errors.js";

/** The bytes of a file, named as seen from this folder. `options.load` may bring it from elsewhere. */
export async function readFile(path, { load } = {}) {
  const url = new URL(path, import.meta.url);
  return load ? new Uint8Array(await load(url)) : read(url, "is the package's folder wasm/ served?");
}

/** The bytes of a file of the application: as they are, or at an address. */
export async function bytesOf(file, signal) {
  if (file instanceof Uint8Array) return file;
  if (file instanceof Blob) return new Uint8Array(await file.arrayBuffer());
  if (file instanceof ArrayBuffer) return new Uint8Array(file);
  return read(new URL(file, globalThis.location?.href), "is it there?", signal);
}

async function read(url, hint, signal) {
  if (url.protocol === "file:") {
    const { readFile: fromDisk } = await import(/* webpackIgnore: true */ /* @vite-ignore */ "node:fs/promises");
    return new Uint8Array(await fromDisk(url));
  }
  const response = await fetch(url, { signal });
  if (!response.ok) throw new HaversackError(`${url} answered ${response.status}: ${hint}`, { kind: "unavailable" });
  return new Uint8Array(await response.arrayBuffer());
}
