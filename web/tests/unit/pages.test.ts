import { describe, expect, test } from "vitest";
import { arranged, kindOf, rowOf } from "../../src/documents/rows";
import { ago, size } from "../../src/lib/format";
import { parse, to } from "../../src/lib/state/router.svelte";
import { tokenOf } from "../../src/lib/state/session.svelte";
import { compared } from "../../src/search/compare";
import { inputOf, settingsOf } from "../../src/settings/EmbedForm.svelte";
import type { SearchHit } from "../../src/lib/api";

describe("addresses", () => {
  test("lead where they were made for", () => {
    expect(parse(to.chat("a b/c", "t/1"))).toEqual({ page: "chat", slug: "a b/c", thread: "t/1" });
    expect(parse(to.documents("x"))).toEqual({ page: "documents", slug: "x" });
    expect(parse(`${to.chat("x")}?chat=3`)).toEqual({ page: "chat", slug: "x", thread: null });
    expect(parse(to.settings("keys"))).toEqual({ page: "settings", tab: "keys" });
    expect(parse(to.invite("A-B"))).toEqual({ page: "invite", code: "A-B" });
    expect(parse("")).toEqual({ page: "home" });
    expect(parse("#/nowhere")).toEqual({ page: "unknown" });
    expect(parse("#/w/%zz")).toEqual({ page: "chat", slug: "%zz", thread: null });
  });

  test("may bring a key", () => {
    expect(tokenOf("#token=A%2DB")).toBe("A-B");
    expect(tokenOf("#/w/token")).toBeNull();
  });
});

describe("documents", () => {
  const row = (id: number, title: string, more: object = {}) =>
    ({ ...rowOf({ id, docId: "", filename: "f", docpath: `custom-documents/${id}.json`, metadata: JSON.stringify({ title, wordCount: id }), pinned: false, createdAt: "" }), ...more });

  test("pinned ones come first, the others in the order that was asked for", () => {
    const rows = [row(1, "b10.txt"), row(2, "b9.txt"), row(3, "c.txt", { pinned: true })];
    expect(arranged(rows, "", null, "newest").map(({ id }) => id)).toEqual([3, 2, 1]);
    expect(arranged(rows, "", null, "name").map(({ title }) => title)).toEqual(["c.txt", "b9.txt", "b10.txt"]);
    expect(arranged(rows, "B TXT", null, "words").map(({ id }) => id)).toEqual([2, 1]);
    expect(arranged(rows, "", "elsewhere", "name")).toEqual([]);
  });

  test("have a kind", () => {
    expect([kindOf("a.pdf", ""), kindOf("Title", "link://https://x.y"), kindOf("Minutes of 4.3. at home", "")]).toEqual(["PDF", "WEB", "TXT"]);
  });
});

test("hits know where they were before", () => {
  const hit = (id: string, score: number): SearchHit => ({ id, score, text: "", distance: 0, metadata: { title: "" } });
  const found = compared([hit("b", 0.5), hit("c", 0.4)], [hit("a", 0.6), hit("b", 0.4)]);
  expect(found.map(({ before }) => before)).toEqual([1, null]);
  expect(found[0]?.change).toBeCloseTo(0.1);
  expect(compared([hit("b", 0.5)], null)[0]?.before).toBeUndefined();
});

test("times and sizes are for people", () => {
  expect(ago(0, 30_000)).toBe("this second".length > 0 ? ago(30_000, 30_000) : "");
  expect(ago(0, 2 * 3_600_000)).toMatch(/2/);
  expect(size(1_500_000)).toMatch(/1[.,]5/);
});

describe("a website chat", () => {
  const embed = { id: 1, uuid: "u", enabled: true, chat_mode: "chat" as const, createdAt: "", workspace: { id: 1, name: "Hut" }, chat_count: 0 };

  test("is typed as it was read, and saved as it was typed", () => {
    const set = { chat_mode: "chat" as const, allowlist_domains: ["https://a.test", "https://b.test"], max_chats_per_day: 5, max_chats_per_session: null };
    expect(settingsOf(inputOf({ ...embed, ...set }))).toEqual(set);
  });

  test("without limits has none, however that was typed", () => {
    const none = { chat_mode: "query", allowlist_domains: null, max_chats_per_day: null, max_chats_per_session: null };
    expect(settingsOf(inputOf(null))).toEqual(none);
    expect(settingsOf({ mode: "query", domains: " , \n", perDay: 0, perVisit: null })).toEqual(none);
  });
});
