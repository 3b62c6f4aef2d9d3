// The demo as a visitor sees it, on a desktop and a phone, light and dark; pictures in tests/out/browser/.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch, picture, site, tabOf } from "./stage.mjs";

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

const SCENES = [
  ["demo-light", { viewport: { width: 1180, height: 820 }, colorScheme: "light" }],
  ["demo-dark", { viewport: { width: 1180, height: 820 }, colorScheme: "dark" }],
  ["demo-phone", { viewport: { width: 390, height: 844 }, colorScheme: "light", isMobile: true, hasTouch: true }],
];

for (const [name, scene] of SCENES) {
  test(`a file is dropped, a question answered, its passages marked (${name})`, async (t) => {
    const context = await browser.newContext(scene);
    t.after(() => context.close());
    const { tab, problems } = await tabOf(context, `${stage.origin}/examples/browser-demo/?loose`);
    await tab.locator("#question:enabled").waitFor();
    const buffer = Buffer.from("Snails are kept off the lettuce with a ring of coffee grounds. Renew the ring after rain.");
    await tab.locator("#files").setInputFiles({ name: "garden.txt", mimeType: "text/plain", buffer });
    await tab.getByText("garden.txt is part of it now.").waitFor();
    await tab.locator("#question").fill("What keeps snails off the lettuce?");
    await tab.getByRole("button", { name: "Ask", exact: true }).click();
    await tab.locator("#sources summary", { hasText: "garden.txt" }).waitFor();
    assert.match(await tab.locator("#answer").innerText(), /coffee grounds/);
    assert.deepEqual((await tab.locator("#sources details[open] mark").allTextContents()).slice(0, 2), ["Snails", "lettuce"]);
    const width = await tab.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    assert.ok(width <= 0, `it is ${width} px too wide`);
    await picture(tab, name);
    // That there is no bundle is told by a request that fails, and by nothing else.
    assert.deepEqual(problems.filter((problem) => !problem.includes("404")), []);
  });
}
