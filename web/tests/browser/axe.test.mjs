// Nothing on any page keeps people out: axe finds no serious or critical issue, light and dark.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { after, test } from "node:test";
import { PAGES, furnished } from "./pages.mjs";
import { closeBrowser, tab } from "./stage.mjs";

after(closeBrowser);
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

for (const colorScheme of ["light", "dark"]) {
  test(`every page, ${colorScheme}`, async () => {
    const { stage, end } = await furnished();
    try {
      for (const { name, path, key, prepare } of PAGES) {
        // Axe puts its own script into the page, which the page's policy would not allow.
        const { page, close } = await tab(stage, { path, key, colorScheme, bypassCSP: true });
        await prepare?.(page);
        await page.waitForTimeout(300);
        await page.evaluate(axe);
        const { violations } = await page.evaluate(() => globalThis.axe.run({ resultTypes: ["violations"] }));
        const grave = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
        const told = grave.map(({ id, help, nodes }) => `${id}: ${help}\n  ${nodes.slice(0, 3).map((node) => `${node.html}\n    ${node.failureSummary}`).join("\n  ")}`);
        assert.equal(told.length, 0, `${name}, ${colorScheme}:\n${told.join("\n")}`);
        await close();
      }
    } finally {
      await end();
    }
  });
}
