// What one search brought beside another.

import type { Candidate, SearchHit } from "../lib/api";

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

/** What each stage gave this hit, as far as the server says: name and value. */
export function stagesOf(hit: SearchHit, candidates: Candidate[]): [Stage, string][] {
  const found = candidates.find((candidate) => candidate.id === hit.id);
  // Where only one stage took part, the score says it all.
  if (!found || (found.lexicalScore === null && found.fusedScore === null)) return [];
  const stages: [Stage, number | null][] = [["meaning", found.vectorScore], ["words", found.lexicalScore], ["fused", found.fusedScore]];
  return stages.filter(([, value]) => value !== null).map(([name, value]) => [name, (value ?? 0).toFixed(3)]);
}

export type Stage = "meaning" | "words" | "fused";
