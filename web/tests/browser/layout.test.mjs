// Where things stand on the page: that labels have the size of labels, that nothing shifts the page, that menus can be used with
// keys and stay in the window, and that Markdown looks as it was written.

import assert from "node:assert/strict";
import { after } from "node:test";
import { api, closeBrowser, model, on, pdf, tab, workspace } from "./stage.mjs";
import { PAGES, furnished } from "./pages.mjs";
import { test } from "node:test";

after(closeBrowser);

const PHONE = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };
const HERONS = "Herons stand on one leg in cold water.";
const OTTERS = "Otters hold hands while they sleep so that they do not drift apart.";

/** How much of an element is outside of the window. */
const outside = (locator) => locator.evaluate((node) => {
  const { left, right, top, bottom } = node.getBoundingClientRect();
  const { clientWidth, clientHeight } = document.documentElement;
  return Math.max(0, -left, -top, right - clientWidth, bottom - clientHeight);
});

/** How far the page as a whole was scrolled, and how far it could be. */
const shift = (page) => page.evaluate(() => {
  const { scrollTop, scrollLeft, scrollHeight, scrollWidth, clientHeight, clientWidth } = document.documentElement;
  const app = document.getElementById("app").getBoundingClientRect();
  return [scrollTop, scrollLeft, scrollHeight - clientHeight, scrollWidth - clientWidth, app.top, app.left];
});

for (const [size, options] of [["a desktop", {}], ["a phone", PHONE]]) {
  on(`sources and pages of a PDF are labels and lines, on ${size}`, {}, async (stage) => {
    const slug = await workspace(stage, "Animals", { "animals.pdf": pdf(HERONS, OTTERS), "مذكرة.txt": "تنام ثعالب الماء وهي ممسكة بأيدي بعضها otters hold hands." }, { similarityThreshold: 0 });
    const { page, problems, ask, passage, close } = await tab(stage, { path: `#/w/${slug}`, ...options });
    await ask("Why do otters hold hands?");
    const chips = page.getByRole("region", { name: "Sources" }).getByRole("button");
    await chips.first().waitFor();
    assert.ok((await chips.count()) >= 2);
    for (const chip of await chips.all()) {
      assert.ok((await chip.boundingBox()).height < 48, "a source has the height of a line");
      assert.equal(await chip.locator("[tabindex]").count(), 0);
      assert.equal(await outside(chip), 0);
    }
    const stops = await page.locator("article .answer").evaluate((answer) => [...answer.querySelectorAll("*")].filter((node) => /auto|scroll/.test(getComputedStyle(node).overflowY)).length);
    assert.equal(stops, 0, "nothing in a source scrolls by itself, which would be a stop of the Tab key");
    await page.getByRole("button", { name: /^Source \d+: animals\.pdf/ }).first().click();
    const separator = passage.getByRole("separator", { name: "page 2" });
    await separator.waitFor();
    assert.ok((await separator.boundingBox()).height < 40, "the line between pages is a line");
    assert.deepEqual(problems, []);
    await close();
  });
}

on("opening passages of a long conversation shifts nothing", {}, async (stage) => {
  const mock = await model();
  await api(stage, "POST", "/v1/system/update-env", { LLMProvider: "generic-openai", GenericOpenAiBasePath: mock.base, GenericOpenAiModelPref: "mock-large" });
  const filler = Array.from({ length: 260 }, (_, n) => `Entry ${n}: the weather was mild and nothing of note was written down.`).join("\n\n");
  const slug = await workspace(stage, "Log", { "log.txt": `${filler}\n\nThe lighthouse lamp was replaced by the engineer from Tromso.` }, { topN: 8, similarityThreshold: 0 });
  mock.say.text = `${"So far so good.\n\n".repeat(12)}The lamp was replaced [1].`;
  for (let n = 0; n < 10; n++) await api(stage, "POST", `/v1/workspace/${slug}/chat`, { message: "Who replaced the lighthouse lamp?" });
  for (const options of [{}, { viewport: { width: 1000, height: 700 } }, PHONE]) {
    const { page, problems, passage, close } = await tab(stage, { path: `#/w/${slug}`, ...options });
    await page.locator("article .cite").last().waitFor();
    assert.deepEqual(await shift(page), [0, 0, 0, 0, 0, 0], "the window has nothing to scroll");
    await page.getByRole("button", { name: /^Source 1: log\.txt/ }).last().click();
    const marked = passage.locator("mark.close", { hasText: "engineer from Tromso" }).last();
    await marked.waitFor();
    await page.waitForTimeout(300);
    assert.equal(await outside(marked), 0, "the sentence is in sight");
    assert.deepEqual(await shift(page), [0, 0, 0, 0, 0, 0], "the page is where it was");
    assert.equal(await outside(page.locator("main")), 0);
    await page.keyboard.press("Escape");
    await passage.waitFor({ state: "detached" });
    assert.deepEqual(await shift(page), [0, 0, 0, 0, 0, 0]);
    assert.deepEqual(problems, []);
    await close();
  }
  mock.end();
});

on("a menu is used with keys alone", {}, async (stage) => {
  const slug = await workspace(stage, "Hut", { "Two.txt": "Second text.", "One.txt": "First text." });
  const { page, problems, close } = await tab(stage, { path: `#/w/${slug}/documents` });
  const button = page.getByRole("button", { name: "Actions for One.txt" });
  const menu = page.getByRole("menu", { name: "Actions for One.txt" });
  const here = () => page.evaluate(() => document.activeElement?.textContent?.trim());
  await button.waitFor();
  for (const key of ["Enter", "Space", "ArrowDown"]) {
    await button.focus();
    await page.keyboard.press(key);
    assert.match(await here(), /^Show the text/, `${key} opens it, and its first item has the focus`);
    await page.keyboard.press("Escape");
    await menu.waitFor({ state: "hidden" });
    assert.ok(await button.evaluate((node) => node === document.activeElement), "Escape gives the focus back");
  }
  // No key is lost, however soon it follows.
  await page.keyboard.press("Enter");
  await page.keyboard.press("ArrowDown");
  assert.match(await here(), /^Pin/);
  await page.keyboard.press("End");
  assert.match(await here(), /^Delete/);
  await page.keyboard.press("ArrowDown");
  assert.match(await here(), /^Show the text/, "after the last comes the first");
  await page.keyboard.press("ArrowUp");
  assert.match(await here(), /^Delete/);
  await page.keyboard.press("t");
  assert.match(await here(), /^Take out/, "a letter goes to what begins with it");
  await page.keyboard.press("Tab");
  await menu.waitFor({ state: "hidden" });
  assert.ok(await page.evaluate(() => !document.activeElement?.closest("[popover]") && document.activeElement !== document.body), "Tab closes it and goes on");
  await button.focus();
  await page.keyboard.press("ArrowUp");
  assert.match(await here(), /^Delete/, "upwards it begins with the last item");
  await page.keyboard.press("p");
  await page.keyboard.press("Enter");
  await page.getByRole("list", { name: "Documents" }).getByText("Pinned").waitFor();
  // A click closes it as well as it opens it.
  await button.click();
  await menu.waitFor();
  await button.click();
  await menu.waitFor({ state: "hidden" });
  assert.deepEqual(problems, []);
  await close();
});

for (const [size, options] of [["a desktop", {}], ["a low window", { viewport: { width: 640, height: 400 } }], ["a phone", PHONE]]) {
  on(`menus stay in the window, on ${size}`, {}, async (stage) => {
    const files = Object.fromEntries(Array.from({ length: 10 }, (_, n) => [`Report ${n}.txt`, `Report number ${n}.`]));
    const slug = await workspace(stage, "Hut", files);
    const { page, problems, close } = await tab(stage, { path: `#/w/${slug}/documents`, ...options });
    await page.getByRole("button", { name: /^Actions for Report/ }).first().waitFor();
    const check = async (button) => {
      await button.scrollIntoViewIfNeeded();
      await button.focus();
      await page.keyboard.press("Enter");
      const menu = page.locator("[popover]:popover-open");
      await menu.waitFor();
      assert.equal(await outside(menu), 0, await button.getAttribute("aria-label"));
      const { x, width } = await menu.boundingBox();
      assert.ok(x >= 8 && x + width <= (await page.evaluate(() => document.documentElement.clientWidth)) - 8, "there is space at the edges");
      // Each of the items can be reached.
      for (const item of await menu.getByRole("menuitem").all()) {
        await item.focus();
        assert.equal(await outside(item), 0);
      }
      await page.keyboard.press("Escape");
      await menu.waitFor({ state: "detached" }).catch(() => {});
    };
    for (const button of await page.getByRole("button", { name: /^Actions for Report/ }).all()) await check(button);
    await page.goto(`${stage.url}/#/w/${slug}`);
    await check(page.getByRole("button", { name: "More for this conversation" }));
    assert.deepEqual(problems, []);
    await close();
  });
}

on("Markdown keeps numbers of lists, boxes, columns and keys", {}, async (stage) => {
  const mock = await model();
  await api(stage, "POST", "/v1/system/update-env", { LLMProvider: "generic-openai", GenericOpenAiBasePath: mock.base, GenericOpenAiModelPref: "mock-large" });
  const slug = await workspace(stage, "Hut", { "Rules.txt": "The key hangs behind the woodshed." });
  const wide = Array.from({ length: 14 }, (_, n) => `Inspection ${n}`);
  mock.say.text = [
    "7. seventh\n8. eighth",
    "- [x] swept the floor\n- [ ] closed the shutters",
    "| Property | Yield | Remark |\n|:---|---:|:---:|\n| Responsibilities | 1,250 | centred |",
    `| ${wide.join(" | ")} |\n|${"---|".repeat(wide.length)}\n| ${wide.map(() => "satisfactory").join(" | ")} |`,
    `\`\`\`text\n${"a very long line of code ".repeat(20)}\n\`\`\``,
    "[a link](https://example.com/start) and [no link](javascript:alert(1)) and [text](data:text/html,x)",
  ].join("\n\n");
  for (const options of [{}, PHONE]) {
    const { page, problems, ask, answers, close } = await tab(stage, { path: `#/w/${slug}`, ...options });
    await ask("What is there to do?");
    const answer = answers.last();
    await answer.locator("pre").waitFor();
    assert.equal(await answer.locator("ol").evaluate((list) => list.start), 7);
    const boxes = answer.locator("input");
    assert.deepEqual(await boxes.evaluateAll((all) => all.map((box) => [box.type, box.checked, box.disabled])), [["checkbox", true, true], ["checkbox", false, true]]);
    assert.ok((await boxes.first().boundingBox()).width < 30, "a box is a box");
    assert.deepEqual(await answer.locator("table").first().locator("td").evaluateAll((cells) => cells.map((cell) => getComputedStyle(cell).textAlign)), ["left", "right", "center"]);
    // Words are whole: no cell has more lines than words.
    const lines = await answer.locator("th, td").evaluateAll((cells) => cells.map((cell) => {
      const range = document.createRange();
      range.selectNodeContents(cell);
      return { text: cell.textContent, lines: new Set([...range.getClientRects()].map((box) => Math.round(box.top))).size };
    }));
    for (const { text, lines: count } of lines) assert.ok(count <= text.split(" ").length, `“${text}” takes ${count} lines`);
    // What is wider than the page scrolls in its frame, by the keys as well.
    for (const frame of [answer.locator(".table").last(), answer.locator("pre")]) {
      assert.ok(await frame.evaluate((node) => node.scrollWidth > node.clientWidth && node.tabIndex === 0));
      await frame.focus();
      await page.keyboard.press("ArrowRight");
      await page.waitForFunction((node) => node.scrollLeft > 0, await frame.elementHandle());
    }
    assert.deepEqual(await answer.locator(".prose a").evaluateAll((links) => links.map((link) => link.getAttribute("href"))), ["https://example.com/start", null, null]);
    assert.deepEqual(await shift(page), [0, 0, 0, 0, 0, 0]);
    assert.deepEqual(problems, []);
    await close();
  }
  mock.end();
});

test("no page of the app can be shifted", async () => {
  const { stage, end } = await furnished();
  for (const options of [{}, PHONE]) {
    for (const { name, path, key, prepare } of PAGES) {
      const { page, close } = await tab(stage, { path, key, ...options });
      await prepare?.(page);
      assert.deepEqual(await shift(page), [0, 0, 0, 0, 0, 0], name);
      await close();
    }
  }
  await end();
});
