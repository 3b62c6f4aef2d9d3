import { describe, expect, test } from "vitest";
import { markerAt, withMarkers } from "../../src/lib/citations";

describe("a marker", () => {
  const numbers = (text: string) => markerAt(text)?.numbers ?? null;

  test("is read in every form that models write", () => {
    expect(numbers("[3] and more")).toEqual([3]);
    expect(numbers("[1, 2]")).toEqual([1, 2]);
    expect(numbers("[1;4]")).toEqual([1, 4]);
    expect(numbers("[2-4]")).toEqual([2, 3, 4]);
    expect(numbers("[2–4, 7]")).toEqual([2, 3, 4, 7]);
    expect(numbers("[4-2]")).toEqual([2, 3, 4]);
    expect(numbers("[^5]")).toEqual([5]);
    expect(numbers("[^1, ^2]")).toEqual([1, 2]);
    expect(numbers("【6】")).toEqual([6]);
    expect(numbers("【1、3】")).toEqual([1, 3]);
    expect(numbers("【2†lines 4-9】")).toEqual([2]);
    expect(numbers("［8］")).toEqual([8]);
  });

  test("is no link, year, box, interval or other bracket", () => {
    for (const text of ["[1](https://example.com)", "[2027]", "[x]", "[ ]", "[0, 1]", "[a1]", "[1.5]", "[]", "text [1]"]) expect(numbers(text)).toBeNull();
  });

  test("of a long row takes no long time", () => {
    expect(withMarkers("[1, ".repeat(10_000), 3)).toHaveLength(40_000);
    expect(withMarkers("【1†".repeat(10_000), 3)).toHaveLength(30_000);
    expect(withMarkers(" ".repeat(30_000), 3)).toHaveLength(30_000);
  });
});

describe("an answer for use elsewhere", () => {
  test("has its markers in one form, and none that names no source", () => {
    expect(withMarkers("The lamp [1, 2]. The oil【3】and the wick [^1].", 3)).toBe("The lamp [1][2]. The oil[3]and the wick [1].");
    expect(withMarkers("The lamp [7]. The oil [2, 9] burns [0] well [5]", 3)).toBe("The lamp. The oil [2] burns well");
    expect(withMarkers("Nothing [1] is known [2].", 0)).toBe("Nothing is known.");
  });

  test("keeps code as it is", () => {
    const text = "Use `list[7]`:\n\n```js\nconst a = b[9];\n```\n\nor ~~~\nc[8]\n~~~ [9]";
    expect(withMarkers(text, 1)).toBe(text.slice(0, -4));
  });
});
