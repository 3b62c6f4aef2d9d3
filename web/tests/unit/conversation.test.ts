import { afterEach, describe, expect, test, vi } from "vitest";
import type { HistoryItem, StreamEvent } from "../../src/lib/api";
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
