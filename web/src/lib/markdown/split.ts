// Cutting a growing text where what stands before the cut cannot change any more.

import { Lexer } from "marked";
import { beyond, WINDOW } from "./budget";

export interface Part {
  text: string;
  /** It is beyond a limit of the layout: to be shown as it is. */
  plain: boolean;
}

export interface Cut {
  /** Blocks that are complete, in order. */
  done: Part[];
  /** What may still grow. */
  open: string;
}

/** What one window gave. */
export interface Step {
  parts: Part[];
  /** Where the next window begins. */
  at: number;
  /** What follows is one block that may still grow. */
  open: boolean;
}

/** Takes the complete blocks of Markdown off the front of `text`. A block is complete when another one follows. */
export function cut(text: string): Cut {
  return all(text, false);
}

/** The blocks of a text, which joined are the text. */
export function split(text: string): Part[] {
  return all(text, true).done;
}

function all(text: string, whole: boolean): Cut {
  const done: Part[] = [];
  let at = 0;
  for (let open = false; !open && at < text.length; ) {
    const found = step(text, at, whole);
    done.push(...found.parts);
    ({ at, open } = found);
  }
  return { done, open: text.slice(at) };
}

/** The blocks of one window of `text`, which begins at `at`. Nothing comes after a text that is `whole`. */
export function step(text: string, at: number, whole: boolean): Step {
  const code = fenced(text, at);
  if (code === text.length && !whole) return { parts: [], at, open: true };
  if (code > 0) return { parts: [{ text: text.slice(at, code), plain: false }], at: code, open: false };
  const bad = beyond(text.slice(at, at + WINDOW));
  if (bad?.start === 0) return { parts: [{ text: text.slice(at, at + bad.end), plain: true }], at: at + bad.end, open: false };
  const end = bad ? at + bad.start : Math.min(at + WINDOW, text.length);
  const blocks = lexed(text.slice(at, end));
  const last = blocks.at(-1) ?? "";
  const more = !bad && end < text.length;
  const open = !bad && !whole && !more;
  // The last block of a window may go on in the next one; a block as long as the window is cut at a line.
  if (more && blocks.length === 1) blocks[0] = firstLines(last);
  else if (more || open) blocks.pop();
  const parts = blocks.map((block) => ({ text: block, plain: false }));
  return { parts, at: at + parts.reduce((sum, part) => sum + part.text.length, 0), open };
}

/** Where the block of code ends that begins at `at`; 0 if there is none. It is found without the lexer, for it may be long. */
function fenced(text: string, at: number): number {
  const front = /(?:[ \t]*\n)* {0,3}(?:(`{3,})[^`\n]*|(~{3,})[^\n]*)(?:\n|$)/y;
  front.lastIndex = at;
  const found = front.exec(text);
  const fence = found?.[1] ?? found?.[2];
  if (!fence) return 0;
  const close = new RegExp(`^ {0,3}${fence}[~\`]* *$`, "gm");
  close.lastIndex = front.lastIndex;
  if (!close.exec(text)) return text.length;
  // The space behind it belongs to it.
  const space = /(?:[ \t]*\n)*/y;
  space.lastIndex = close.lastIndex;
  space.exec(text);
  return Math.max(close.lastIndex, space.lastIndex);
}

function firstLines(block: string): string {
  return block.slice(0, block.lastIndexOf("\n", block.length - 2) + 1) || block;
}

/** The blocks of a window, as the lexer sees them. */
function lexed(text: string): string[] {
  const starts: number[] = [];
  let at = 0;
  for (const token of new Lexer({ gfm: true }).blockTokens(text, [])) {
    if (token.type === "space") continue;
    // The lexer leaves space out here and there: a block begins where it is found.
    const found = text.indexOf(token.raw, at);
    const start = found < 0 ? at : found;
    starts.push(start);
    at = start + token.raw.length;
  }
  if (starts.length === 0) return text ? [text] : [];
  // Space in front of the first block belongs to it, and all other space to the block before.
  starts[0] = 0;
  return starts.map((start, n) => text.slice(start, starts[n + 1]));
}
