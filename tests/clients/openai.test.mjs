// The `openai` package for Node, as it is. Run by `cargo xtask test clients`.

import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import OpenAI from "openai";

const { HAVERSACK_URL: url, HAVERSACK_KEY: apiKey, MOCK_URL: mock } = process.env;
assert(url, "run this with `cargo xtask test clients`");

async function post(path, body) {
  const headers = { Authorization: `Bearer ${apiKey}`, "Content-Type": "application/json" };
  const answer = await fetch(url + path, { method: "POST", headers, body: JSON.stringify(body) });
  assert.equal(answer.status, 200);
}

before(async () => {
  await post("/api/v1/workspace/new", { name: "Handbook", chatMode: "chat" });
  const textContent = "Otters live along the river. They eat fish, frogs and crayfish.";
  await post("/api/v1/document/raw-text", { textContent, metadata: { title: "otters" }, addToWorkspaces: "handbook" });
});

const question = { model: "handbook", messages: [{ role: "user", content: "What do otters eat?" }] };

for (const base of ["/v1", "/api/v1/openai"]) {
  describe(base, () => {
    const client = new OpenAI({ baseURL: url + base, apiKey, maxRetries: 0 });

    test("workspaces are models", async () => {
      const ids = [];
      for await (const model of client.models.list()) ids.push(model.id);
      assert.deepEqual(ids, ["handbook"]);
    });

    test("an answer has usage and sources", async () => {
      const answer = await client.chat.completions.create(question);
      assert.match(answer.choices[0].message.content, / echo: What do otters eat\?$/);
      assert.equal(answer.choices[0].finish_reason, "stop");
      assert.equal(answer.usage.total_tokens, answer.usage.prompt_tokens + answer.usage.completion_tokens);
      assert.deepEqual(answer.sources.map((source) => source.title), ["otters.txt"]);
    });

    test("a stream speaks while the model does", async () => {
      const messages = [{ role: "user", content: "[[mock:hold]] What do otters eat?" }];
      const stream = await client.chat.completions.create({ ...question, messages, stream: true });
      const chunks = [];
      for await (const chunk of stream) {
        // The model waits after its first word.
        if (chunks.push(chunk) === 1) await fetch(`${mock}/__mock/release`, { method: "POST" });
      }
      const last = chunks.pop();
      const text = chunks.map((chunk) => chunk.choices[0].delta.content).join("");
      assert.match(text, / echo: \[\[mock:hold\]\] What do otters eat\?$/);
      assert.deepEqual(chunks.map((chunk) => chunk.choices[0].delta.role).filter(Boolean), ["assistant"]);
      assert.equal(last.choices[0].finish_reason, "stop");
    });

    test("the helper that gathers a stream", async () => {
      const answer = await client.chat.completions.stream(question).finalContent();
      assert.match(answer, / echo: What do otters eat\?$/);
    });

    test("embeddings arrive as floats and as base64", async () => {
      const input = ["otters eat fish", "quantum chromodynamics"];
      // Without a format the package asks for base64 and takes it apart.
      const packed = await client.embeddings.create({ model: "any", input });
      const plain = await client.embeddings.create({ model: "any", input, encoding_format: "float" });
      assert.equal(packed.data.length, 2);
      const single = (row) => Array.from(new Float32Array(row.embedding));
      assert.deepEqual(packed.data.map(single), plain.data.map(single));
      assert(packed.usage.total_tokens > 0);
    });

    test("errors are the ones the package knows", async () => {
      const unknown = client.chat.completions.create({ ...question, model: "nope" });
      await assert.rejects(unknown, (error) => error instanceof OpenAI.NotFoundError && error.code === "model_not_found");
      const empty = client.chat.completions.create({ ...question, messages: [] });
      await assert.rejects(empty, (error) => error instanceof OpenAI.BadRequestError && error.param === "messages");
      const messages = [{ role: "user", content: "[[mock:cut]] one two" }];
      const stream = await client.chat.completions.create({ ...question, messages, stream: true });
      const readAll = async () => {
        for await (const chunk of stream) assert.equal(chunk.choices[0].finish_reason, null);
      };
      await assert.rejects(readAll, (error) => error.type === "server_error");
    });
  });
}
