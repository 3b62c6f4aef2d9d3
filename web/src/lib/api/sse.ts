/** Server-sent events, one `data:` each, however the bytes were cut on their way. */
export class EventDecoder {
  #rest = "";

  /** The data of the events that are complete now. */
  push(text: string): string[] {
    const all = (this.#rest + text).replace(/\r\n?/g, "\n");
    const frames = all.split("\n\n");
    this.#rest = frames.pop() ?? "";
    return frames.map(data).filter((found): found is string => found !== null);
  }
}

function data(frame: string): string | null {
  const lines = frame.split("\n").filter((line) => line.startsWith("data:"));
  return lines.length === 0 ? null : lines.map((line) => line.slice(5).replace(/^ /, "")).join("\n");
}
