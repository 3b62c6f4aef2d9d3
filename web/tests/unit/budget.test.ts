// No text, however it was made, may take long to draw. What is tested is how much is laid out, never how long it takes: a
// limit that is missing shows as a test that does not end.

import { describe, expect, test, vi } from "vitest";
import { sentences } from "../../src/lib/offsets";
import { Blocks } from "../../src/lib/markdown/blocks.svelte";
import { BLOCKS_MAX, CELLS_MAX, INLINE_MAX, LAID_OUT_MAX, NESTING_MAX, PIECE, SHOWN_MAX, WINDOW, beyond, inlineCost, nesting, plainPieces } from "../../src/lib/markdown/budget";
import { colourable } from "../../src/lib/markdown/highlight";
import { inSlices } from "../../src/lib/markdown/slices";
import { cut, split } from "../../src/lib/markdown/split";

// The sanitizer needs a page; what is tested here comes before it.
vi.stubGlobal("window", {});
vi.mock("dompurify", () => ({ default: () => ({ addHook: () => {} }) }));
const { markup } = await import("../../src/lib/markdown/render");

const HOSTILE: [string, string][] = [
  ["brackets", "[".repeat(200_000)],
  ["nested quotes", "> ".repeat(100_000)],
  ["nested lists on one line", "* ".repeat(100_000)],
  ["a staircase of lists", Array.from({ length: 1_000 }, (_, n) => `${" ".repeat(2 * n)}- a`).join("\n")],
  ["a table of many columns and short rows", `${"|a".repeat(3_000)}|\n${"|-".repeat(3_000)}|\n${"|\n".repeat(50_000)}`],
  ["a fence that is never closed", "```\n" + "x\n".repeat(100_000)],
  ["a fence behind fences", "~~~\n```\n".repeat(30_000)],
  ["one line", "a".repeat(3_000_000)],
  ["emphasis that is never closed", "*a ".repeat(60_000)],
  ["emphasis that is closed in the end", "*a ".repeat(30_000) + "a* ".repeat(30_000)],
  ["links in links", "[a](".repeat(50_000)],
  ["references", "[a]: b\n".repeat(30_000)],
  ["underlines of headings", "--\n".repeat(60_000)],
  ["headings", "# a\n".repeat(60_000)],
  ["code marks", "`a".repeat(100_000)],
  ["tags", "<a ".repeat(60_000)],
  ["backslashes", "\\".repeat(200_000)],
  ["blank lines", "\n".repeat(300_000)],
];

describe("a hostile text", () => {
  test.each(HOSTILE)("is cut and drawn within the limits: %s", (_, text) => {
    const laidOut = text.slice(0, LAID_OUT_MAX);
    const parts = split(laidOut);
    expect(parts.map((part) => part.text).join("")).toBe(laidOut);
    for (const part of parts) if (!part.plain) markup(part.text);
  });

  test.each(HOSTILE)("is cut within the limits while it grows: %s", (_, text) => {
    const laidOut = text.slice(0, 60_000);
    const { done, open } = cut(laidOut);
    expect(done.map((part) => part.text).join("") + open).toBe(laidOut);
  });
});

describe("the layout", () => {
  test("knows how deep a line nests", () => {
    expect(["text", "> a", "> > a", "- a", "  - a", "1. > a", "-a", "        code"].map(nesting)).toEqual([0, 1, 2, 1, 2, 3, 0, 0]);
    expect(nesting(">".repeat(NESTING_MAX + 1))).toBeGreaterThan(NESTING_MAX);
  });

  test("leaves out the paragraph that is beyond it, and no other", () => {
    const deep = "> ".repeat(NESTING_MAX + 1) + "deep\n";
    const parts = split(`before\n\n${deep}\n*after*\n`);
    expect(parts.filter((part) => part.plain).map((part) => part.text)).toEqual([deep]);
    expect(parts.at(-1)).toEqual({ text: "\n*after*\n", plain: false });
    expect(beyond("a | b\n---|---\n1 | 2\n")).toBeNull();
    expect(beyond("- - -\n\n***\n\n| a |\n")).toBeNull();
    expect(beyond(`a|b\n-|-\n${"|\n".repeat(CELLS_MAX)}`)).not.toBeNull();
  });

  test("takes long texts as they are: nothing ordinary is beyond it", () => {
    const paragraph = "Otters *sleep* on their backs, and hold [hands](https://otters.example) - so they do not drift apart. ".repeat(20);
    const list = Array.from({ length: 400 }, (_, n) => `${n + 1}. An item with \`code\` and **weight**, and some words more.\n   - One below it.\n`).join("");
    const table = `| a | b | c |\n|---|:-:|---|\n${"| 1 | *two* | `three` |\n".repeat(300)}`;
    const code = "```js\n" + "const answer = { of: [1, 2, 3] };\n\n".repeat(1_000) + "```\n";
    for (const text of [paragraph, list, table, code, "é".repeat(5_000)]) {
      const parts = split(`# Title\n\n${text}\n\nEnd`);
      expect(parts.some((part) => part.plain)).toBe(false);
      for (const part of parts) expect(markup(part.text)).not.toBeNull();
    }
    // Code stays one block, however long it is.
    expect(split(code)).toHaveLength(1);
    expect(code.length).toBeGreaterThan(WINDOW);
  });

  test("gives up a block whose marks cost too much", () => {
    const marks = "*a ".repeat(Math.ceil(Math.sqrt(INLINE_MAX)));
    expect(inlineCost(marks)).toBeGreaterThan(INLINE_MAX);
    expect(markup(marks)).toBeNull();
    expect(markup("*a*")).toBe("<p><em>a</em></p>\n");
  });

  test("colours no code that a grammar could take long for", () => {
    expect([colourable("let a = 1;\n".repeat(100)), colourable("a ".repeat(200)), colourable("a\n".repeat(10_000))]).toEqual([true, false, false]);
  });
});

describe("blocks", () => {
  const until = async (good: () => boolean) => {
    while (!good()) await new Promise((resolve) => setTimeout(resolve, 5));
  };
  const shown = (blocks: Blocks) => blocks.done.map((block) => block.text).join("") + blocks.open + blocks.tail + blocks.rest.join("");

  test("beyond the layout are plain, and beyond that are not shown; the text is whole", async () => {
    const text = `${"Some words of prose. ".repeat(20)}\n\n`.repeat(Math.ceil((SHOWN_MAX + 10) / 422));
    const blocks = new Blocks();
    blocks.set(text);
    await until(() => shown(blocks).length >= SHOWN_MAX);
    expect([blocks.cutOff, blocks.plain, blocks.text === text]).toEqual([true, true, true]);
    expect(shown(blocks)).toBe(text.slice(0, SHOWN_MAX));
    expect(Math.max(...blocks.rest.map((piece) => piece.length))).toBeLessThanOrEqual(PIECE);
    expect(blocks.done.reduce((sum, block) => sum + block.text.length, 0)).toBeLessThanOrEqual(LAID_OUT_MAX);
  });

  test("of a stream are the same as of the whole", async () => {
    const text = `${"Some words. ".repeat(30)}\n\n`.repeat(Math.ceil((LAID_OUT_MAX + 50_000) / 362));
    const blocks = new Blocks();
    for (let at = 0; at < text.length; at += 7_001) blocks.append(text.slice(at, at + 7_001));
    await until(() => shown(blocks).length === text.length);
    blocks.finish();
    await until(() => blocks.open + blocks.tail === "");
    expect(shown(blocks)).toBe(text);
    expect(blocks.plain).toBe(true);
  });

  test("are not too many", async () => {
    const blocks = new Blocks();
    const text = "# a\n".repeat(BLOCKS_MAX + 100);
    blocks.set(text);
    await until(() => shown(blocks).length === text.length);
    expect(blocks.done.length).toBe(BLOCKS_MAX);
    expect(shown(blocks)).toBe(text);
  });

  test("that grow are drawn again when they have grown by a part of themselves", async () => {
    const blocks = new Blocks();
    blocks.append("```\n" + "x\n".repeat(10_000));
    await until(() => blocks.open.length > 20_000);
    const drawn = blocks.open;
    blocks.append("y\n");
    await until(() => blocks.tail === "y\n");
    expect(blocks.open).toBe(drawn);
    blocks.finish();
    await until(() => blocks.done.length > 0);
    expect(blocks.done.map((block) => block.text)).toEqual([`${drawn}y\n`]);
  });
});

test("plain pieces joined are the text, and end with a line where they can", () => {
  const text = `${"a".repeat(100)}\n`.repeat(500) + "b".repeat(3 * PIECE);
  const pieces = plainPieces(text);
  expect(pieces.join("")).toBe(text);
  expect(pieces.every((piece) => piece.length <= PIECE)).toBe(true);
  expect(pieces[0]?.endsWith("\n")).toBe(true);
});

test("work that is more than a slice waits for its turn, in order", async () => {
  const done: number[] = [];
  for (let n = 0; n < 4; n++) inSlices(20_000, () => done.push(n));
  expect(done.length).toBeLessThan(4);
  while (done.length < 4) await new Promise((resolve) => setTimeout(resolve, 1));
  expect(done).toEqual([0, 1, 2, 3]);
});

test("sentences of a long row of dots are found in one go", () => {
  const text = `${".".repeat(100_000)}x${"! ".repeat(1_000)}`;
  expect(sentences(text).join("")).toBe(text);
});
