// A text of Markdown that grows: blocks that are complete are drawn once and never again.

import type { Cut } from "./split";

export interface Block {
  key: number;
  text: string;
}

/** Longest pause between two drawings of the open block. */
const PAUSE_MS = 60;

let tools: { cut(text: string): Cut; split(text: string): string[] } | null = null;
const loading = import("./split").then((module) => (tools = module));

export class Blocks {
  done: Block[] = $state.raw([]);
  /** The block that may still grow. */
  open = $state("");
  #text = "";
  #pending = "";
  #timer: ReturnType<typeof setTimeout> | null = null;
  #keys = 0;
  #cost = 0;

  get text(): string {
    return this.#text;
  }

  /** Adds to the end. What is drawn follows within a moment. */
  append(text: string): void {
    this.#text += text;
    this.#pending += text;
    // A block that is expensive to draw is drawn less often, so that there is always time for typing.
    this.#timer ??= setTimeout(() => this.#settle(), Math.min(600, Math.max(PAUSE_MS, this.#cost * 6)));
  }

  /** Nothing more comes. */
  finish(): void {
    this.#settle();
    if (!this.open) return;
    this.#add(tools ? tools.split(this.open) : [this.open]);
    this.open = "";
  }

  /** Another text in place of this one. */
  set(text: string): void {
    this.#cancel();
    this.#text = text;
    this.#pending = "";
    this.open = "";
    this.done = [];
    if (tools) this.#add(tools.split(text));
    else void loading.then((found) => this.#text === text && this.done.length === 0 && this.#add(found.split(text)));
  }

  #settle(): void {
    this.#cancel();
    if (!this.#pending) return;
    const started = performance.now();
    const text = this.open + this.#pending;
    this.#pending = "";
    const { done, open } = tools ? tools.cut(text) : { done: [], open: text };
    if (done.length > 0) this.#add(done);
    this.open = open;
    this.#cost = performance.now() - started;
  }

  #add(texts: string[]): void {
    this.done = [...this.done, ...texts.map((text) => ({ key: ++this.#keys, text }))];
  }

  #cancel(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }
}
