import { describe, expect, test } from "vitest";
import { EventDecoder } from "../../src/lib/api/sse";

/** The events of `text`, cut into pieces of `size`. */
function decoded(text: string, size: number): string[] {
  const decoder = new EventDecoder();
  const found: string[] = [];
  for (let at = 0; at < text.length; at += size) found.push(...decoder.push(text.slice(at, at + size)));
  return found;
}

describe("events", () => {
  test("are the same however they were cut", () => {
    const text = 'data: {"a":1}\n\n: a comment\n\ndata:two\ndata: lines\n\nevent: x\ndata: ü\n\n';
    for (let size = 1; size <= text.length; size++) expect(decoded(text, size)).toEqual(['{"a":1}', "two\nlines", "ü"]);
  });

  test("may have either kind of line", () => {
    expect(decoded("data: a\r\n\r\ndata: b\r\n\r\n", 100)).toEqual(["a", "b"]);
  });

  test("that are not complete are kept back", () => {
    const decoder = new EventDecoder();
    expect(decoder.push("data: half")).toEqual([]);
    expect(decoder.push(" and half\n\n")).toEqual(["half and half"]);
  });
});

test("a long event in many pieces is one event", () => {
  const text = `data: ${"x".repeat(4_000_000)}\r\n\r\ndata: b\r\n\r\n`;
  expect(decoded(text, 500).map((event) => event.length)).toEqual([4_000_000, 1]);
});
