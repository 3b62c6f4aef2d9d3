import { describe, expect, test } from "vitest";
import { closest, pieces, segments, sentences, unitsOf, wordPattern } from "../../src/lib/offsets";

const bytes = (text: string) => new TextEncoder().encode(text).length;

describe("places in bytes", () => {
  test("become places in a string", () => {
    const text = "aé日𝄞z";
    const places = ["a", "aé", "aé日", "aé日𝄞", text].map((start) => bytes(start));
    expect(unitsOf(text, places)).toEqual([1, 2, 3, 5, 6]);
  });

  test("keep the order they were asked in, and never leave the text", () => {
    expect(unitsOf("héllo", [99, 0, 3])).toEqual([5, 0, 2]);
    expect(unitsOf("é", [1])).toEqual([0]);
  });
});

describe("segments", () => {
  test("cover the text once, and know what holds them", () => {
    const found = segments(20, [{ start: 0, end: 12 }, { start: 10, end: 20 }], [{ start: 0, end: 9, page: 1 }, { start: 9, end: 20, page: 2 }], { start: 3, end: 5 });
    expect(found.map(({ start, end }) => [start, end])).toEqual([[0, 3], [3, 5], [5, 9], [9, 10], [10, 12], [12, 20]]);
    expect(found.filter((part) => part.marked).map(({ start }) => start)).toEqual([3]);
    expect(found.find((part) => part.start === 10)?.chunks).toEqual([0, 1]);
    expect(found.map(({ page }) => page)).toEqual([1, null, null, 2, null, null]);
  });

  test("of nothing are none", () => expect(segments(0, [], [], null)).toEqual([]));
});

describe("what a question looks for", () => {
  const shown = (text: string, words: string) => pieces(text, wordPattern(words)).map(({ text: part, hit }) => (hit ? `[${part}]` : part)).join("");

  test("are its words, not those that every text has", () => {
    expect(shown("The keys hang behind the woodshed", "Where are the keys?")).toBe("The [keys] hang behind the woodshed");
    expect(shown("monkey", "key")).toBe("monkey");
    expect(wordPattern("is it the?")).toBeNull();
  });

  test("pieces joined are the text", () => {
    const text = "Otters hold hands; an otter holds.";
    expect(pieces(text, wordPattern("otter holding hands")).map((part) => part.text).join("")).toBe(text);
  });

  test("sentences joined are the text, and the close ones stand out", () => {
    const text = "Otters sleep. Herons stand in the water on one leg! What of 3.5 litres?\nThe end";
    const all = sentences(text);
    expect(all.join("")).toBe(text);
    expect(closest(all, "on one leg herons stand")).toEqual(all.map((line) => line.startsWith("Herons")));
  });
});
