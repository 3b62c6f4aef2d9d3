// Reads one file, and is ended by who started it.

import { extract } from "./extract.js";

onmessage = async ({ data: { module, name, mime, bytes } }) => {
  try {
    const json = await extract(module, name, mime, bytes);
    postMessage({ json }, [json.buffer]);
  } catch (error) {
    const broke = error instanceof WebAssembly.RuntimeError;
    postMessage({ message: broke ? "it broke the reader, which is our mistake." : error.message });
  }
};
