// A visitor of a static page: first visit, reload, a second tab, no network, no room, no storage, a tab that dies.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { fetched } from "./documents.mjs";
import { launch, site, tabOf } from "./stage.mjs";

let stage;
let browser;
before(async () => {
  stage = await site();
  browser = await launch();
});
after(async () => {
  await browser?.close();
  stage?.close();
});

/** A visitor of their own. */
async function visitor(t) {
  const context = await browser.newContext();
  t.after(() => context.close());
  return context;
}

const app = (context, query = "") => tabOf(context, `${stage.origin}/pages/app.html?${query}`);
const state = (tab, wanted) => tab.waitForFunction(([id, text]) => document.getElementById(id).textContent.startsWith(text), ["state", wanted]);
const titles = (tab) => tab.locator("#sources li").allTextContents();
const drop = async (tab, files) => {
  await tab.locator("#files").setInputFiles(files);
  await state(tab, "added");
};

/** Titles of the documents of the workspace, sorted. */
const documents = (tab) => tab.evaluate(async () => {
  const response = await window.haversack.fetch("/api/v1/workspace/docs");
  const [workspace] = (await response.json()).workspace;
  return workspace.documents.map(({ metadata }) => JSON.parse(metadata).title).sort();
});

/** A text of so many bytes about many things. */
function book(bytes) {
  const words = "harvest river copper lantern meadow ledger anchor violin granite saddle orchard beacon".split(" ");
  let text = "";
  for (let i = 0; text.length < bytes; i += 1) text += `Entry ${i}: the ${words[i % 12]} and the ${words[(i * 7) % 11]} of ${words[(i * 5 + 3) % 12]}.\n\n`;
  return text;
}

test("a first visit: a PDF and a DOCX are dropped, a question is answered with a citation, and a reload keeps all", async (t) => {
  const [[pdf], [docx]] = [fetched("pypdf"), fetched("docx")];
  const context = await visitor(t);
  const { tab, problems } = await app(context);
  await state(tab, "ready");
  await drop(tab, [pdf, docx]);
  assert.deepEqual(await documents(tab), ["crazyones.pdf", "txt-font-highlight-color.docx"]);
  const pieces = await tab.evaluate(() => window.ask("Here is to the crazy ones, the misfits, the rebels, the troublemakers"));
  assert.ok(pieces > 3, `it came in ${pieces} pieces`);
  assert.ok((await titles(tab)).includes("crazyones.pdf"));
  // The citation works: what it quotes is in the document.
  assert.match(await tab.locator("#sources li").first().getAttribute("data-text"), /misfits/);
  await tab.reload();
  await state(tab, "ready");
  assert.deepEqual(await documents(tab), ["crazyones.pdf", "txt-font-highlight-color.docx"]);
  const history = await tab.evaluate(() => window.haversack.history("docs"));
  assert.equal(history.length, 2);
  await tab.evaluate(() => window.ask("a paragraph having the background color yellow"));
  assert.ok((await titles(tab)).includes("txt-font-highlight-color.docx"));
  assert.deepEqual(problems, []);
});

test("two tabs write at the same time, one of them without a worker, and nothing is lost", async (t) => {
  const context = await visitor(t);
  const tabs = await Promise.all([app(context), app(context, "engine=page")]);
  for (const { tab } of tabs) await state(tab, "ready");
  const files = (who) => Array.from({ length: 6 }, (_, i) => ({ name: `${who}${i}.txt`, mimeType: "text/plain", buffer: Buffer.from(`${who} wrote note ${i}`) }));
  await Promise.all(tabs.map(({ tab }, i) => drop(tab, files("ab"[i]))));
  const all = ["a", "b"].flatMap((who) => files(who).map(({ name }) => name)).sort();
  for (const { tab, problems } of tabs) {
    assert.deepEqual(await documents(tab), all);
    const found = await tab.evaluate(() => window.haversack.search("docs", "b wrote note 4", { topN: 12 }));
    assert.equal(found.length, 12);
    assert.deepEqual(problems, []);
  }
});

test("a tab killed in the middle of an ingest leaves nothing by halves, and the next one goes on", async (t) => {
  const context = await visitor(t);
  const first = await app(context);
  await state(first.tab, "ready");
  await drop(first.tab, { name: "kept.txt", mimeType: "text/plain", buffer: Buffer.from("what was there before") });
  const file = { name: "book.txt", mimeType: "text/plain", buffer: Buffer.from(book(5_000_000)) };
  await first.tab.locator("#files").setInputFiles(file);
  await state(first.tab, "book.txt: indexing");
  await first.tab.waitForTimeout(300);
  assert.match(await first.tab.locator("#state").textContent(), /indexing/);
  await first.tab.close();
  const second = await app(context);
  await state(second.tab, "ready");
  assert.deepEqual(await documents(second.tab), ["kept.txt"]);
  const staged = await second.tab.evaluate(() => new Promise((resolve) => {
    indexedDB.open("app").onsuccess = ({ target: { result: database } }) => {
      const all = database.transaction("records").objectStore("records").getAllKeys(IDBKeyRange.bound("staging/", "staging0"));
      all.onsuccess = () => resolve(all.result);
    };
  }));
  assert.deepEqual(staged, []);
  await drop(second.tab, { name: "after.txt", mimeType: "text/plain", buffer: Buffer.from("and after") });
  assert.deepEqual(await documents(second.tab), ["after.txt", "kept.txt"]);
});

test("without room, an upload says so, and what was there stays", async (t) => {
  const context = await visitor(t);
  // Before anything is stored: Chromium remembers for a while how much room there was.
  const { tab } = await app(context, "store=memory");
  const tools = await context.newCDPSession(tab);
  await tools.send("Storage.overrideQuotaForOrigin", { origin: stage.origin, quotaSize: 400_000 });
  await tab.goto(`${stage.origin}/pages/app.html`);
  await state(tab, "ready");
  await drop(tab, { name: "kept.txt", mimeType: "text/plain", buffer: Buffer.from("what was there before") });
  await tab.locator("#files").setInputFiles({ name: "book.txt", mimeType: "text/plain", buffer: Buffer.from(book(5_000_000)) });
  await state(tab, "not added");
  assert.match(await tab.locator("#state").textContent(), /no more room/);
  assert.deepEqual(await documents(tab), ["kept.txt"]);
  await drop(tab, { name: "after.txt", mimeType: "text/plain", buffer: Buffer.from("and after") });
  assert.deepEqual(await documents(tab), ["after.txt", "kept.txt"]);
});

test("where a page may store nothing, it is told, and memory works", async (t) => {
  const context = await visitor(t);
  const refused = await app(context, "engine=page&sandbox");
  await state(refused.tab, "cannot open");
  assert.match(await refused.tab.locator("#state").textContent(), /does not let this page store anything .* store: "memory"/);
  const { tab } = await app(context, "engine=page&sandbox&store=memory");
  await state(tab, "ready");
  await drop(tab, { name: "note.txt", mimeType: "text/plain", buffer: Buffer.from("a note for now") });
  assert.deepEqual(await documents(tab), ["note.txt"]);
});
