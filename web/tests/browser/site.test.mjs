// What is different on a static site, where the engine runs in the tab. `cargo xtask test web`

import assert from "node:assert/strict";
import { after } from "node:test";
import { HUT, closeBrowser, onSite, tab, workspace } from "./stage.mjs";

after(closeBrowser);

onSite("what needs a server is not offered, and says so where an address leads to it", async (stage) => {
  const { page, problems, side, close } = await tab(stage);
  await page.getByText("Nothing leaves this browser").waitFor();
  await page.getByRole("button", { name: "Look for one here" }).waitFor();
  await side.getByRole("link", { name: "Settings" }).click();
  const tabs = page.getByRole("navigation", { name: "Settings" });
  await tabs.getByRole("link", { name: "Models" }).waitFor();
  assert.deepEqual(await tabs.getByRole("link").allInnerTexts(), ["Models", "Event log", "Storage", "Appearance"]);
  for (const name of ["people", "keys", "embeds"]) {
    await page.goto(`${stage.url}/#/settings/${name}`);
    await page.getByRole("heading", { name: "This needs a server" }).waitFor();
  }
  await page.goto(`${stage.url}/#/settings/storage`);
  await page.getByRole("heading", { name: "Kept in this browser" }).waitFor();
  assert.deepEqual(problems, []);
  await close();
});

onSite("a browser that cannot run it is told why", async (stage) => {
  const page = await stage.context.newPage();
  await page.addInitScript(() => Object.defineProperty(Navigator.prototype, "serviceWorker", { get: () => undefined }));
  await page.goto(`${stage.url}/`);
  await page.getByText("The engine could not be started in this browser.").waitFor();
  await page.getByText("serve it by https, or from localhost").waitFor();
  await page.getByRole("button", { name: "Try again" }).waitFor();
});

onSite("a workspace goes out as a file and comes back", async (stage) => {
  const slug = await workspace(stage, "Hut", HUT);
  const { page, problems, side, ask, close } = await tab(stage, { path: `#/w/${slug}/settings/general` });
  const [file] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "Export the workspace" }).click()]);
  assert.equal(file.suggestedFilename(), "hut.hvs");
  await page.goto(`${stage.url}/#/settings/storage`);
  const [picker] = await Promise.all([page.waitForEvent("filechooser"), page.getByRole("button", { name: "Choose a file" }).click()]);
  await picker.setFiles(await file.path());
  await page.getByRole("button", { name: "Open", exact: true }).click();
  await side.getByRole("link", { name: "Hut" }).nth(1).waitFor();
  assert.match(await ask("Where is the key to the hut?"), /woodshed/);
  assert.deepEqual(problems, []);
  await close();
});

onSite("after the first visit it needs no network", async (stage) => {
  const slug = await workspace(stage, "Hut", HUT);
  const { page, answers, ask, close, context } = await tab(stage, { path: `#/w/${slug}` });
  assert.match(await ask("Where is the key to the hut?"), /woodshed/);
  await context.setOffline(true);
  await page.reload();
  await answers.getByText("woodshed").first().waitFor();
  assert.match(await ask("How much does a night in the hut cost?"), /fourteen/);
  await close();
});
