// What one search brought beside another.

import type { SearchHit } from "../lib/api";

export interface Compared {
  hit: SearchHit;
  /** Its rank before, from 0; `null` if it is new, `undefined` if there is nothing to compare with. */
  before: number | null | undefined;
  /** How its score changed. */
  change: number | null;
}

export function compared(now: SearchHit[], before: SearchHit[] | null): Compared[] {
  return now.map((hit) => {
    if (!before) return { hit, before: undefined, change: null };
    const rank = before.findIndex((old) => old.id === hit.id);
    const old = before[rank];
    return { hit, before: old ? rank : null, change: old ? hit.score - old.score : null };
  });
}

/** The chunk without the header that embedders see. */
export const plain = (text: string): string => text.replace(/^<document_metadata>[\s\S]*?<\/document_metadata>\s*/, "");

/** Names of stages and what they gave, as far as the server explains itself. */
export function stagesOf(hit: SearchHit): [string, string][] {
  const stages = Object.entries(hit.explain ?? {});
  const shown = (value: number | null) => (value === null ? "–" : Number.isInteger(value) ? String(value) : value.toFixed(3));
  return stages.filter(([, value]) => value === null || typeof value === "number").map(([name, value]) => [name, shown(value)]);
}
