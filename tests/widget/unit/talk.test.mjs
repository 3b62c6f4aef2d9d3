import assert from "node:assert/strict";
import test from "node:test";
import { parts } from "./parts.mjs";

const { Talk, eventReader, thoughtsOf, troubleOf } = parts;

test("events are found wherever the stream is cut", () => {
  const stream = 'data: {"a":1}\n\n: a comment\n\ndata: {"b":"ü"}\r\n\r\ndata: broken\n\ndata: {"c":3}\n\n';
  for (let cut = 1; cut < stream.length; cut += 1) {
    const read = eventReader();
    const events = [...read(stream.slice(0, cut)), ...read(stream.slice(cut))];
    assert.deepEqual(events, [{ a: 1 }, { b: "ü" }, { c: 3 }], `cut at ${cut}`);
  }
});

test("a long event that comes in many pieces is found when it ends", () => {
  const read = eventReader();
  const found = [];
  const event = `data: ${JSON.stringify({ textResponse: "x".repeat(4_000_000) })}\n\n`;
  for (let at = 0; at < event.length; at += 500) found.push(...read(event.slice(at, at + 500)));
  assert.equal(found.length, 1);
});

test("what a model thought is kept apart, also while it comes", () => {
  const whole = "<think>Let me see.</think>\n\nYes.";
  assert.deepEqual(thoughtsOf(whole), { thoughts: "Let me see.", said: "Yes.", thinking: false });
  assert.deepEqual(thoughtsOf("No <think> here"), { thoughts: "", said: "No <think> here", thinking: false });
  for (let end = 1; end < whole.indexOf("Yes"); end += 1) assert.equal(thoughtsOf(whole.slice(0, end)).said, "", whole.slice(0, end));
});

test("a status becomes words that say what to do", () => {
  const kinds = [[401, "refused"], [404, "gone"], [413, "long"], [429, "quota"], [503, "off"], [500, "failed"], [502, "failed"]];
  for (const [status, kind] of kinds) assert.equal(troubleOf(status, "", null).kind, kind);
  assert.equal(troubleOf(503, "", "1").kind, "busy");
  assert.equal(troubleOf(429, "", "120").seconds, 120);
});

/** A talk whose `fetch` answers with `answers`, one after another; the requests that it made. */
async function with_fetch(answers, work) {
  const requests = [];
  const before = globalThis.fetch;
  globalThis.fetch = async (url, options = {}) => {
    requests.push({ url, ...options });
    const answer = answers.shift();
    if (answer instanceof Error) throw answer;
    return answer;
  };
  try {
    await work(new Talk({ api: "https://s.test/api/embed", embedId: "e", overrides: { model: "m" } }, "sid"));
  } finally {
    globalThis.fetch = before;
  }
  return requests;
}

const event = (fields) => `data: ${JSON.stringify(fields)}\n\n`;

test("a question goes out as plain text and its answer comes in pieces", async () => {
  const stream = event({ type: "textResponseChunk", textResponse: "Hel" }) + event({ textResponse: "lo" }) + event({ textResponse: "", close: true });
  const said = [];
  const [request] = await with_fetch([new Response(stream)], (talk) => talk.ask("Hi", (piece) => said.push(piece)));
  assert.deepEqual(said, ["Hel", "lo", ""]);
  assert.equal(request.url, "https://s.test/api/embed/e/stream-chat");
  assert.deepEqual(JSON.parse(request.body), { sessionId: "sid", message: "Hi", model: "m" });
  assert.equal(request.headers, undefined);
  assert.equal(request.credentials, "omit");
});

test("an answer that breaks off, fails, or never begins is told apart", async () => {
  const kind = (answers) => {
    let found;
    return with_fetch(answers, (talk) => talk.ask("Hi", () => {}).catch((e) => (found = e.kind))).then(() => found);
  };
  assert.equal(await kind([new Response(event({ textResponse: "Hel" }))]), "broken");
  assert.equal(await kind([new Response(event({ type: "abort", error: "no model", close: true }))]), "failed");
  assert.equal(await kind([new Response("{}", { status: 429, headers: { "retry-after": "9" } })]), "quota");
  // The browser hides who refused: a server that answers its ping does not like this page.
  assert.equal(await kind([new TypeError("Failed to fetch"), new Response("{}")]), "refused");
  assert.equal(await kind([new TypeError("Failed to fetch"), new TypeError("Failed to fetch")]), "offline");
});
