// Numbers in answers, the passages they open, and how answers end. What the engine says of an answer is given here, word for word,
// over real documents of a real server.

import assert from "node:assert/strict";
import { after } from "node:test";
import { api, closeBrowser, on, pdf, tab, workspace } from "./stage.mjs";

after(closeBrowser);

const PHONE = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };
const DOCUMENTS = {
  "tariffs.pdf": pdf("Opening words of the board. The office is closed on Mondays.", "The first tier costs 1.62 crowns a ton. The second tier costs 1.71 crowns a ton.", "Whoever pays late is reminded twice. Nobody is cut off in winter."),
  "مكتبة.txt": "تفتح المكتبة في التاسعة صباحا. مدة الإعارة أسبوعان كاملان. التمديد عند المكتب.",
  "水费.txt": "水费从每吨三元起。第二档为四元五角。本规定自五月起施行。",
};

/** The source that has this much of a document, from `from` to `to`, and supports these sentences. */
function source(preview, { from = 0, to = preview.text.length, sentences, cited = true, ...more }) {
  const text = preview.text.slice(from, to);
  const bytes = (units) => Buffer.byteLength(preview.text.slice(0, units));
  const pageOf = (units) => preview.pages.findLast((page) => page.start <= bytes(units))?.page ?? null;
  const citations = sentences?.map((sentence) => {
    const documentStart = preview.text.indexOf(sentence);
    assert.ok(documentStart >= from, sentence);
    const documentEnd = documentStart + sentence.length;
    return { start: documentStart - from, end: documentEnd - from, documentStart, documentEnd, page: pageOf(documentStart), pageEnd: pageOf(documentEnd - 1) };
  });
  return { id: `${preview.docpath}-${from}`, title: preview.document.title, docpath: preview.docpath, text, page: pageOf(from), start: bytes(from), end: bytes(to), score: 0.6, ...(citations ? { cited, citations } : {}), ...more };
}

/** A workspace with the documents, and a tab whose engine answers with these events. */
async function stageOf(stage, options = {}) {
  const slug = await workspace(stage, "Water", DOCUMENTS, { similarityThreshold: 0 });
  const { documents } = (await api(stage, "GET", `/v1/workspace/${slug}`)).workspace[0];
  const previews = {};
  for (const name of Object.keys(DOCUMENTS)) {
    const { docpath } = documents.find((one) => JSON.parse(one.metadata).title === name);
    previews[name] = await api(stage, "GET", `/v1/workspace/${slug}/document?path=${encodeURIComponent(docpath)}`);
  }
  const opened = await tab(stage, { path: `#/w/${slug}`, ...options });
  let id = 100;
  const said = [];
  /** What the next questions are answered with. */
  const answer = async ({ text, ...more }) => {
    await opened.page.unroute("**/stream-chat");
    await opened.page.route("**/stream-chat", (route) => {
      said.push(route.request().postDataJSON().message);
      id += 1;
      const events = [...(text.match(/[\s\S]{1,7}/g) ?? []).map((piece) => ({ type: "textResponseChunk", textResponse: piece, close: false })), { type: "finalizeResponseStream", close: true, chatId: id, finish: "stop", metrics: { model: "mock" }, ...more }];
      return route.fulfill({ headers: { "content-type": "text/event-stream" }, body: events.map((event) => `data: ${JSON.stringify(event)}\n\n`).join("") });
    });
  };
  const ask = async (question) => {
    const before = await opened.page.locator("article").count();
    await opened.question.fill(question);
    await opened.send.click();
    await opened.page.locator("article").nth(before).locator('.answer[aria-busy="false"]').waitFor();
  };
  const marks = async () => (await opened.passage.locator("mark").allInnerTexts()).map((text) => text.trim());
  return { ...opened, slug, previews, answer, ask, marks, said, last: opened.page.locator("article").last() };
}

for (const [size, options] of [["a desktop", {}], ["a phone", PHONE]]) {
  on(`a number opens the sentences that it stands for, and nothing else, on ${size}`, {}, async (stage) => {
    const { page, problems, previews, answer, ask, marks, last, passage, close } = await stageOf(stage, options);
    const water = previews["tariffs.pdf"];
    const late = "Whoever pays late is reminded twice.";
    const tier = "The second tier costs 1.71 crowns a ton.";
    await answer({
      text: "It is 1.71 crowns [1]. It was said before [2, 3], in Arabic 【2】 and of lateness [1-2]. Nothing is known of that [9].",
      relevance: 0.8,
      sources: [
        source(water, { from: water.text.indexOf("The first tier"), sentences: [tier, late] }),
        source(previews["مكتبة.txt"], { sentences: ["مدة الإعارة أسبوعان كاملان."] }),
        source(previews["水费.txt"], { sentences: ["第二档为四元五角。"] }),
        source(water, { to: water.text.indexOf("The first tier"), sentences: [], cited: false }),
      ],
    });
    await ask("What does the second tier cost, and who pays late?");
    await last.getByRole("button", { name: "Open source 1" }).first().waitFor();
    assert.deepEqual(await last.locator(".cite").allInnerTexts(), ["1", "2", "3", "2", "1", "2"]);
    assert.match(await last.locator(".prose").innerText(), /known of that\.$/, "a number that names nothing is left out, with its space");

    await last.getByRole("button", { name: "Open source 1" }).first().click();
    await passage.getByRole("separator", { name: "page 3" }).waitFor();
    assert.deepEqual(await marks(), [tier, late]);
    await passage.getByText("pages 2-3").waitFor();
    const first = passage.locator("mark").first();
    await page.waitForFunction((node) => {
      const { top, bottom } = node.getBoundingClientRect();
      return top >= 0 && bottom <= innerHeight;
    }, await first.elementHandle());
    await page.keyboard.press("Escape");

    for (const [number, text] of [[2, "مدة الإعارة أسبوعان كاملان."], [3, "第二档为四元五角。"]]) {
      await last.getByRole("button", { name: new RegExp(`^Source ${number}: `) }).click();
      await passage.locator("mark").first().waitFor();
      assert.deepEqual(await marks(), [text]);
      await page.keyboard.press("Escape");
    }
    const rightToLeft = await last.getByRole("button", { name: /^Source 2: / }).locator("bdi").evaluate((node) => node.textContent);
    assert.equal(rightToLeft, "مكتبة.txt");

    // What was found besides is told apart, and opens without a mark.
    const found = last.getByRole("button", { name: "Source 4: tariffs.pdf, page 1, not cited. Open the passage" });
    const style = (locator) => locator.evaluate((node) => [getComputedStyle(node).borderStyle, getComputedStyle(node).backgroundColor].join());
    assert.notEqual(await style(found), await style(last.getByRole("button", { name: /^Source 1: tariffs\.pdf, pages 2-3\. / })));
    await last.getByText("Also found:").waitFor();
    await found.click();
    await passage.locator("[data-marked]").first().waitFor();
    assert.deepEqual(await marks(), []);
    await passage.getByText("page 1 · ").waitFor();
    assert.deepEqual(problems, []);
    await close();
  });
}

on("an older answer marks what is close to it, and where nothing is, nothing", {}, async (stage) => {
  const { page, problems, previews, answer, ask, marks, last, passage, close } = await stageOf(stage);
  const water = previews["tariffs.pdf"];
  await answer({ text: "It is 1.71 crowns [1][2].", sources: [source(water, {}), source(previews["مكتبة.txt"], {})] });
  await ask("What does the second tier cost a ton?");
  await last.getByRole("button", { name: "Open source 1" }).click();
  await passage.locator("mark").first().waitFor();
  assert.ok((await marks()).includes("The second tier costs 1.71 crowns a ton."), "the sentence is whole");
  assert.ok(!(await marks()).some((text) => text.includes("closed on Mondays") || text.includes("cut off")));
  await page.keyboard.press("Escape");
  await last.getByRole("button", { name: "Open source 2" }).click();
  await passage.locator("[data-marked]").first().waitFor();
  assert.deepEqual(await marks(), []);
  assert.equal(await last.getByText("Also found:").count(), 0);
  assert.deepEqual(problems, []);
  await close();
});

on("a source whose document is gone can still be read", {}, async (stage) => {
  const { problems, previews, answer, ask, marks, last, passage, close } = await stageOf(stage);
  const gone = source(previews["水费.txt"], { sentences: ["第二档为四元五角。"], docpath: "custom-documents/gone.json" });
  await answer({ text: "四元五角 [1]。", sources: [gone] });
  await ask("第二档多少钱？");
  await last.getByRole("button", { name: "Open source 1" }).click();
  await passage.getByRole("alert").waitFor();
  assert.deepEqual(await marks(), ["第二档为四元五角。"]);
  assert.deepEqual(problems, []);
  await close();
});

on("how an answer ended, and how good its evidence is, is said", {}, async (stage) => {
  const { page, problems, previews, answer, ask, last, said, close } = await stageOf(stage);
  const sources = [source(previews["tariffs.pdf"], { sentences: [], cited: false })];
  const WEAK = "The passages found fit this question poorly.";
  const notes = async (more) => {
    await answer({ text: "Some words.", sources, relevance: 0.9, ...more });
    await ask("What of it?");
    return last.innerText();
  };
  for (const [finish, words] of [["length", "The answer reached the model's limit."], ["content_filter", "content filter stopped"], ["refusal", "The model declined"]]) {
    assert.ok((await notes({ finish })).includes(words), finish);
  }
  assert.ok((await notes({ text: "", finish: "empty" })).includes("The model's answer was empty."));
  assert.ok((await notes({ text: "", finish: undefined })).includes("The model's answer was empty."));
  const plain = await notes({});
  for (const words of ["limit", "filter", "declined", "empty", "poorly"]) assert.ok(!plain.includes(words), words);
  assert.ok((await notes({ relevance: 0.1 })).includes(WEAK));
  assert.ok(!(await notes({ relevance: 0.1, sources: [] })).includes(WEAK));

  await notes({ finish: "length" });
  await answer({ text: "The rest.", sources });
  await last.getByRole("button", { name: "Continue" }).click();
  await page.locator("article").last().getByText("The rest.").waitFor();
  assert.match(said.at(-1), /What of it\?/, "it names the question, so that the same passages are found");
  assert.deepEqual(problems, []);
  await close();
});

on("what a model thought is folded, and is neither copied nor exported", {}, async (stage) => {
  const { page, context, problems, answer, ask, last, close } = await stageOf(stage);
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await answer({ text: "<think>The tiers differ, I must\n\ncompare them.</think>\n\nIt is **1.71** crowns [3].", sources: [] });
  await ask("What does it cost?");
  const fold = last.locator("summary");
  assert.match(await fold.innerText(), /^Thought for [\d.]+ s$/);
  assert.ok(!(await last.innerText()).includes("compare them"));
  await last.getByRole("button", { name: "Copy the answer" }).click();
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), "It is **1.71** crowns.");
  await fold.focus();
  await page.keyboard.press("Enter");
  await last.getByText("compare them").waitFor();
  await page.getByRole("button", { name: "More for this conversation" }).click();
  const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("menuitem", { name: "Export as Markdown" }).click()]);
  const { readFile } = await import("node:fs/promises");
  const exported = await readFile(await download.path(), "utf8");
  assert.ok(exported.includes("crowns.") && !exported.includes("compare"), exported);
  assert.deepEqual(problems, []);
  await close();
});

on("a saved conversation looks as it did when it was new", {}, async (stage) => {
  const { page, problems, previews, marks, last, passage, slug, close } = await stageOf(stage);
  const tier = "The second tier costs 1.71 crowns a ton.";
  const history = [
    { role: "user", content: "What does it cost?", chatId: 5, sentAt: 1 },
    { role: "assistant", content: "<think>Hm.</think>It is 1.71 crowns [^1]. [7]", chatId: 5, sentAt: 1, relevance: 0.1, finish: "length", metrics: { model: "mock" }, sources: [source(previews["tariffs.pdf"], { sentences: [tier] })] },
  ];
  await page.route(`**/v1/workspace/${slug}/chats*`, (route) => route.fulfill({ json: { history } }));
  await page.reload();
  await last.getByRole("button", { name: "Open source 1" }).click();
  await passage.locator("mark").first().waitFor();
  assert.deepEqual(await marks(), [tier]);
  await passage.getByText("page 2 · ").waitFor();
  const text = await last.locator(".answer").innerText();
  for (const words of ["Thought", "reached the model's limit", "fit this question poorly", "page 2"]) assert.ok(text.includes(words), words);
  assert.ok(!text.includes("Hm.") && !text.includes("7]"));
  assert.deepEqual(problems, []);
  await close();
});

on("Arabic reads from the right, English from the left, in questions, answers, chips and passages", {}, async (stage) => {
  const { page, problems, previews, answer, ask, last, passage, close } = await stageOf(stage);
  await answer({ text: "مدة الإعارة أسبوعان [1].\n\n- أولا\n- ثانيا\n\nTwo weeks [1].\n\n- first\n\n| البند | المدة |\n|--|--|\n| كتاب | أسبوعان |\n\n> كل الكتب", sources: [source(previews["مكتبة.txt"], { sentences: ["مدة الإعارة أسبوعان كاملان."] })] });
  await ask("ما مدة الإعارة؟");
  const direction = (locator) => locator.evaluate((node) => getComputedStyle(node).direction);
  await last.locator(".prose ul").nth(1).waitFor();
  assert.deepEqual(await Promise.all([0, 1].map((n) => direction(last.locator(".prose p").nth(n)))), ["rtl", "ltr"]);
  assert.deepEqual(await Promise.all([0, 1].map((n) => direction(last.locator(".prose ul").nth(n)))), ["rtl", "ltr"], "bullets stand where the list begins");
  assert.deepEqual(await Promise.all([direction(last.locator("table")), direction(last.locator("blockquote"))]), ["rtl", "rtl"]);
  /** Whether the last sign of a text stands left of its first letters. */
  const fromTheRight = (locator) => locator.evaluate((node) => {
    const text = [...node.childNodes].find((child) => child instanceof Text && child.data.trim() !== "");
    const at = (n) => {
      const range = document.createRange();
      range.setStart(text, n);
      range.setEnd(text, n + 1);
      return range.getBoundingClientRect().left;
    };
    const first = text.data.search(/\S/);
    return at(first + text.data.trim().length - 1) < at(first);
  });
  assert.ok(await fromTheRight(last.locator(".bubble")), "the question mark stands at the left");
  await last.getByRole("button", { name: "Open source 1" }).first().click();
  await passage.locator("mark").waitFor();
  assert.ok(await fromTheRight(passage.locator("[data-marked]")));
  assert.deepEqual(problems, []);
  await close();
});
