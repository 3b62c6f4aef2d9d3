// Text that cuts into chunks of about one size, the same everywhere.

/** About what one chunk takes of it. */
export const CHUNK_BYTES = 850;

const WORDS = ("harvest river copper lantern meadow ledger anchor violin granite saddle orchard beacon timber kettle harbour "
  + "pigment bridge marble compass thistle furnace pepper archive glacier ribbon sextant walnut cellar falcon organ").split(" ");

export const QUESTIONS = ["the copper lantern by the river", "who tuned the violin in the orchard", "a ledger of granite and marble", "the falcon over the harbour"];

/** Part `part` of a long text: paragraphs of one chunk each. */
export function text(part, bytes) {
  let state = part * 7919 + 1;
  const next = () => (state = (state * 48271) % 2147483647);
  let all = "";
  while (all.length < bytes) {
    let paragraph = "";
    while (paragraph.length < CHUNK_BYTES - 60) paragraph += `The ${WORDS[next() % 30]} and the ${WORDS[next() % 30]} of ${WORDS[next() % 30]} ${next() % 1000}. `;
    all += `${paragraph}\n\n`;
  }
  return all;
}
