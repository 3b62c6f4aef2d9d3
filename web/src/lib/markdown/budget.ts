// Limits of drawing Markdown. All of them count characters and marks, never time: the same text is drawn the same way on
// every machine. What is beyond them is shown as plain text.

/** Characters of one answer that are laid out; the rest is plain text. */
export const LAID_OUT_MAX = 300_000;
/** Characters of one answer that are shown at all; copying and exporting give the whole. */
export const SHOWN_MAX = 2_000_000;
/** Blocks of one answer that are laid out. */
export const BLOCKS_MAX = 5_000;
/** Characters that are cut into blocks at a time. The lexer takes a time that grows with the square of this. */
export const WINDOW = 16_000;
/** Characters of plain text in one element. */
export const PIECE = 8_000;
/** Quotes and lists inside each other. */
export const NESTING_MAX = 40;
/** Cells of tables in one window. A short row counts as wide as its table: the lexer fills it up. */
export const CELLS_MAX = 5_000;
/** What reading the marks of one block may cost, see `inlineCost`. */
export const INLINE_MAX = 3_000_000;

const CONTAINERS = /^(?:[ \t]*(?:>|[-*+](?=[ \t]|$)|\d{1,9}[.)](?=[ \t]|$)))+/;
const DELIMITERS = /^[\s>*+\-\d.)|:]+$/;

/** How many quotes and lists a line can open or go on with, at most. */
export function nesting(line: string): number {
  const front = CONTAINERS.exec(line)?.[0] ?? "";
  const quotes = occurrences(front, ">");
  const spaces = occurrences(front, "> ");
  // A list takes two columns, its mark and a space, or an indentation of two.
  return quotes + Math.ceil((front.length - quotes - spaces) / 2);
}

export interface Span {
  start: number;
  end: number;
}

/** The first paragraph of `text` that nests too deeply, or is part of too large a table. A paragraph is what stands between blank lines. */
export function beyond(text: string): Span | null {
  let start = 0;
  let columns = 0;
  let cells = 0;
  let over = false;
  for (let at = 0; at < text.length; ) {
    const found = text.indexOf("\n", at);
    const end = found < 0 ? text.length : found + 1;
    const line = text.slice(at, found < 0 ? end : found);
    if (/^ *$/.test(line)) {
      if (over) return { start, end: at };
      start = end;
      columns = 0;
    } else {
      if (line.includes("-") && DELIMITERS.test(line)) columns = Math.max(columns, occurrences(line, "|") + 1);
      cells += columns;
      over ||= cells > CELLS_MAX || nesting(line) > NESTING_MAX;
    }
    at = end;
  }
  return over ? { start, end: text.length } : null;
}

/** What it costs to read the marks of a paragraph: each of them may look through all of it. */
export function inlineCost(text: string): number {
  let marks = 1;
  for (let n = 0; n < text.length; n++) marks += isMark(text.charCodeAt(n)) ? 1 : 0;
  return 300 + text.length * marks;
}

/** Punctuation, apart from commas and full stops; also line breaks. */
function isMark(code: number): boolean {
  const letter = (code >= 48 && code <= 57) || (code >= 65 && code <= 90) || (code >= 97 && code <= 122);
  return code < 128 && !letter && code !== 32 && code !== 44 && code !== 46;
}

/** `text` in pieces that an element can hold each, cut after a line where there is one. */
export function plainPieces(text: string): string[] {
  const pieces: string[] = [];
  for (let at = 0; at < text.length; ) {
    const line = text.lastIndexOf("\n", at + PIECE - 1);
    const end = at + PIECE >= text.length ? text.length : line > at ? line + 1 : at + PIECE;
    pieces.push(text.slice(at, end));
    at = end;
  }
  return pieces;
}

function occurrences(text: string, character: string): number {
  let found = 0;
  for (let at = text.indexOf(character); at >= 0; at = text.indexOf(character, at + 1)) found += 1;
  return found;
}
