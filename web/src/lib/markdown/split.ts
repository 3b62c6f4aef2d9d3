// Cutting a growing text where what stands before the cut cannot change any more.

import { Lexer } from "marked";

export interface Cut {
  /** Blocks that are complete, in order. */
  done: string[];
  /** What may still grow. */
  open: string;
}


/** Takes the complete blocks of Markdown off the front of `text`. A block is complete when another one follows. */
export function cut(text: string): Cut {
  const blocks = split(text);
  const open = blocks.pop() ?? "";
  return { done: blocks, open };
}

/** The blocks of a text, which joined are the text. */
export function split(text: string): string[] {
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
