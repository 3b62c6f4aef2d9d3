// A text of Markdown that grows: blocks that are complete are drawn once and never again.

import { BLOCKS_MAX, LAID_OUT_MAX, plainPieces, PIECE, SHOWN_MAX, WINDOW } from "./budget";
import { inSlices } from "./slices";
import type { Cut, Part, Step } from "./split";

export interface Block extends Part {
  key: number;
}

/** Longest pause between two drawings of the open block. */
const PAUSE_MS = 60;
/** An open block longer than this is drawn again when it has grown by a sixteenth: all drawings together stay linear. */
const REDRAWN_MAX = 4_000;

let tools: { cut(text: string): Cut; step(text: string, at: number, whole: boolean): Step } | null = null;
const loading = import("./split").then((module) => (tools = module));

export class Blocks {
  done: Block[] = $state.raw([]);
  /** The block that may still grow. */
  open = $state("");
  /** What came after the open block was last drawn. */
  tail = $state("");
  /** What is beyond the limits of the layout, in pieces. */
  rest: string[] = $state.raw([]);
  /** Whether there is more than is shown. */
  cutOff = $state(false);
  #text = "";
  #pending = "";
  #timer: ReturnType<typeof setTimeout> | null = null;
  #keys = 0;
  /** Characters that may still be laid out, and shown beyond that. */
  #layout = LAID_OUT_MAX;
  #shown = SHOWN_MAX - LAID_OUT_MAX;
  /** Nothing more is laid out. */
  #full = false;
  /** Changes when another text takes the place of this one. */
  #version = 0;

  get text(): string {
    return this.#text;
  }

  /** Whether some of it is shown without layout. */
  get plain(): boolean {
    return this.rest.length > 0 || this.done.some((block) => block.plain);
  }

  /** Adds to the end. What is drawn follows within a moment. */
  append(text: string): void {
    this.#text += text;
    this.#pending += text;
    this.#timer ??= setTimeout(() => this.#settle(), PAUSE_MS);
  }

  /** Nothing more comes. */
  finish(): void {
    this.#cancel();
    const room = this.#full ? 0 : Math.max(0, this.#layout - this.open.length - this.tail.length);
    const within = this.#pending.slice(0, room);
    const over = this.#pending.slice(within.length);
    const last = this.open + this.tail + within;
    this.open = this.tail = this.#pending = "";
    this.#fill(last, 0);
    this.#addRest(over);
  }

  /** Another text in place of this one. */
  set(text: string): void {
    this.#cancel();
    this.#version += 1;
    this.#text = text;
    this.#pending = "";
    this.open = this.tail = "";
    this.done = [];
    this.rest = [];
    this.cutOff = false;
    this.#full = false;
    this.#layout = LAID_OUT_MAX;
    this.#shown = SHOWN_MAX - LAID_OUT_MAX;
    this.#fill(text.slice(0, LAID_OUT_MAX), 0);
    this.#addRest(text.slice(LAID_OUT_MAX));
  }

  /** Adds the blocks of `text` from `at` on, a window at a time. */
  #fill(text: string, at: number): void {
    if (at >= text.length) return;
    const version = this.#version;
    const work = () => {
      if (!tools || version !== this.#version) return;
      const found = tools.step(text, at, true);
      this.#add(found.parts);
      this.#fill(text, found.at);
    };
    const size = Math.min(WINDOW, text.length - at);
    if (tools) inSlices(size, work);
    else void loading.then(() => inSlices(size, work));
  }

  #settle(): void {
    this.#cancel();
    if (!this.#pending) return;
    // A large piece takes several turns.
    const taken = this.#pending.slice(0, 2 * WINDOW);
    this.#pending = this.#pending.slice(taken.length);
    if (this.#pending) this.#timer = setTimeout(() => this.#settle(), PAUSE_MS);
    const room = this.#full ? 0 : Math.max(0, this.#layout - this.open.length - this.tail.length);
    const within = taken.slice(0, room);
    this.tail += within;
    const enough = this.open.length < REDRAWN_MAX ? 1 : this.open.length / 16;
    if (this.tail.length >= enough) {
      const text = this.open + this.tail;
      const { done, open } = tools ? tools.cut(text) : { done: [], open: text };
      this.open = open;
      this.tail = "";
      this.#add(done);
    }
    if (within.length === taken.length) return;
    // At the limit the open block does not grow any more.
    const last = this.open + this.tail;
    this.open = this.tail = "";
    this.#full = true;
    if (this.#layout > 0) this.#fill(last, 0);
    else this.#addRest(last);
    this.#addRest(taken.slice(within.length));
  }

  #add(parts: Part[]): void {
    if (parts.length === 0) return;
    const kept = parts.slice(0, Math.max(0, BLOCKS_MAX - this.done.length));
    this.done = [...this.done, ...kept.map((part) => ({ key: ++this.#keys, ...part }))];
    for (const { text } of kept) this.#layout -= text.length;
    if (kept.length === parts.length) return;
    this.#layout = 0;
    this.#addRest(parts.slice(kept.length).map((part) => part.text).join(""));
  }

  #addRest(text: string): void {
    this.cutOff ||= text.length > this.#shown;
    const shown = text.slice(0, Math.max(0, this.#shown));
    this.#shown -= shown.length;
    if (!shown) return;
    const last = this.rest.at(-1) ?? "";
    const open = last.length < PIECE ? last : "";
    this.rest = [...(open ? this.rest.slice(0, -1) : this.rest), ...plainPieces(open + shown)];
  }

  #cancel(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }
}
