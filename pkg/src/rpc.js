// Questions and answers between two threads, over a port; both ends may ask.

import { packed, unpacked } from "./errors.js";

/** Asks over `port`, and answers what the other end asks with `handlers`. */
export class Peer {
  #port;
  #waiting = new Map();
  #last = 0;

  constructor(port, handlers = {}) {
    this.#port = port;
    port.onmessage = ({ data }) => this.#heard(data, handlers);
    port.start?.();
  }

  /** Resolves to the answer. */
  ask(name, value, transfer = []) {
    const id = ++this.#last;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#port.postMessage({ id, name, value }, transfer);
    });
  }

  /** Says something that needs no answer. */
  tell(name, value) {
    this.#port.postMessage({ name, value });
  }

  /** Nobody answers any more. */
  fail(error) {
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }

  async #heard({ id, name, value, error }, handlers) {
    if (name === undefined) {
      const waiting = this.#waiting.get(id);
      this.#waiting.delete(id);
      return error ? waiting?.reject(unpacked(error)) : waiting?.resolve(value);
    }
    if (id === undefined) return handlers[name]?.(value);
    try {
      const answer = await handlers[name](value);
      const bytes = answer instanceof Uint8Array ? answer : answer?.body;
      this.#port.postMessage({ id, value: answer }, bytes ? [bytes.buffer] : []);
    } catch (thrown) {
      this.#port.postMessage({ id, error: packed(thrown) });
    }
    return undefined;
  }
}
