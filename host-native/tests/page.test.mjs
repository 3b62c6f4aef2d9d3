// The page's Markdown, without a browser: node --test host-native/tests/page.test.mjs

import assert from "node:assert/strict";
import { test } from "node:test";

/** As much of a document as building elements needs. */
class Node {
  constructor(tag) {
    Object.assign(this, { tag, children: [], attributes: {} });
  }
  setAttribute(name, value) {
    this.attributes[name] = value;
  }
  append(...children) {
    this.children.push(...children);
  }
  toString() {
    const inside = this.children.join("");
    const { href, start } = this.attributes;
    return this.tag ? `<${this.tag}${href ? ` ${href}` : ""}${start ? ` ${start}` : ""}>${inside}</${this.tag}>` : inside;
  }
}
globalThis.document = {
  createElement: (tag) => new Node(tag),
  createDocumentFragment: () => new Node(""),
};
const { markdown } = await import("../src/page/markdown.js");

const cite = (n) => (n === 1 ? "(first source)" : null);
const cases = {
  "# T\ntext **b** *i* `c`": "<h3>T</h3><p>text <strong>b</strong> <em>i</em> <code>c</code></p>",
  "- a\n- b\n  more\n\n1. x\n2. y": "<ul><li>a</li><li>b\nmore</li></ul><ol><li>x</li><li>y</li></ol>",
  "* a\n\n* b": "<ul><li>a</li><li>b</li></ul>",
  "3) x": "<ol 3><li>x</li></ol>",
  "```js\na*b*\n```\nafter": "<pre><code>a*b*</code></pre><p>after</p>",
  "```\nstill coming": "<pre><code>still coming</code></pre>",
  "> quoted [1] [2]": "<blockquote>quoted (first source) [2]</blockquote>",
  "_set `A_B` (or `C_D`)_ snake_case_name": "<p><em>set <code>A_B</code> (or <code>C_D</code>)</em> snake_case_name</p>",
  "[l](https://a.b/c_d) http://x.y/z.": "<p><a https://a.b/c_d>l</a> <a http://x.y/z>http://x.y/z</a>.</p>",
  "2 * 3 * 4": "<p>2 * 3 * 4</p>",
};

for (const [text, expected] of Object.entries(cases)) {
  test(JSON.stringify(text), () => assert.equal(String(markdown(text, cite)), expected));
}

test("markup and other addresses stay text", () => {
  for (const text of ["<img src=x onerror=alert(1)>", "[x](javascript:alert(1))", "[x](data:text/html,1)"]) {
    assert.deepEqual(markdown(text).children[0].children.join(""), text);
  }
});

test("a long line of marks does not take for ever", () => {
  for (const mark of ["_a", "*a", "**", "[", "`", "_`", "# ", "> "]) markdown(mark.repeat(20_000).slice(0, 20_000));
});
