// A long text in parts, the same in a page and in Node.

/** About what one chunk takes of it. */
export const CHUNK_BYTES = 850;

/** Characters at the end that are never given out: questions are made of them. */
const KEPT = 1_000_000;

export class Corpus {
  #text;
  #at = 0;

  constructor(text) {
    this.#text = text;
  }

  /** The next `length` characters. */
  take(length) {
    const end = this.#at + length;
    if (end > this.#text.length - KEPT) throw new Error("the text is too short for so many chunks");
    const part = this.#text.slice(this.#at, end).toWellFormed();
    this.#at = end;
    return part;
  }

  /** Eight words each. Each is asked once: what an earlier answer left in memory is no help. */
  questions(count) {
    const kept = this.#text.slice(-KEPT);
    const step = Math.floor(KEPT / (count + 1));
    return Array.from({ length: count }, (_, i) => kept.slice(i * step, i * step + 2000).match(/[A-Za-z]{3,}/g).slice(1, 9).join(" "));
  }
}
