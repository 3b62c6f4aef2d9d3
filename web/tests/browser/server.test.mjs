// What there is with a server only: other people, keys, websites, paths, and a server that goes away.
// `cargo xtask test web`

import assert from "node:assert/strict";
import http from "node:http";
import { after } from "node:test";
import { HUT, KEY, api, closeBrowser, model, on, tab, workspace } from "./stage.mjs";

after(closeBrowser);

on("somebody who is invited joins, and sees their workspace and no other", {}, async (stage) => {
  await workspace(stage, "Secret plans");
  await workspace(stage, "Garden", { "Beans.txt": "Sow the beans in May." });
  const admin = await tab(stage, { path: "#/settings/people" });
  await admin.page.getByRole("textbox", { name: "User name" }).fill("ada");
  await admin.page.getByRole("textbox", { name: "Password" }).fill("a long password");
  await admin.page.getByRole("button", { name: "Turn accounts on" }).click();
  await admin.page.getByRole("button", { name: "Invite somebody" }).click();
  await admin.page.getByRole("checkbox", { name: "Garden" }).check();
  await admin.page.getByRole("button", { name: "Make the link" }).click();
  const link = await admin.page.getByRole("dialog").locator("code").innerText();
  const guest = await tab(stage, { key: "" });
  await guest.page.goto(link);
  await guest.page.getByRole("heading", { name: "You are invited" }).waitFor();
  await guest.page.getByRole("textbox", { name: "User name" }).fill("ben");
  await guest.page.getByRole("textbox", { name: "Password" }).fill("another password");
  await guest.page.getByRole("button", { name: "Join" }).click();
  await guest.side.getByRole("link", { name: "Garden" }).first().waitFor();
  assert.ok(!(await guest.side.innerText()).includes("Secret plans"));
  assert.match(await guest.ask("When are the beans sown?"), /May/);
  assert.equal(await guest.page.getByRole("link", { name: "Library" }).count(), 0);
  await guest.page.goto(`${stage.url}/#/w/secret-plans`);
  await guest.page.getByText("There is no such workspace").waitFor();
  assert.deepEqual([...admin.problems, ...guest.problems], []);
  await Promise.all([admin.close(), guest.close()]);
});

on("a website chat is made, previewed, and answers on another origin", {}, async (stage) => {
  await workspace(stage, "Hut", HUT);
  const { page, problems, close, context } = await tab(stage, { path: "#/settings/embeds" });
  await page.getByRole("button", { name: "New website chat" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Create" }).click();
  const dialog = page.getByRole("dialog", { name: "Hut on a website" });
  const snippet = await dialog.locator("pre").innerText();
  const preview = page.frameLocator("iframe");
  await preview.getByRole("button", { name: "Open chat" }).waitFor();
  assert.deepEqual(problems, []);
  const site = http.createServer((_, response) => {
    response.setHeader("content-type", "text/html");
    response.end(`<!doctype html><html lang="en"><title>Shop</title><h1>Shop</h1>${snippet}</html>`);
  });
  await new Promise((resolve) => site.listen(0, "127.0.0.1", resolve));
  const visitor = await context.newPage();
  await visitor.goto(`http://127.0.0.1:${site.address().port}/`);
  await visitor.getByRole("button", { name: "Open chat" }).click();
  await visitor.getByRole("textbox", { name: "Your message" }).fill("Where is the key to the hut?");
  await visitor.getByRole("button", { name: "Send" }).click();
  await visitor.getByText("behind the woodshed").first().waitFor();
  // Its settings are there to be changed, and what is wrong with them is said.
  await dialog.getByRole("button", { name: "Change" }).click();
  const form = page.getByRole("dialog").last();
  await form.getByLabel("Websites that may use it").fill("ftp://files.example");
  await form.getByRole("button", { name: "Save" }).click();
  await form.getByRole("alert").getByText("names no origin").waitFor();
  await form.getByLabel("Websites that may use it").fill("https://elsewhere.example");
  await form.getByRole("button", { name: "Save" }).click();
  await form.getByRole("button", { name: "Save" }).waitFor({ state: "detached" });
  await dialog.getByRole("button", { name: "Change" }).click();
  assert.equal(await form.getByLabel("Websites that may use it").inputValue(), "https://elsewhere.example");
  site.close();
  await close();
});

on("it works below another path", {}, async (stage) => {
  const slug = await workspace(stage, "Hut", HUT);
  const proxy = http.createServer((request, response) => {
    if (!request.url.startsWith("/tools/hut/")) return response.writeHead(404).end();
    const onward = http.request(stage.url + request.url.slice("/tools/hut".length), { method: request.method, headers: request.headers }, (answer) => {
      response.writeHead(answer.statusCode, answer.headers);
      answer.pipe(response);
    });
    request.pipe(onward);
  });
  await new Promise((resolve) => proxy.listen(0, "127.0.0.1", resolve));
  const there = { url: `http://127.0.0.1:${proxy.address().port}/tools/hut` };
  const { ask, problems, close } = await tab(there, { path: `#/w/${slug}` });
  assert.match(await ask("Where is the key to the hut?"), /woodshed/);
  assert.deepEqual(problems, []);
  await close();
  proxy.close();
});

on("a link with another key asks before it replaces the one that is there; the keyboard alone is enough", {}, async (stage) => {
  await workspace(stage, "Hut");
  const { page, side, problems, close } = await tab(stage);
  const link = `${stage.url}/#token=a-key-of-somebody-else`;
  const key = () => page.evaluate(() => localStorage.getItem("haversack.key"));
  const dialog = page.getByRole("dialog", { name: "Replace your key?" });
  for (const open of [() => page.goto(link), () => page.goto("about:blank").then(() => page.goto(link))]) {
    await open();
    await dialog.waitFor();
    assert.ok(!page.url().includes("somebody-else"), "the key does not stay in the address");
    assert.equal(await page.evaluate(() => document.activeElement.textContent.trim()), "Keep my key");
    await page.keyboard.press("Enter");
    await dialog.waitFor({ state: "detached" });
    await side.getByRole("link", { name: "Hut" }).first().waitFor();
    assert.equal(await key(), KEY);
  }
  await page.goto("about:blank");
  await page.goto(link);
  await dialog.getByRole("button", { name: "Use the link’s key" }).click();
  await page.getByLabel("API key", { exact: true }).waitFor();
  assert.equal(await key(), "a-key-of-somebody-else");
  assert.deepEqual(problems, []);
  await close();
});

on("an answer that was made to stop the page is shown as plain text, while it comes too", {}, async (stage) => {
  const mock = await model();
  await api(stage, "POST", "/v1/system/update-env", { LLMProvider: "generic-openai", GenericOpenAiBasePath: mock.base, GenericOpenAiModelPref: "mock-large" });
  const slug = await workspace(stage, "Hut", HUT);
  const { page, question, ask, answers, problems, close } = await tab(stage, { path: `#/w/${slug}` });
  mock.say.pause = 0;
  for (const hostile of ["[".repeat(200_000), "> ".repeat(4_000), `a|b\n-|-\n${"|\n".repeat(50_000)}`, "*a ".repeat(4_000)]) {
    mock.say.text = `${hostile}\n\nThe **end**`;
    await ask("Say it");
    await answers.last().getByText("They are shown as plain text").waitFor();
    await question.fill("The page still takes what is typed");
    await answers.last().locator("strong", { hasText: "end" }).waitFor();
  }
  assert.deepEqual(problems, []);
  mock.end();
  await close();
});

on("a wrong key, and a server that goes away in the middle of an answer, are told; what was typed is kept", {}, async (stage) => {
  const mock = await model();
  await api(stage, "POST", "/v1/system/update-env", { LLMProvider: "generic-openai", GenericOpenAiBasePath: mock.base, GenericOpenAiModelPref: "mock-large" });
  const slug = await workspace(stage, "Hut", HUT);

  const stranger = await tab(stage, { key: "" });
  await stranger.page.getByLabel("API key", { exact: true }).fill("not-the-key");
  await stranger.page.getByRole("button", { name: "Open", exact: true }).click();
  await stranger.page.getByRole("alert").waitFor();
  assert.equal(await stranger.page.getByLabel("API key", { exact: true }).inputValue(), "not-the-key");
  await stranger.page.getByLabel("API key", { exact: true }).fill(KEY);
  await stranger.page.getByRole("button", { name: "Open", exact: true }).click();
  await stranger.side.getByRole("link", { name: "Hut" }).first().waitFor();
  await stranger.close();

  const { question, send, answers, close } = await tab(stage, { path: `#/w/${slug}` });
  mock.say.text = Array.from({ length: 300 }, (_, n) => `word${n}`).join(" ");
  mock.say.pause = 30;
  await question.fill("Tell me everything");
  await send.click();
  await answers.last().getByText("word3").waitFor();
  await question.fill("my next question");
  await stage.stop();
  await answers.last().getByText("The answer broke off.").waitFor();
  assert.match(await answers.last().innerText(), /word3/);
  assert.equal(await question.inputValue(), "my next question");
  await answers.last().getByRole("button", { name: "Try again" }).click();
  await answers.last().getByText("The server cannot be reached").waitFor();
  await stage.start();
  mock.say.pause = 0;
  mock.say.text = "Here again.";
  await answers.last().getByRole("button", { name: "Try again" }).click();
  await answers.last().getByText("Here again.").waitFor();
  assert.equal(await question.inputValue(), "my next question");

  mock.end();
  await close();
});
