import { describe, expect, test } from "vitest";
import { Blocks } from "../../src/lib/markdown/blocks.svelte";
import { cut, split, type Part } from "../../src/lib/markdown/split";

const TEXT = "# Title\n\nOne *two*.\n\n- a\n\n- b\n  - c\n\n```js\nconst a = 1;\n\n\nconst b = 2;\n```\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n> quote\n> more\n\nEnd";

const textOf = (parts: Part[]) => parts.map((part) => part.text).join("");
const texts = (text: string) => split(text).map((part) => part.text);

describe("a growing text", () => {
  test("joined is what came, whatever was cut off when", () => {
    for (let at = 0; at <= TEXT.length; at++) {
      const { done, open } = cut(TEXT.slice(0, at));
      expect(textOf(done) + open).toBe(TEXT.slice(0, at));
    }
  });

  test("has the same blocks as the whole, however it came", () => {
    for (const size of [1, 3, 7, 50]) {
      const found: string[] = [];
      let open = "";
      for (let at = 0; at < TEXT.length; at += size) {
        const step = cut(open + TEXT.slice(at, at + size));
        found.push(...step.done.map((part) => part.text));
        open = step.open;
      }
      expect([...found, ...texts(open)].map((block) => block.trim())).toEqual(texts(TEXT).map((block) => block.trim()));
    }
  });

  test("does not cut a block of code in two", () => {
    expect(cut("```\na\n\n\nb").done).toEqual([]);
    expect(cut("- a\n\n- b").done).toEqual([]);
  });
});

describe("blocks", () => {
  test("that are complete are never drawn again", async () => {
    const blocks = new Blocks();
    blocks.append("First.\n\nSec");
    await new Promise((resolve) => setTimeout(resolve, 150));
    const [first] = blocks.done;
    expect(first?.text.trim()).toBe("First.");
    blocks.append("ond.\n\nThird.");
    blocks.finish();
    expect(blocks.done[0]).toBe(first);
    expect(blocks.done.map((block) => block.text.trim())).toEqual(["First.", "Second.", "Third."]);
    expect([blocks.text, blocks.open]).toEqual(["First.\n\nSecond.\n\nThird.", ""]);
  });

  test("can be set anew", async () => {
    const blocks = new Blocks();
    blocks.append("old");
    blocks.set("new\n\ntext");
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(blocks.done.map((block) => block.text.trim())).toEqual(["new", "text"]);
  });
});
