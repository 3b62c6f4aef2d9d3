import { describe, expect, test } from "vitest";
import { EDGE, placed, type Box } from "../../src/lib/ui/place";

const WINDOW = { width: 400, height: 600 };
const button = (left: number, top: number): Box => ({ left, right: left + 32, top, bottom: top + 32 });

describe("a menu", () => {
  test("stands below its button, flush with its end", () => {
    expect(placed(button(300, 100), { width: 200, height: 150 }, WINDOW)).toEqual({ left: 132, top: 136 });
  });

  test("stands above where there is no room below, or where it is asked to", () => {
    expect(placed(button(300, 500), { width: 200, height: 150 }, WINDOW).top).toBe(346);
    expect(placed(button(300, 300), { width: 200, height: 150 }, WINDOW, true).top).toBe(146);
  });

  test("is flush with the start of a button at the left edge", () => {
    expect(placed(button(10, 100), { width: 200, height: 150 }, WINDOW).left).toBe(10);
  });

  test("never leaves the window, wherever its button is and however large it is", () => {
    const wrong = [];
    for (const width of [50, 200, 390, 900]) {
      for (const height of [40, 300, 590, 2000]) {
        for (let left = -40; left <= 400; left += 40) {
          for (let top = -40; top <= 600; top += 40) {
            for (const up of [false, true]) {
              const at = placed(button(left, top), { width, height }, WINDOW, up);
              const right = at.left + Math.min(width, 400 - 2 * EDGE);
              const bottom = at.top + Math.min(height, 600 - 2 * EDGE);
              if (at.left < EDGE || at.top < EDGE || right > 400 - EDGE || bottom > 600 - EDGE) wrong.push({ width, height, left, top, up });
            }
          }
        }
      }
    }
    expect(wrong).toEqual([]);
  });
});
