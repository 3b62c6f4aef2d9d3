// Classes of app.css reach into every component. A component that gave one of these names to an element of its own would get
// rules it never asked for: a label on a source was once laid out as a page of the app.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";

const SOURCES = join(__dirname, "../../src");
const withoutComments = (css: string) => css.replace(/\/\*[\s\S]*?\*\//g, "");

/** The selectors of a style sheet, one by one. */
function selectors(css: string): string[] {
  const heads = [...withoutComments(css).matchAll(/([^{}]+)\{/g)].map((found) => (found[1] ?? "").trim());
  // A comma within `:is(…)` does not end a selector.
  return heads.filter((head) => !head.startsWith("@")).flatMap((head) => head.split(/,(?![^()]*\))/)).map((one) => one.trim());
}

/** Classes that style an element wherever it stands: those at the front of a selector. */
function shared(css: string): Set<string> {
  return new Set(selectors(css).flatMap((selector) => /^\.([\w-]+)/.exec(selector)?.[1] ?? []));
}

/** Classes that the style of a component names as its own. */
function own(component: string): Set<string> {
  const style = /<style>([\s\S]*)<\/style>/.exec(component)?.[1] ?? "";
  const scoped = selectors(style).map((selector) => selector.replace(/:global\([^()]*(?:\([^()]*\)[^()]*)*\)/g, ""));
  return new Set(scoped.flatMap((selector) => [...selector.matchAll(/\.([a-zA-Z][\w-]*)/g)].map((found) => found[1] ?? "")));
}

describe("styles", () => {
  test("are read as a browser reads them", () => {
    const css = "/* .no { } */ .a > .b, .c:is(.d, .e) { } @media (x) { .f.g { } } h1 .h { }";
    expect([...shared(css)]).toEqual(["a", "c", "f"]);
    expect([...own("<style>.a:hover { } li .b :global(.c) { }</style>")]).toEqual(["a", "b"]);
  });

  const names = shared(readFileSync(join(SOURCES, "app.css"), "utf8"));
  const components = readdirSync(SOURCES, { recursive: true, encoding: "utf8" }).filter((path) => path.endsWith(".svelte"));

  test("of all components are known", () => {
    expect(names.size).toBeGreaterThan(10);
    expect(components.length).toBeGreaterThan(50);
  });

  test.each(components)("%s has no class of the design system as its own", (path) => {
    const taken = [...own(readFileSync(join(SOURCES, path), "utf8"))].filter((name) => names.has(name));
    expect(taken).toEqual([]);
  });
});
