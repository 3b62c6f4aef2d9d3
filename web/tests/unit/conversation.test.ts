import { afterEach, describe, expect, test, vi } from "vitest";
import type { HistoryItem, StreamEvent } from "../../src/lib/api";
import { asJson, asMarkdown } from "../../src/lib/export";
import { Conversation, tidied, turnsOf } from "../../src/lib/state/conversation.svelte";

/** Answers every call as `reply` says; the calls that were made. */
function serve(reply: (path: string, init: RequestInit) => Response | Promise<Response>): string[] {
  const calls: string[] = [];
  vi.stubGlobal("fetch", async (url: string, init: RequestInit) => {
    const path = new URL(url).pathname;
    calls.push(`${init.method} ${path}`);
    return reply(path, init);
  });
  return calls;
}
afterEach(() => vi.unstubAllGlobals());

const frames = (events: Partial<StreamEvent>[]) => events.map((event) => `data: ${JSON.stringify(event)}\n\n`).join("");
const events = (...list: Partial<StreamEvent>[]) => new Response(frames(list), { headers: { "content-type": "text/event-stream" } });
const json = (body: unknown, status = 200) => new Response(JSON.stringify(body), { status });
const QUESTION = { message: "why?", mode: "chat" as const, attachments: [] };

describe("an answer", () => {
  test("is put together from its pieces, with its sources", async () => {
    serve(() =>
      events(
        { type: "textResponseChunk", textResponse: "Be", close: false },
        { type: "textResponseChunk", textResponse: "cause.", close: false },
        { type: "textResponseChunk", textResponse: "", close: true },
        { type: "finalizeResponseStream", close: true, chatId: 7, sources: [{ title: "a" }], metrics: { model: "m" } },
      ),
    );
    const turn = await new Conversation("docs", null).ask(QUESTION);
    expect([turn.answer, turn.state, turn.chatId, turn.sources.length, turn.metrics.model]).toEqual(["Because.", "done", 7, 1, "m"]);
  });

  test("that is refused says why, and leaves the conversation usable", async () => {
    serve((path) => (path.endsWith("stream-chat") ? json({ error: "Message is empty", code: "invalid_field" }, 400) : json({ history: [] })));
    const conversation = new Conversation("docs", "t");
    const turn = await conversation.ask(QUESTION);
    expect([turn.state, turn.error, conversation.busy]).toEqual(["failed", "Message is empty", false]);
  });

  test("that breaks off keeps what was said", async () => {
    serve((path) => (path.endsWith("stream-chat") ? events({ type: "textResponseChunk", textResponse: "Half", close: false }) : json({ history: [] })));
    const turn = await new Conversation("docs", null).ask(QUESTION);
    expect([turn.state, turn.answer]).toEqual(["failed", "Half"]);
    expect(turn.error).toContain("broke off");
  });

  test("that the model could not give says what the model said", async () => {
    serve((path) => (path.endsWith("stream-chat") ? events({ type: "abort", error: "No such model.", close: true }) : json({ history: [] })));
    const turn = await new Conversation("docs", null).ask(QUESTION);
    expect([turn.state, turn.error]).toEqual(["failed", "No such model."]);
  });

  test("that is stopped is no failure", async () => {
    serve((path, init) => {
      if (!path.endsWith("stream-chat")) return json({ history: [] });
      return new Promise((_, reject) => init.signal?.addEventListener("abort", () => reject(new DOMException("stopped", "AbortError"))));
    });
    const conversation = new Conversation("docs", null);
    const asked = conversation.ask(QUESTION);
    expect(conversation.busy).toBe(true);
    conversation.stop();
    expect((await asked).state).toBe("stopped");
  });

  test("that is asked again replaces the old one and what followed", async () => {
    let id = 0;
    const calls = serve((path) => (path.endsWith("stream-chat") ? events({ type: "textResponse", textResponse: "ok", close: true, chatId: ++id }) : json({})));
    const conversation = new Conversation("docs", null);
    const first = await conversation.ask(QUESTION);
    await conversation.ask({ ...QUESTION, message: "and then?" });
    await conversation.again(first, "chat");
    expect(conversation.turns.map((turn) => [turn.question, turn.chatId])).toEqual([["why?", 3]]);
    expect(calls.filter((call) => call.startsWith("DELETE"))).toHaveLength(2);
  });
});

describe("a reply", () => {
  const last = (more: Partial<StreamEvent>) => ({ type: "finalizeResponseStream" as const, close: true, chatId: 7, ...more });
  const asked = async (...list: Partial<StreamEvent>[]) => {
    serve((path) => (path.endsWith("stream-chat") ? events(...list) : json({ history: [] })));
    return new Conversation("docs", null).ask(QUESTION);
  };
  const chunk = (textResponse: string) => ({ type: "textResponseChunk" as const, textResponse, close: false });

  test("has its thoughts apart from what is said", async () => {
    const turn = await asked(chunk("<thi"), chunk("nk>Hm.</thi"), chunk("nk>\n\nBecause"), chunk(" [1]."), last({ sources: [{ title: "a" }] }));
    expect([turn.thoughts, turn.answer, turn.clean, turn.thinking]).toEqual(["Hm.", "Because [1].", "Because [1].", false]);
    expect(turn.thoughtFor).not.toBeNull();
  });

  test("that was cut while the model thought is empty, and its thoughts are kept", async () => {
    const turn = await asked(chunk("<think>Hm"), last({ finish: "length" }));
    expect([turn.thoughts, turn.clean, turn.ending, turn.state]).toEqual(["Hm", "", "length", "done"]);
  });

  test("says how it ended", async () => {
    for (const finish of ["length", "content_filter", "refusal"] as const) {
      expect((await asked(chunk("Some"), last({ finish }))).ending).toBe(finish);
    }
    expect((await asked(chunk("Some"), last({ finish: "stop" }))).ending).toBe("stop");
    expect((await asked(chunk("Some"), last({}))).ending).toBe("stop");
    expect((await asked(last({}))).ending).toBe("empty");
    const saved = turnsOf([{ role: "user", content: "a?", chatId: 1, sentAt: 5 }, { role: "assistant", content: "", chatId: 1, sentAt: 5, finish: "error" }]);
    expect(saved[0]?.ending).toBe("error");
    const failed = await asked(chunk("Some"), last({ finish: "error" }));
    expect([failed.state, failed.answer]).toEqual(["failed", "Some"]);
  });

  test("rests on weak evidence where the best source hardly fits", async () => {
    const sources = [{ title: "a" }];
    expect((await asked(chunk("Some"), last({ sources, relevance: 0.1 }))).weak).toBe(true);
    expect((await asked(chunk("Some"), last({ sources, relevance: 0.25 }))).weak).toBe(false);
    expect((await asked(chunk("Some"), last({ sources }))).weak).toBe(false);
    expect((await asked(chunk("Some"), last({ relevance: 0 }))).weak).toBe(false);
  });
});

test("a saved reply is told apart as a new one is", () => {
  const items: HistoryItem[] = [
    { role: "user", content: "a?", chatId: 1, sentAt: 5 },
    { role: "assistant", content: "<think>Hm.</think>Yes [1, 4].", chatId: 1, sentAt: 5, sources: [{ title: "s" }], relevance: 0.2, finish: "length" },
  ];
  const [turn] = turnsOf(items);
  expect([turn?.thoughts, turn?.clean, turn?.weak, turn?.ending, turn?.thoughtFor]).toEqual(["Hm.", "Yes [1].", true, "length", null]);
  const markdown = asMarkdown("Talk", turnsOf(items));
  expect(markdown).toContain("Yes [1].");
  expect(markdown + asJson("Talk", turnsOf(items))).not.toContain("Hm.");
});

test("an export numbers sources as the answer does, with the pages of their sentences", () => {
  const citation = { start: 0, end: 1, documentStart: 0, documentEnd: 1, page: 3, pageEnd: 4 };
  const turns = turnsOf([
    { role: "user", content: "a?", chatId: 1, sentAt: 5 },
    { role: "assistant", content: "Yes [1].", chatId: 1, sentAt: 5, sources: [{ title: "s.pdf", page: 2, cited: true, citations: [citation] }, { title: "t.pdf", page: 5, cited: false, citations: [] }] },
  ]);
  expect(asMarkdown("Talk", turns)).toContain("1. s.pdf, pages 3-4\n2. t.pdf, page 5, not cited");
  expect(JSON.parse(asJson("Talk", turns)).turns[0].sources.map((source: { number: number; cited: boolean }) => [source.number, source.cited])).toEqual([[1, true], [2, false]]);
});

test("what is asked before the history has come is not lost with it", async () => {
  let arrive = (_: Response) => {};
  serve((path) => (path.endsWith("stream-chat") ? events({ type: "textResponse", textResponse: "ok", close: true, chatId: 9 }) : new Promise((resolve) => (arrive = resolve))));
  const conversation = new Conversation("docs", null);
  const loading = conversation.load();
  await conversation.ask(QUESTION);
  arrive(json({ history: [{ role: "user", content: "before?", chatId: 8, sentAt: 5 }] }));
  await loading;
  expect(conversation.turns.map((turn) => [turn.question, turn.answer])).toEqual([["before?", ""], ["why?", "ok"]]);
});

test("a history becomes turns", () => {
  const items: HistoryItem[] = [
    { role: "user", content: "a?", chatId: 1, sentAt: 5 },
    { role: "assistant", content: "a.", chatId: 1, sentAt: 5, sources: [{ title: "s" }] },
    { role: "user", content: "b?", chatId: 2, sentAt: 6 },
  ];
  expect(turnsOf(items).map((turn) => [turn.question, turn.answer, turn.chatId, turn.sources.length])).toEqual([["a?", "a.", 1, 1], ["b?", "", 2, 0]]);
});

test("the page says in its own way what a quoted answer says at its end", () => {
  const text = "From your documents:\n\n> Otters. [1]\n\nSources: [1] a.txt\n\n_No language model is configured, so …_";
  expect(tidied(text, true)).toBe("From your documents:\n\n> Otters. [1]");
  expect(tidied(text, false)).toBe(text);
});
