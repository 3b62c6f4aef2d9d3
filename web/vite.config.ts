import { svelte } from "@sveltejs/vite-plugin-svelte";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants } from "node:zlib";
import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";

// HAVERSACK_URL: the server that answers /api while the app is worked on.
const server = process.env["HAVERSACK_URL"] ?? "http://127.0.0.1:3001";
const outDir = "dist/app";

/** Beside each file worth it, the same compressed: a server need not do that at every request. */
function compressed(): Plugin {
  return {
    name: "compressed",
    apply: "build",
    closeBundle() {
      for (const entry of readdirSync(outDir, { recursive: true, withFileTypes: true })) {
        if (!entry.isFile() || !/\.(js|css|html|svg)$/.test(entry.name)) continue;
        const path = join(entry.parentPath, entry.name);
        const bytes = readFileSync(path);
        const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length };
        if (bytes.length > 1024) writeFileSync(`${path}.br`, brotliCompressSync(bytes, { params }));
      }
    },
  };
}

export default defineConfig({
  // Relative addresses: the app works wherever it is put.
  base: "./",
  plugins: [svelte(), compressed()],
  build: {
    outDir,
    target: "es2022",
    // Small files stay files: the policy allows no `data:` for scripts and styles.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    rollupOptions: { input: { index: "index.html", preview: "preview.html" } },
  },
  server: { proxy: { "/api": server, "/embed": server } },
  test: { include: ["tests/unit/**/*.test.ts"], environment: "node" },
});
