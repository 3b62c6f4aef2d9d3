import { describe, expect, test } from "vitest";
import { Thoughts, thoughtsOf } from "../../src/lib/thoughts";

/** The same text in pieces of this size. */
function piecewise(text: string, size: number) {
  const reader = new Thoughts();
  const all = { thought: "", said: "" };
  const add = ({ thought, said }: { thought: string; said: string }) => {
    all.thought += thought;
    all.said += said;
  };
  for (let at = 0; at < text.length; at += size) add(reader.add(text.slice(at, at + size)));
  add(reader.end());
  return { thought: all.thought.trim(), said: all.said };
}

const CASES: [text: string, thought: string, said: string][] = [
  ["<think>Let me see.</think>The answer.", "Let me see.", "The answer."],
  ["\n<think>\nLet me see.\n</think>\n\nThe answer.", "Let me see.", "The answer."],
  ["No thoughts at all.", "", "No thoughts at all."],
  ["The tag <think> opens thoughts, </think> closes them.", "", "The tag <think> opens thoughts, </think> closes them."],
  ["<think>one</think>\n<think>two</think>said", "one\n\ntwo", "said"],
  ["<think></think>said", "", "said"],
  ["<think>if a < b and </b> then", "if a < b and </b> then", ""],
  ["<think>cut off in </thi", "cut off in </thi", ""],
  ["<thin ice", "", "<thin ice"],
  ["<thi", "", "<thi"],
  ["", "", ""],
];

describe("thoughts", () => {
  test.each(CASES)("of %j", (text, thought, said) => {
    expect(thoughtsOf(text)).toEqual({ thought, said });
    for (const size of [1, 2, 5, 7, 100]) expect(piecewise(text, size)).toEqual({ thought, said });
  });
});
