// The API counts places in a text in bytes of UTF-8, a page in UTF-16 units.

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

export interface Span {
  start: number;
  end: number;
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

const COMMON = new Set(
  "the a an is in of to on it at by or be we he she no do so if as and for are was were with that this from what which when where who how why does did has have had not but you your can could would should about into than then there their they them its all any our out more most some such only over also been being will may one two der die das und ist wie was wer ein eine les des une est que qui".split(" "),
);

function stemsOf(text: string): string[] {
  const found = text.toLowerCase().match(/[\p{L}\p{N}]{2,}/gu) ?? [];
  return found.filter((word) => !COMMON.has(word)).map((word) => (word.length > 5 ? word.replace(/(ing|ed|es|s)$/, "") : word));
}

/** Words of a question worth looking for in a passage; a match may go on after the word's stem. */
export function wordPattern(words: string): RegExp | null {
  const stems = [...new Set(stemsOf(words))].filter((stem) => stem.length > 2);
  if (stems.length === 0) return null;
  return new RegExp(`(?<![\\p{L}\\p{N}])(?:${stems.slice(0, 40).join("|")})[\\p{L}\\p{N}]*`, "giu");
}

/** The sentences of a text, each with the space behind it. */
export function sentences(text: string): string[] {
  const found: string[] = [];
  let start = 0;
  // Each character is looked at once: there is no going back over a long row of dots.
  for (const { 0: run, index } of text.matchAll(/[.!?]+|\s+/g)) {
    const end = index + run.length;
    const space = run.trim() === "";
    if (!space && end < text.length) continue;
    if (space && !run.includes("\n") && !/[.!?]/.test(text[index - 1] ?? "")) continue;
    found.push(text.slice(start, end));
    start = end;
  }
  if (start < text.length) found.push(text.slice(start));
  return found;
}

/** Which sentences are close to what `about` says: they share the most words with it. */
export function closest(parts: string[], about: string): boolean[] {
  const words = new Set(stemsOf(about));
  const scores = parts.map((part) => {
    const stems = new Set(stemsOf(part));
    const shared = [...stems].filter((stem) => words.has(stem)).length;
    return { shared, part: shared / Math.max(1, stems.size) };
  });
  const best = Math.max(0, ...scores.map(({ shared }) => shared));
  return scores.map(({ shared, part }) => shared >= 2 && (shared >= best * 0.7 || part >= 0.8));
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
