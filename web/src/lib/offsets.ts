// The API counts places of chunks and pages in bytes of UTF-8, those of citations in UTF-16 units, as a page does.

import { stemsOf, type Span } from "./sentences";

/** The places in `text` of byte offsets, in the order they were given. Offsets within a character go to its start. */
export function unitsOf(text: string, offsets: number[]): number[] {
  const order = offsets.map((offset, n) => ({ offset, n })).sort((a, b) => a.offset - b.offset);
  const found = new Array<number>(offsets.length).fill(0);
  let bytes = 0;
  let unit = 0;
  for (const { offset, n } of order) {
    while (unit < text.length) {
      const code = text.codePointAt(unit) ?? 0;
      const width = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
      if (bytes + width > offset) break;
      bytes += width;
      unit += code < 0x10000 ? 1 : 2;
    }
    found[n] = unit;
  }
  return found;
}

/** A part of a text that is drawn in one way. */
export interface Segment {
  start: number;
  end: number;
  /** Chunks that hold it, by number from 0. */
  chunks: number[];
  marked: boolean;
  /** The page that begins with it. */
  page: number | null;
}

/** Cuts a text of `length` at every place where something begins or ends. All in UTF-16 units. */
export function segments(length: number, chunks: Span[], pages: (Span & { page: number })[], mark: Span | null): Segment[] {
  const cuts = new Set<number>([0, length]);
  for (const { start, end } of [...chunks, ...(mark ? [mark] : [])]) cuts.add(start).add(end);
  for (const { start } of pages) cuts.add(start);
  const places = [...cuts].filter((at) => at >= 0 && at <= length).sort((a, b) => a - b);
  const starts = new Map(pages.map(({ start, page }) => [start, page]));
  const found: Segment[] = [];
  let first = 0;
  for (let n = 0; n + 1 < places.length; n++) {
    const [start = 0, end = 0] = places.slice(n, n + 2);
    while (first < chunks.length && (chunks[first]?.end ?? 0) <= start) first += 1;
    const holding: number[] = [];
    for (let c = first; c < chunks.length && (chunks[c]?.start ?? 0) < end; c++) if ((chunks[c]?.end ?? 0) >= end) holding.push(c);
    const marked = mark !== null && mark.start <= start && end <= mark.end;
    found.push({ start, end, chunks: holding, marked, page: starts.get(start) ?? null });
  }
  return found;
}

/** Words of a question worth looking for in a passage; a match may go on after the word's stem. */
export function wordPattern(words: string): RegExp | null {
  const stems = stemsOf(words).filter((stem) => stem.anywhere || stem.text.length > 2).slice(0, 40);
  const begins = stems.filter((stem) => !stem.anywhere).map((stem) => stem.text);
  const anywhere = stems.filter((stem) => stem.anywhere).map((stem) => stem.text);
  const forms = [
    ...(begins.length > 0 ? [`(?<![\\p{L}\\p{M}\\p{N}])(?:${begins.join("|")})[\\p{L}\\p{M}\\p{N}]*`] : []),
    ...(anywhere.length > 0 ? [anywhere.join("|")] : []),
  ];
  return forms.length > 0 ? new RegExp(forms.join("|"), "giu") : null;
}

/** A part cut where marks begin and end. Marks are in order, and do not overlap. */
export function runs(part: Span, marks: Span[]): (Span & { close: boolean })[] {
  const found: (Span & { close: boolean })[] = [];
  let at = part.start;
  for (const mark of marks) {
    const start = Math.max(mark.start, at);
    const end = Math.min(mark.end, part.end);
    if (start >= end) continue;
    if (start > at) found.push({ start: at, end: start, close: false });
    found.push({ start, end, close: true });
    at = end;
  }
  if (at < part.end) found.push({ start: at, end: part.end, close: false });
  return found;
}

/** `text` in pieces, those that match the pattern told apart. */
export function pieces(text: string, pattern: RegExp | null): { text: string; hit: boolean }[] {
  if (!pattern) return [{ text, hit: false }];
  const out: { text: string; hit: boolean }[] = [];
  let at = 0;
  for (const match of text.matchAll(pattern)) {
    if (match.index > at) out.push({ text: text.slice(at, match.index), hit: false });
    out.push({ text: match[0], hit: true });
    at = match.index + match[0].length;
  }
  if (at < text.length) out.push({ text: text.slice(at), hit: false });
  return out;
}
