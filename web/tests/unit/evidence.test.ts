import { describe, expect, test } from "vitest";
import type { Citation, Source } from "../../src/lib/api";
import { evidence, excerptOf, located, pagesOf, quotesOf, type Wanted } from "../../src/lib/evidence";
import { runs, unitsOf } from "../../src/lib/offsets";
import { closest, sentences } from "../../src/lib/sentences";

const bytes = (text: string) => new TextEncoder().encode(text).length;
const cite = (more: Partial<Citation>): Citation => ({ start: 0, end: 0, documentStart: 0, documentEnd: 0, page: null, pageEnd: null, ...more });

/** A document of these pages, with a source that is `text`, and names the sentences `cited`. */
function stage(pages: string[], text: string, cited: string[] | null) {
  const whole = pages.join("\n\n");
  let at = 0;
  const spans = pages.map((page, n) => {
    const start = at;
    at += bytes(page) + 2;
    return { page: n + 1, start, end: start + bytes(page) };
  });
  const begins = whole.indexOf(text);
  const units = unitsOf(whole, spans.flatMap(({ start, end }) => [start, end]));
  const pageOf = (unit: number) => spans.findLast((_, n) => (units[2 * n] ?? 0) <= unit)?.page ?? null;
  const source: Source = { title: "a.pdf", text, page: pageOf(begins), start: bytes(whole.slice(0, begins)), end: bytes(whole.slice(0, begins + text.length)) };
  if (cited) {
    source.citations = cited.map((sentence) => {
      const start = text.indexOf(sentence);
      const there = begins + start;
      return { start, end: start + sentence.length, documentStart: there, documentEnd: there + sentence.length, page: pageOf(there), pageEnd: pageOf(there + sentence.length - 1) };
    });
  }
  const wanted = (about: string): Wanted => ({ mark: { start: source.start ?? 0, end: source.end ?? 0 }, quotes: quotesOf(source), pages: pagesOf(source), about });
  const marked = (about = "") => {
    const found = evidence({ text: whole, pages: spans }, wanted(about));
    return { marked: found.marks.map(({ start, end }) => whole.slice(start, end)), pages: found.pages };
  };
  return { source, marked };
}

describe("a source that names its sentences", () => {
  test("has these marked, and no others, on their pages", () => {
    const text = "Fees rise from 1.62 to 1.71 crowns. The pump was mended.\n\nNobody was hurt.";
    const { source, marked } = stage(["Opening words.", "Fees rise from 1.62 to 1.71 crowns. The pump was mended.", "Nobody was hurt."], text, ["Fees rise from 1.62 to 1.71 crowns.", "Nobody was hurt."]);
    expect(marked("the pump was mended")).toEqual({ marked: ["Fees rise from 1.62 to 1.71 crowns.", "Nobody was hurt."], pages: [2, 3] });
    expect(pagesOf(source)).toEqual([2, 3]);
  });

  test("may go over the line between two pages", () => {
    const sentence = "The committee, which\n\nmet in May, agreed.";
    const { source, marked } = stage(["Before. The committee, which", "met in May, agreed. After."], `Before. ${sentence} After.`, [sentence]);
    expect(marked()).toEqual({ marked: [sentence], pages: [1, 2] });
    expect(pagesOf(source)).toEqual([1, 2]);
  });

  test.each([
    ["Chinese", "水费从每吨三元起。第二档为四元五角。本规定自五月起施行。", "第二档为四元五角。"],
    ["Arabic", "تفتح المكتبة في التاسعة. الإعارة أسبوعان. التمديد عند المكتب.", "الإعارة أسبوعان."],
    ["Thai", "ห้องสมุดเปิดเก้าโมง ยืมได้สองสัปดาห์ ต่ออายุได้ที่โต๊ะ", "ยืมได้สองสัปดาห์"],
    ["Hindi", "पुस्तकालय नौ बजे खुलता है। किताब दो सप्ताह के लिए है। 🙂 अंत।", "🙂 अंत।"],
  ])("in %s", (_, text, sentence) => {
    expect(stage(["𝄞 one", text], text, [sentence]).marked()).toEqual({ marked: [sentence], pages: [2] });
  });

  test("that names none has none marked", () => {
    expect(stage(["Otters hold hands."], "Otters hold hands.", []).marked("Why do otters hold hands?")).toEqual({ marked: [], pages: [1] });
  });

  test("is found again in a document that changed; what is gone is not marked", () => {
    const text = "New front. Old words here. The end.";
    expect(located(text, [{ text: "Old words here.", start: 0, end: 15 }]).map(({ start, end }) => text.slice(start, end))).toEqual(["Old words here."]);
    expect(located(text, [{ text: "The end.", start: null, end: null }])).toEqual([{ start: 27, end: 35 }]);
    expect(located(text, [{ text: "Other words.", start: 0, end: 12 }, { text: "", start: 30, end: 99 }, { text: "", start: -1, end: 4 }])).toEqual([]);
  });

  test("marks overlaps once, in order", () => {
    expect(located("abcdefgh", [{ text: "", start: 4, end: 7 }, { text: "", start: 0, end: 2 }, { text: "", start: 5, end: 8 }])).toEqual([{ start: 0, end: 2 }, { start: 4, end: 8 }]);
  });

  test("can be read without its document, without the header for models", () => {
    const header = "<document_metadata>\nsourceDocument: a.txt\n</document_metadata>\n\n";
    const text = `${header}One. Two.`;
    const at = text.indexOf("Two.");
    const found = excerptOf({ text, citations: [cite({ start: at, end: at + 4 })] });
    expect(found).toEqual({ text: "One. Two.", marks: [{ start: 5, end: 9 }] });
    expect(excerptOf({ text: header })).toBeNull();
  });

  test("without pages has that of its passage", () => {
    expect(pagesOf({ page: 4, citations: [cite({})] })).toEqual([4]);
    expect(pagesOf({ page: 4, citations: [cite({ page: 6, pageEnd: 7 }), cite({ page: 9, pageEnd: 9 })] })).toEqual([6, 7, 9]);
    expect(pagesOf({})).toEqual([]);
  });
});

describe("a source of an older answer", () => {
  test("has the closest sentences marked, over pages, and not what has none", () => {
    const text = "Tariffs were set in May.\n\nLeakage fell from 17.8 to 14.9 percent in the north.";
    expect(stage(["Title", "Tariffs were set in May.", "Leakage fell from 17.8 to 14.9 percent in the north."], text, null).marked("How far did leakage fall in the north?"))
      .toEqual({ marked: ["Leakage fell from 17.8 to 14.9 percent in the north."], pages: [3] });
  });

  test("has nothing marked where nothing is close", () => {
    const text = "One question. Another answer.\nMore of it.";
    expect(stage([text], text, null).marked("Nothing about football was found").marked).toEqual([]);
  });

  test("tells sentences apart by their script", () => {
    const text = "停车场在地下二层。报销期限是三十天。打印机坏了请找小王。";
    expect(closest(text, { start: 0, end: text.length }, "报销期限是多久？").map(({ start, end }) => text.slice(start, end))).toEqual(["报销期限是三十天。"]);
    const hindi = "किला पहाड़ पर है। काला घोड़ा तेज़ है।";
    expect(closest(hindi, { start: 0, end: hindi.length }, "काला घोड़ा").map(({ start, end }) => hindi.slice(start, end))).toEqual(["काला घोड़ा तेज़ है।"]);
  });
});

describe("sentences", () => {
  const parts = (text: string) => sentences(text).map(({ start, end }) => text.slice(start, end));

  test("do not end within numbers, nor where a line of a page ends", () => {
    expect(parts("It rises from 1.62 to 1.71. So\nit goes\non.")).toEqual(["It rises from 1.62 to 1.71.", "So\nit goes\non."]);
  });

  test("end where a paragraph, an item, a heading or a row ends", () => {
    expect(parts("# Title\nText here\n\nNext\n- one\n- two\n| a | b |\n| 1 | 2 |")).toEqual(["# Title", "Text here", "Next", "- one", "- two", "| a | b |", "| 1 | 2 |"]);
  });

  test("end as their script has it", () => {
    expect(parts("一。二！")).toEqual(["一。", "二！"]);
    expect(parts("वह आया। वह गया।")).toEqual(["वह आया।", "वह गया।"]);
  });
});

test("a part is cut where marks begin and end, also those that began before it", () => {
  expect(runs({ start: 10, end: 20 }, [{ start: 0, end: 3 }, { start: 8, end: 12 }, { start: 15, end: 30 }]))
    .toEqual([{ start: 10, end: 12, close: true }, { start: 12, end: 15, close: false }, { start: 15, end: 20, close: true }]);
  expect(runs({ start: 0, end: 4 }, [])).toEqual([{ start: 0, end: 4, close: false }]);
});
