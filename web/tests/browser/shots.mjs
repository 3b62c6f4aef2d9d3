// Pictures of every page, on a phone and on a desktop, light and dark, in tests/out: `cargo xtask shots`.

import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { PAGES, furnished } from "./pages.mjs";
import { closeBrowser, server, tab } from "./stage.mjs";

const folder = fileURLToPath(new URL("../out/", import.meta.url));
mkdirSync(folder, { recursive: true });
const only = process.argv.slice(2);
const SIZES = { desktop: { viewport: { width: 1280, height: 800 } }, phone: { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true, deviceScaleFactor: 2 } };

const { stage, end } = await furnished();
const fresh = await server();
const pages = [...PAGES.map((page) => ({ ...page, stage })), { name: "welcome", stage: fresh, prepare: (page) => page.getByRole("button", { name: "Open the sample" }).waitFor() }];
for (const [size, options] of Object.entries(SIZES)) {
  for (const colorScheme of ["light", "dark"]) {
    for (const { name, path, key, prepare, stage: where } of pages) {
      if (only.length > 0 && !only.includes(name)) continue;
      const { page, close } = await tab(where, { path, key, colorScheme, ...options });
      try {
        await prepare?.(page);
      } catch (error) {
        console.error(`${name}, ${size}, ${colorScheme}: ${String(error).split("\n")[0]}`);
        process.exitCode = 1;
      }
      await page.waitForTimeout(350);
      await page.screenshot({ path: `${folder}${name}-${size}-${colorScheme}.png` });
      await close();
    }
  }
}
await closeBrowser();
await Promise.all([end(), fresh.end()]);
console.log(`the pictures are in ${folder}`);
