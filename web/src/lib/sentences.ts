// Sentences of a passage, and which of them are close to a question. This is for answers that were saved before sources
// named their sentences; sources that do are marked by what they say.

export interface Span {
  start: number;
  end: number;
}

const COMMON = new Set(
  "the a an is in of to on it at by or be we he she no do so if as and for are was were with that this from what which when where who how why does did has have had not but you your can could would should about into than then there their they them its all any our out more most some such only over also been being will may one two der die das und ist wie was wer ein eine les des une est que qui".split(" "),
);

/** Runs of letters of scripts that put no space between words. */
const UNSPACED = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}ー]+/u;

/** A word to look for. One of an unspaced script may stand anywhere; another begins where a word begins. */
export interface Stem {
  text: string;
  anywhere: boolean;
}

/** The words of a text worth comparing: without the most common ones and without endings; pairs of letters where words are not told apart. */
export function stemsOf(text: string): Stem[] {
  const stems = new Map<string, Stem>();
  for (const [word] of text.toLowerCase().matchAll(/[\p{L}\p{M}\p{N}ー]+/gu)) {
    for (const run of word.split(new RegExp(`(${UNSPACED.source})`, "u")).filter(Boolean)) {
      const letters = [...run];
      if (letters.length < 2) continue;
      if (UNSPACED.test(letters[0] ?? "")) {
        for (let n = 0; n + 1 < letters.length; n++) stems.set(letters.slice(n, n + 2).join(""), { text: letters.slice(n, n + 2).join(""), anywhere: true });
      } else if (!COMMON.has(run)) {
        const stem = run.length > 5 ? run.replace(/(ing|ed|es|s)$/, "") : run;
        stems.set(stem, { text: stem, anywhere: false });
      }
    }
  }
  return [...stems.values()];
}

/** A line that begins something of its own: an item, a heading, a row, a quote. */
const OPENS = /^[ \t]*(?:[-*+•–—]|\d{1,3}[.)]|#{1,6}|\||>)(?=\s|\S)/;
const segmenter = new Intl.Segmenter(undefined, { granularity: "sentence" });

/** The sentences of a text, without the space around them. A line that a page broke goes on in the next one. */
export function sentences(text: string): Span[] {
  const found: Span[] = [];
  // Of the same length: what is found in it stands at the same place in the text.
  const joined = text.replace(/\r?\n(?=([^\n]*))/g, (line: string, next: string, at: number) => {
    const before = text.slice(text.lastIndexOf("\n", at - 1) + 1, at);
    const own = next.trim() === "" || before.trim() === "" || OPENS.test(next) || /^[ \t]*(?:#{1,6}\s|\|)/.test(before);
    return own ? line : " ".repeat(line.length);
  });
  for (const { segment, index } of segmenter.segment(joined)) {
    const start = index + (segment.length - segment.trimStart().length);
    const end = index + segment.trimEnd().length;
    if (start < end) found.push({ start, end });
  }
  return found;
}

/** The sentences within `within` that share the most words with `about`. None, if none shares enough. */
export function closest(text: string, within: Span, about: string): Span[] {
  const words = new Set(stemsOf(about).map((stem) => stem.text));
  const least = Math.min(2, words.size);
  if (least === 0) return [];
  const rated = sentences(text.slice(within.start, within.end)).map(({ start, end }) => {
    const span = { start: within.start + start, end: within.start + end };
    const stems = stemsOf(text.slice(span.start, span.end));
    const shared = stems.filter((stem) => words.has(stem.text)).length;
    return { span, shared, part: shared / Math.max(1, stems.length) };
  });
  const best = Math.max(0, ...rated.map(({ shared }) => shared));
  return rated.filter(({ shared, part }) => shared >= least && (shared >= best * 0.7 || part >= 0.8)).map(({ span }) => span);
}
