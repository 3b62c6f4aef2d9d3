// What people do with the app, in a real browser: against the real server, and as a static site with the engine in the tab.
// `cargo xtask test web`

import assert from "node:assert/strict";
import { after } from "node:test";
import { HUT, KEY, api, both, closeBrowser, model, pdf, tab, workspace } from "./stage.mjs";

after(closeBrowser);

both("somebody starts, asks the sample, and sees where the answer is from", async (stage) => {
  const { page, problems, passage, question, close } = await tab(stage);
  assert.ok(!page.url().includes(KEY), "the key does not stay in the address");
  await page.getByRole("heading", { name: "Ask your documents anything" }).waitFor();
  await page.getByRole("button", { name: "Open the sample" }).click();
  await page.getByRole("button", { name: "Where is the key to the hut kept?" }).click();
  const answer = page.locator("article .answer");
  await answer.getByText("behind the woodshed").waitFor();
  assert.ok(!(await answer.innerText()).includes("LLM_PROVIDER"), "people do not read names of variables");
  await answer.getByRole("button", { name: "Open source 1" }).first().click();
  await passage.locator("mark.close", { hasText: "green letter box" }).first().waitFor();
  assert.match(await passage.innerText(), /House rules\.md/);
  await page.keyboard.press("Escape");
  await passage.waitFor({ state: "detached" });
  await question.fill("kept for later");
  await page.reload();
  await question.waitFor();
  assert.equal(await question.inputValue(), "kept for later");
  assert.deepEqual(problems, []);
  await close();
});

both("a PDF is added, asked about, and its citation names the page", async (stage) => {
  const slug = await workspace(stage, "Animals");
  const { page, problems, ask, passage, close } = await tab(stage, { path: `#/w/${slug}/documents` });
  const file = pdf("Herons stand on one leg in cold water.", "Otters hold hands while they sleep so that they do not drift apart.");
  await page.getByTestId("files").setInputFiles({ name: "animals.pdf", mimeType: "application/pdf", buffer: file });
  await page.getByText("1 document added").first().waitFor();
  await page.getByRole("button", { name: "animals.pdf", exact: false }).filter({ hasText: "words" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("separator", { name: "page 2" }).waitFor();
  await dialog.getByRole("button", { name: "Close" }).click();
  await page.goto(`${stage.url}/#/w/${slug}`);
  assert.match(await ask("Why do otters hold hands?"), /drift apart/);
  await page.getByRole("button", { name: /^Source \d+: animals\.pdf/ }).first().click();
  await passage.locator("mark.close", { hasText: "drift apart" }).waitFor();
  await passage.getByText("page 2", { exact: false }).first().waitFor();
  assert.deepEqual(problems, []);
  await close();
});

both("threads are made, named after their question, renamed and deleted", async (stage) => {
  const slug = await workspace(stage, "Hut", HUT);
  const { page, problems, side, ask, close } = await tab(stage, { path: `#/w/${slug}` });
  await side.getByRole("button", { name: "New thread" }).click();
  await page.waitForURL(/\/t\//);
  await ask("Where is the key to the hut?");
  await side.getByRole("link", { name: "Where is the key to the hut?" }).waitFor();
  await side.getByRole("button", { name: "Actions for the thread Where is the key to the hut?" }).click();
  await page.getByRole("menuitem", { name: "Rename" }).click();
  await page.getByRole("textbox", { name: "Name of the thread" }).fill("Keys");
  await page.getByRole("button", { name: "Save" }).click();
  await side.getByRole("button", { name: "Actions for the thread Keys" }).click();
  await page.getByRole("menuitem", { name: "Delete" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
  await side.getByRole("link", { name: "Keys" }).waitFor({ state: "detached" });
  assert.deepEqual(problems, []);
  await close();
});

both("a provider is set up, tried, and streams; an answer is stopped, asked again, edited", async (stage) => {
  const mock = await model();
  const slug = await workspace(stage, "Hut", HUT);
  const { page, problems, question, send, stop, answers, ask, close } = await tab(stage, { path: "#/settings/models" });
  const form = page.locator("form").first();
  await form.getByLabel("Provider").selectOption("generic-openai");
  await form.getByLabel("Address").fill(mock.base);
  await form.getByLabel("Address").blur();
  await form.getByText("2 models to choose from.").waitFor();
  await form.getByLabel("Model", { exact: true }).fill("mock-large");
  await form.getByRole("button", { name: "Test connection" }).click();
  await form.getByText("Hello there.").waitFor();
  await form.getByText(/mock-large answered in \d+ ms/).waitFor();
  await form.getByRole("button", { name: "Save" }).click();
  await page.getByText("Saved. The next question goes to this model.").waitFor();

  await page.goto(`${stage.url}/#/w/${slug}`);
  mock.say.text = "# Title\n\nIt is **bold**, says source [1].\n\n```js\nconst a = 1;\n```\n\nDone.";
  await ask("Where is the key to the hut?");
  await answers.last().locator("strong", { hasText: "bold" }).waitFor();
  await answers.last().locator(".hljs-keyword", { hasText: "const" }).waitFor();
  assert.equal(await answers.last().getByRole("button", { name: "Open source 1" }).count(), 1);

  mock.say.text = Array.from({ length: 200 }, (_, n) => `word${n}`).join(" ");
  mock.say.pause = 30;
  await question.fill("Take your time");
  await send.click();
  await answers.last().getByText("word3").waitFor();
  await stop.click();
  await answers.last().getByText("You stopped this answer here.").waitFor();
  mock.say.pause = 0;
  mock.say.text = "Second try.";
  await page.locator("article").last().getByRole("button", { name: "Ask again" }).click();
  await answers.last().getByText("Second try.").waitFor();
  assert.equal(await page.locator("article").count(), 2);
  await page.locator("article").last().getByRole("button", { name: "Edit the question" }).click();
  const editor = page.locator("article textarea");
  await editor.fill("Another question");
  mock.say.text = "Third try.";
  await editor.press("Enter");
  await answers.last().getByText("Third try.").waitFor();
  const { history } = await api(stage, "GET", `/v1/workspace/${slug}/chats`);
  assert.deepEqual(history.filter((item) => item.role === "user").map((item) => item.content), ["Where is the key to the hut?", "Another question"]);
  assert.deepEqual(problems, []);
  mock.end();
  await close();
});

both("the keyboard alone is enough", async (stage) => {
  await workspace(stage, "Hut", HUT);
  const { page, question, passage, problems, close } = await tab(stage);
  await question.waitFor();
  // What is typed before the palette can be seen is not lost.
  await page.keyboard.press("Control+k");
  await page.keyboard.type("new thr");
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/t\//);
  await page.getByText("What would you like to know from Hut?").waitFor();
  await page.locator(":focus").and(question).waitFor();
  await page.waitForTimeout(100);
  await page.keyboard.type("Where is the key to the hut?");
  await page.keyboard.press("Enter");
  await page.locator('.answer[aria-busy="false"]').getByText("woodshed").first().waitFor();
  // Back from the composer to the first citation.
  for (let n = 0; n < 30 && !(await page.evaluate(() => document.activeElement?.matches(".cite") ?? false)); n++) await page.keyboard.press("Shift+Tab");
  await page.keyboard.press("Enter");
  await passage.locator("mark.close").first().waitFor();
  await page.keyboard.press("Escape");
  assert.ok(await page.evaluate(() => document.activeElement?.matches(".cite")), "the focus is back where it was");
  await page.keyboard.press("Control+k");
  await page.keyboard.type("documents");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Documents" }).waitFor();
  await page.keyboard.press("/");
  assert.deepEqual(problems, []);
  await close();
});

both("documents are pinned, taken out, put back, moved and deleted", async (stage) => {
  const slug = await workspace(stage, "Hut", { "One.txt": "First text.", "Two.txt": "Second text." });
  const { page, problems, close } = await tab(stage, { path: `#/w/${slug}/documents` });
  const list = page.getByRole("list", { name: "Documents" });
  const act = async (title, action) => {
    await page.getByRole("button", { name: `Actions for ${title}` }).click();
    await page.getByRole("menuitem", { name: action }).click();
  };
  await act("One.txt", /^Pin/);
  await list.getByText("Pinned").waitFor();
  await act("Two.txt", /^Take out/);
  await list.getByText("Two.txt").waitFor({ state: "detached" });
  await page.getByRole("button", { name: "Undo" }).click();
  await list.getByText("Two.txt").waitFor();
  await page.getByRole("searchbox", { name: "Filter by name" }).fill("one");
  await list.getByText("Two.txt").waitFor({ state: "detached" });
  await page.getByRole("searchbox", { name: "Filter by name" }).fill("");
  await act("Two.txt", "Delete for good");
  await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
  await list.getByText("Two.txt").waitFor({ state: "detached" });
  await act("One.txt", /^Take out/);
  await page.getByText("Drop files or whole folders here").waitFor();
  await page.goto(`${stage.url}/#/library`);
  await act("One.txt", /^Move/);
  await page.getByLabel("Folder", { exact: true }).selectOption({ label: "New folder" });
  await page.getByLabel("Name of the folder").fill("Archive");
  await page.getByRole("dialog").getByRole("button", { name: "Move" }).click();
  await page.getByText("1 document moved to Archive.").waitFor();
  await page.getByRole("button", { name: /^Archive/ }).click();
  await act("One.txt", "Add to a workspace");
  await page.getByRole("dialog").getByRole("button", { name: "Add to a workspace" }).click();
  await page.getByText("1 document added to Hut.").waitFor();
  assert.deepEqual(problems, []);
  await close();
});

both("searching shows what a change of settings does", async (stage) => {
  const slug = await workspace(stage, "Hut", { ...HUT, "Soup.txt": "Soak the barley overnight and cook it with leeks." });
  const { page, problems, passage, close } = await tab(stage, { path: `#/w/${slug}/search` });
  await page.getByRole("searchbox", { name: "Question or words" }).fill("Where is the key to the hut?");
  await page.keyboard.press("Enter");
  const hits = page.locator(".hits > li");
  await hits.first().waitFor();
  const before = await hits.count();
  await page.getByRole("slider", { name: /Threshold/ }).fill("0.3");
  await page.getByText("compared with").waitFor();
  assert.ok((await hits.count()) <= before);
  await hits.first().getByRole("button").click();
  await passage.locator("mark.close").first().waitFor();
  await page.getByRole("radio", { name: "Words" }).check();
  await page.getByText("compared with 4 passages, threshold 0.30, meaning").waitFor();
  await page.getByRole("button", { name: "Use these in chats" }).click();
  await page.getByText("Chats of this workspace use these settings now.").waitFor();
  await page.goto(`${stage.url}/#/w/${slug}/settings/retrieval`);
  await page.getByRole("radio", { name: "Words", checked: true }).waitFor();
  await page.getByRole("radio", { name: "Meaning" }).check();
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByText("Saved.").waitFor();
  await page.getByRole("radio", { name: "Meaning", checked: true }).waitFor();
  assert.equal((await api(stage, "GET", `/v1/workspace/${slug}`)).workspace[0].searchMode, undefined);
  assert.deepEqual(problems, []);
  await close();
});

both("a model that breaks off, or is gone, is told; what was typed is kept, and it goes on", async (stage) => {
  let mock = await model();
  await api(stage, "POST", "/v1/system/update-env", { LLMProvider: "generic-openai", GenericOpenAiBasePath: mock.base, GenericOpenAiModelPref: "mock-large" });
  const slug = await workspace(stage, "Hut", HUT);
  const { page, question, send, answers, close } = await tab(stage, { path: `#/w/${slug}` });
  mock.say.text = Array.from({ length: 300 }, (_, n) => `word${n}`).join(" ");
  mock.say.pause = 30;
  await question.fill("Tell me everything");
  await send.click();
  await answers.last().getByText("word3").waitFor();
  await question.fill("my next question");
  mock.end();
  await answers.last().getByText("The answer broke off.").waitFor();
  assert.match(await answers.last().innerText(), /word3/);
  await answers.last().getByRole("button", { name: "Try again" }).click();
  await answers.last().getByText("There is no answer.").waitFor();
  await answers.last().getByRole("link", { name: "Check the model" }).waitFor();
  assert.equal(await question.inputValue(), "my next question");
  mock = await model(mock.port);
  mock.say.text = "Here again.";
  await answers.last().getByRole("button", { name: "Try again" }).click();
  await answers.last().getByText("Here again.").waitFor();
  assert.equal(await question.inputValue(), "my next question");
  assert.equal(await page.locator("article").count(), 1);
  mock.end();
  await close();
});

both("files that cannot be read are named, with what to do; the others are added", async (stage) => {
  const slug = await workspace(stage, "Hut", HUT);
  const { page, close } = await tab(stage, { path: `#/w/${slug}/documents` });
  await page.getByRole("button", { name: "Add documents" }).click();
  await page.getByTestId("files").setInputFiles([
    { name: "broken.pdf", mimeType: "application/pdf", buffer: Buffer.from("%PDF-1.4 no more than that") },
    { name: "empty.txt", mimeType: "text/plain", buffer: Buffer.alloc(0) },
    { name: "good.txt", mimeType: "text/plain", buffer: Buffer.from("Ferns like shade.") },
  ]);
  const queue = page.getByRole("region", { name: "Being added" });
  await queue.getByText("2 of 3 could not be added").first().waitFor();
  await queue.getByText("save it again").waitFor();
  await queue.getByText("The file is empty. Choose another one.").waitFor();
  await page.getByRole("list", { name: "Documents" }).getByText("good.txt").waitFor();
  await page.evaluate(() => {
    const input = document.querySelector('[data-testid="files"]');
    const huge = new File(["x"], "huge.pdf");
    Object.defineProperty(huge, "size", { value: 300 * 1024 * 1024 });
    Object.defineProperty(input, "files", { value: [huge], configurable: true });
    input.dispatchEvent(new Event("change", { bubbles: true }));
  });
  await queue.getByText(/The file has 315\sMB; .*up to 268\sMB/).waitFor();
  await close();
});
