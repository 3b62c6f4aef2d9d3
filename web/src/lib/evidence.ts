// Which part of a document a source rests on: the passage, the sentences in it, and the pages they stand on.

import type { Citation, DocumentPreview, Source } from "./api";
import { unitsOf } from "./offsets";
import { closest, type Span } from "./sentences";

/** What was found in a document, in UTF-16 units of its text. */
export interface Evidence {
  passage: Span | null;
  /** Sentences, in order. */
  marks: Span[];
  pages: number[];
}

/** A sentence of a source, and where the document has it. */
export interface Quote {
  text: string;
  start: number | null;
  end: number | null;
}

/** What a passage that is opened is known by. */
export interface Wanted {
  /** Bytes of the text. */
  mark: Span | null;
  /** The sentences that the source names; null where it names none, as in answers of older versions. */
  quotes: Quote[] | null;
  /** Pages that the source names. */
  pages: number[];
  /** What to look for where no sentences are named. */
  about: string;
}

/** Characters of a document that are looked through where no passage is known. */
const WHOLE_MAX = 120_000;

/** The sentences that a source names, with their places in the document. */
export function quotesOf(source: Source): Quote[] | null {
  const text = source.text ?? "";
  return source.citations?.map(({ start, end, documentStart, documentEnd }) => ({ text: text.slice(start, end), start: documentStart, end: documentEnd })) ?? null;
}

/** The pages of the sentences that a source names, in order; of its passage where it names none. */
export function pagesOf(source: Source): number[] {
  const cited = pagesOfCitations(source.citations ?? []);
  return cited.length > 0 ? cited : source.page ? [source.page] : [];
}

/** The pages on which these sentences stand, in order. */
export function pagesOfCitations(citations: Citation[]): number[] {
  const pages = new Set<number>();
  for (const { page, pageEnd } of citations) {
    const first = page ?? pageEnd;
    if (first === null || first === undefined) continue;
    // A sentence goes over a few pages at most.
    const last = Math.min(pageEnd ?? first, first + 20);
    for (let n = first; n <= last; n++) pages.add(n);
  }
  return [...pages].sort((a, b) => a - b);
}

export function evidence(document: Pick<DocumentPreview, "text" | "pages">, wanted: Wanted): Evidence {
  const { text } = document;
  const spans = [...document.pages, ...(wanted.mark ? [wanted.mark] : [])];
  const places = unitsOf(text, spans.flatMap(({ start, end }) => [start, end]));
  const units = spans.map((_, n) => ({ start: places[2 * n] ?? 0, end: places[2 * n + 1] ?? 0 }));
  const passage = wanted.mark ? (units.at(-1) ?? null) : null;
  const searched = passage ?? (text.length < WHOLE_MAX ? { start: 0, end: text.length } : null);
  const marks = wanted.quotes ? located(text, wanted.quotes) : searched ? closest(text, searched, wanted.about) : [];
  const shown = marks.length > 0 ? marks : passage ? [passage] : [];
  const pages = document.pages.filter((_, n) => shown.some((span) => meets(span, units[n]))).map(({ page }) => page);
  const named = wanted.pages.length > 0 && (wanted.quotes?.length ?? 0) > 0;
  return { passage, marks, pages: named ? wanted.pages : pages };
}

const meets = (a: Span, b: Span | undefined) => b !== undefined && a.start < b.end && b.start < a.end;

/** Where the quotes stand in the text, in order and without overlaps. One that is no longer there is left out. */
export function located(text: string, quotes: Quote[]): Span[] {
  const found: Span[] = [];
  for (const quote of quotes) {
    const span = place(text, quote);
    if (span) found.push(span);
  }
  found.sort((a, b) => a.start - b.start || a.end - b.end);
  const joined: Span[] = [];
  for (const span of found) {
    const last = joined.at(-1);
    if (last && span.start < last.end) last.end = Math.max(last.end, span.end);
    else joined.push({ ...span });
  }
  return joined;
}

function place(text: string, quote: Quote): Span | null {
  const start = quote.start ?? 0;
  const end = quote.end ?? 0;
  const wanted = quote.text.trim();
  const there = quote.start !== null && Number.isInteger(start) && Number.isInteger(end) && start >= 0 && start < end && end <= text.length;
  if (there && (wanted === "" || text.slice(start, end).trim() === wanted)) return { start, end };
  if (wanted === "") return null;
  // The place is not known, or the document was replaced since: the same words may stand elsewhere, nearest to where they were.
  const before = text.lastIndexOf(wanted, Math.max(0, start));
  const after = text.indexOf(wanted, Math.max(0, start));
  const places = [before, after].filter((at) => at >= 0).sort((a, b) => Math.abs(a - start) - Math.abs(b - start));
  const at = places[0];
  return at === undefined ? null : { start: at, end: at + wanted.length };
}

const HEADER = /^<document_metadata>[\s\S]*?<\/document_metadata>\s*/;

/** The text of a source by itself, for one whose document cannot be opened, with the sentences that it names. */
export function excerptOf(source: Source): { text: string; marks: Span[] } | null {
  const all = source.text ?? "";
  const front = HEADER.exec(all)?.[0].length ?? 0;
  const text = all.slice(front);
  if (!text.trim()) return null;
  const quotes = (source.citations ?? []).map(({ start, end }) => ({ text: all.slice(start, end), start: start - front, end: end - front }));
  return { text, marks: located(text, quotes) };
}
