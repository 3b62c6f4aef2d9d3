/** Server-sent events, one `data:` each, however the bytes were cut on their way. */
export class EventDecoder {
  #rest = "";
  /** The last character so far: an event may end between two pieces, and so may a line. */
  #last = "";

  /** The data of the events that are complete now. */
  push(text: string): string[] {
    const piece = (this.#last === "\r" ? text.replace(/^\n/, "") : text).replace(/\r\n?/g, "\n");
    const ended = this.#last === "\r" || this.#last === "\n";
    if (text) this.#last = text.slice(-1);
    // A long event comes in many pieces: only what is new is searched for its end.
    const complete = piece.includes("\n\n") || (ended && piece.startsWith("\n"));
    this.#rest += piece;
    if (!complete) return [];
    const frames = this.#rest.split("\n\n");
    this.#rest = frames.pop() ?? "";
    return frames.map(data).filter((found): found is string => found !== null);
  }
}

function data(frame: string): string | null {
  const lines = frame.split("\n").filter((line) => line.startsWith("data:"));
  return lines.length === 0 ? null : lines.map((line) => line.slice(5).replace(/^ /, "")).join("\n");
}
