// Colours for code. Loaded when the first block of code is complete.

import hljs from "highlight.js/lib/core";
import bash from "highlight.js/lib/languages/bash";
import c from "highlight.js/lib/languages/c";
import cpp from "highlight.js/lib/languages/cpp";
import csharp from "highlight.js/lib/languages/csharp";
import css from "highlight.js/lib/languages/css";
import diff from "highlight.js/lib/languages/diff";
import go from "highlight.js/lib/languages/go";
import ini from "highlight.js/lib/languages/ini";
import java from "highlight.js/lib/languages/java";
import javascript from "highlight.js/lib/languages/javascript";
import json from "highlight.js/lib/languages/json";
import kotlin from "highlight.js/lib/languages/kotlin";
import markdown from "highlight.js/lib/languages/markdown";
import php from "highlight.js/lib/languages/php";
import python from "highlight.js/lib/languages/python";
import ruby from "highlight.js/lib/languages/ruby";
import rust from "highlight.js/lib/languages/rust";
import sql from "highlight.js/lib/languages/sql";
import swift from "highlight.js/lib/languages/swift";
import typescript from "highlight.js/lib/languages/typescript";
import xml from "highlight.js/lib/languages/xml";
import yaml from "highlight.js/lib/languages/yaml";

const languages = {
  bash, c, cpp, csharp, css, diff, go, ini, java, javascript, json, kotlin, markdown, php, python, ruby, rust, sql, swift,
  typescript, xml, yaml,
};
for (const [name, language] of Object.entries(languages)) hljs.registerLanguage(name, language);
hljs.registerAliases(["toml"], { languageName: "ini" });
hljs.registerAliases(["svelte", "vue"], { languageName: "xml" });

/** Longest code that is coloured, in characters, and its longest line: some grammars take a time that grows with the square of either. */
const LENGTH_MAX = 8_000;
const LINE_MAX = 300;

/** Whether code is short enough to be coloured. */
export const colourable = (text: string) => text.length <= LENGTH_MAX && !text.split("\n").some((line) => line.length > LINE_MAX);

/** Puts colours into the blocks of code below `root`. */
export function highlight(root: ParentNode, sanitize: (html: string) => DocumentFragment): void {
  for (const code of root.querySelectorAll<HTMLElement>("pre code[data-language]")) {
    const language = code.dataset["language"] ?? "";
    const text = code.textContent ?? "";
    if (!hljs.getLanguage(language) || !colourable(text)) continue;
    code.replaceChildren(sanitize(hljs.highlight(text, { language, ignoreIllegals: true }).value));
  }
}
