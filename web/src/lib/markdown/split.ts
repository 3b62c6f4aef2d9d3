// Cutting a growing text where what stands before the cut cannot change any more.

import { Lexer, type Token } from "marked";

export interface Cut {
  /** Blocks that are complete, in order. */
  done: string[];
  /** What may still grow. */
  open: string;
}

/** Takes the complete blocks of Markdown off the front of `text`. A block is complete when another one follows. */
export function cut(text: string): Cut {
  const tokens = blocksOf(text);
  const open = tokens.pop();
  return { done: tokens.map((token) => token.raw), open: open?.raw ?? text };
}

/** The blocks of a text that is complete. */
export function split(text: string): string[] {
  return blocksOf(text).map((token) => token.raw);
}

function blocksOf(text: string): Token[] {
  const blocks: Token[] = [];
  for (const token of new Lexer({ gfm: true }).blockTokens(text, [])) {
    const last = blocks.at(-1);
    // Space belongs to the block before it; a text without any block is one.
    if (token.type === "space" && last) last.raw += token.raw;
    else if (token.type !== "space") blocks.push(token);
  }
  return blocks;
}
