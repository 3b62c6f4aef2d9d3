// The numbers in an answer that name its sources. A source's number is its place in the list, from 1.
//
// Models write them in several ways: [1], [1, 2], [1-3], [^1], 【1】. All of them are read here, in one place, for the page, for
// copies and for exports.

const NUMBER = String.raw`\^?\d{1,3}`;
const LIST = String.raw`\s?${NUMBER}(?:\s?[,;、，；–—−-]\s?${NUMBER}){0,20}\s?`;
/** A marker. A link, `[1](address)`, is none. What some models write behind a dagger is no part of the number. */
const MARKER = String.raw`(?:[\[［](${LIST})[\]］](?!\()|【(${LIST})(?:†[^】\n]{0,200})?】)`;

const AT_START = new RegExp(`^${MARKER}`);
const ANYWHERE = /[[［【]\s?\^?\d/;
/** Code, which is left as it is, or a marker with the space before it. */
const CODE_OR_MARKER = new RegExp(String.raw`\`\`\`[\s\S]*?(?:\`\`\`|$)|~~~[\s\S]*?(?:~~~|$)|\`[^\`\n]*\`|([ \t]{0,3})${MARKER}`, "g");

/** A marker in a text, and the numbers it names. */
export interface Marker {
  raw: string;
  numbers: number[];
}

/** The marker with which `text` begins. */
export function markerAt(text: string): Marker | null {
  const found = AT_START.exec(text);
  const numbers = found ? numbersIn(found[1] ?? found[2] ?? "") : null;
  return found && numbers ? { raw: found[0], numbers } : null;
}

/** Where the next marker may begin; -1 if nowhere. */
export const nextMarker = (text: string): number => text.search(ANYWHERE);

/** The numbers of a list such as `1, 3-5`; null for one that is none, such as the interval `0, 1`. */
function numbersIn(list: string): number[] | null {
  const numbers: number[] = [];
  for (const [, first, last] of list.matchAll(/(\d+)(?:\s?[–—−-]\s?\^?(\d+))?/g)) {
    const ends = [Number(first), Number(last ?? first)];
    for (let n = Math.min(...ends); n <= Math.max(...ends); n++) numbers.push(n);
  }
  return numbers.includes(0) && numbers.length > 1 ? null : numbers;
}

/** Whether the space before a marker that is left out goes with it, by what follows. */
export const takesSpace = (following: string): boolean => following === "" || /^[\s\p{P}]/u.test(following);

/** An answer with its markers in one form, `[1][2]`, without those that name none of its sources. */
export function withMarkers(text: string, sources: number): string {
  return text.replace(CODE_OR_MARKER, (whole: string, ...groups: (string | number | undefined)[]) => {
    const [space, list, other] = groups.slice(0, 3) as (string | undefined)[];
    const numbers = numbersIn(list ?? other ?? "");
    if (space === undefined || numbers === null) return whole;
    const named = numbers.filter((n) => n >= 1 && n <= sources);
    if (named.length > 0) return space + named.map((n) => `[${n}]`).join("");
    const at = groups.find((group) => typeof group === "number") ?? 0;
    return takesSpace(text.slice(at + whole.length, at + whole.length + 2)) ? "" : space;
  });
}
