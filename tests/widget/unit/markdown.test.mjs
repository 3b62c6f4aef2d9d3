import assert from "node:assert/strict";
import test from "node:test";
import { parts } from "./parts.mjs";

const { markdown } = parts;

/** The tree as one line of text. */
function show(nodes) {
  const one = ([tag, attributes, ...children]) => {
    const href = attributes.href ? `=${attributes.href}` : attributes.start ? `=${attributes.start}` : "";
    return `${tag}${href}(${show(children)})`;
  };
  return nodes.map((node) => (typeof node === "string" ? node : one(node))).join("");
}

const CASES = [
  ["plain", "p(plain)"],
  ["a\nb\n\nc", "p(a\nb)p(c)"],
  ["# One\n## Two ##\n###### Six", "h3(One)h4(Two)h5(Six)"],
  ["**bold** and *em*, __b__ _e_ ~~gone~~", "p(strong(bold) and em(em), strong(b) em(e) s(gone))"],
  ["snake_case_name stays", "p(snake_case_name stays)"],
  ["2 * 3 * 4", "p(2 * 3 * 4)"],
  ["`a*b*` and ``x`y``", "p(code(a*b*) and code(x`y))"],
  ["\\*not em\\*", "p(*not em*)"],
  ["```js\nlet a = 1;\n\n**no**\n```\nafter", "pre(code(let a = 1;\n\n**no**))p(after)"],
  ["```\nstill coming", "pre(code(still coming))"],
  ["- a\n- b\n  - c\n- d", "ul(li(a)li(bul(li(c)))li(d))"],
  ["1. one\n2. two", "ol(li(one)li(two))"],
  ["3) three\n4) four", "ol=3(li(three)li(four))"],
  ["- a\n\n- b", "ul(li(a)li(b))"],
  ["1. a\n   ```\n   x\n   ```\n2. b", "ol(li(apre(code(x)))li(b))"],
  ["text\n- a", "p(text)ul(li(a))"],
  ["- a\nlazy\n\nafter", "ul(li(a\nlazy))p(after)"],
  ["> quoted\n> **too**\n\nafter", "blockquote(p(quoted\nstrong(too)))p(after)"],
  ["---", "hr()"],
  ["| a | b |\n|---|:-:|\n| 1 | 2 |\nend", "div(table(thead(tr(th(a)th(b)))tbody(tr(td(1)td(2)))))p(end)"],
  ["[x](https://a.test/b_(c))", "p(a=https://a.test/b_(c)(x))"],
  ["see https://a.test/x_y.", "p(see a=https://a.test/x_y(https://a.test/x_y).)"],
  ["(https://a.test)", "p((a=https://a.test/(https://a.test)))"],
  ["[mail](mailto:a@b.test)", "p(a=mailto:a@b.test(mail))"],
  ["[**b**](https://a.test)", "p(a=https://a.test/(strong(b)))"],
];

for (const [text, tree] of CASES) {
  test(`markdown: ${JSON.stringify(text)}`, () => assert.equal(show(markdown(text)), tree));
}

test("nothing but web and mail addresses becomes a link", () => {
  for (const address of ["javascript:alert(1)", "JaVaScRiPt:alert(1)", "data:text/html,x", "vbscript:x", "/relative", "//a.test", "file:///etc/passwd"]) {
    const tree = show(markdown(`[x](${address})`));
    assert.ok(!tree.includes("a="), tree);
  }
});

test("an image is a link: its server hears nothing before it is clicked", () => {
  assert.equal(show(markdown("![secret](https://evil.test/?q=1)")), "p(a=https://evil.test/?q=1(secret))");
});

test("markup stays text", () => {
  assert.equal(show(markdown("<img src=x onerror=alert(1)>")), "p(<img src=x onerror=alert(1)>)");
});

test("only known elements and attributes come out, whatever goes in", () => {
  const TAGS = new Set("p h3 h4 h5 pre code hr blockquote ul ol li div table thead tbody tr th td strong em s a span".split(" "));
  const pieces = ["*", "**", "_", "`", "```\n", "[x](", ")", "https://a.test", "\n", "\n\n", "- ", "1. ", "> ", "| a |", "|-|\n", "# ", "<b>", "  ", "~~", "\\", "a"];
  let seed = 1;
  const random = () => (seed = (seed * 48271) % 2147483647);
  const check = (node) => {
    if (typeof node === "string") return;
    assert.ok(TAGS.has(node[0]), node[0]);
    for (const name of Object.keys(node[1])) assert.ok(["href", "rel", "target", "start", "class", "tabindex"].includes(name), name);
    node.slice(2).forEach(check);
  };
  for (let n = 0; n < 3000; n += 1) {
    const text = Array.from({ length: random() % 40 }, () => pieces[random() % pieces.length]).join("");
    markdown(text).forEach(check);
  }
});

test("no text nests or backtracks without end", () => {
  for (const piece of ["> ", "- ", "*", "**a ", "_a ", "[", "`a", "~~", "[a](", "![", "| ", "-", "|-", " ", "#", "https://a.test/)", "\\", "<"]) {
    markdown(piece.repeat(200_000 / piece.length));
    markdown(`${piece}\n`.repeat(50_000));
    markdown(`a|\n|${piece.repeat(100_000)}x`);
  }
});

test("a text that is too long to be laid out goes on as plain text, and no word of it is missing", () => {
  const text = "**word** and more\n\n".repeat(2_000);
  const nodes = markdown(text, "That is long.");
  const plain = nodes.filter((node) => node[1].class === "plain").map((node) => node[2]);
  assert.ok(plain.length > 1 && plain.every((piece) => piece.length <= 5_000));
  assert.equal(nodes.filter((node) => node[0] === "p" && !node[1].class).length * 19 + plain.join("").length, text.length);
  assert.deepEqual(nodes.at(-1), ["p", { class: "quiet" }, "That is long."]);
  assert.equal(markdown("short", "That is long.").length, 1);
});
