// A useful part of Markdown, as a tree of `[tag, attributes, ...children]` and strings. Nothing here makes markup:
// `build` turns the tree into elements and text nodes, and only web and mail addresses become links.

const NESTING = 6;
/** Characters that are laid out, and that are shown at all; what is between is plain text, in pieces. */
const LAID_OUT_MAX = 20_000;
const SHOWN_MAX = 200_000;
const PIECE = 5_000;
const FENCE = /^\s*(`{3,}|~{3,})/;
const HEADING = /^ {0,3}(#{1,6})\s+(\S.*)$/;
const RULE = /^ {0,3}([-*_])[ \t]*(?:\1[ \t]*){2,}$/;
const ITEM = /^(\s*)([-*+]|\d{1,9}[.)])(\s+)(?=\S)/;
const QUOTE = /^ {0,3}> ?/;
const DASHES = /^[\s|:]*-[\s|:-]*$/;

const isTable = (lines, at) => lines[at].includes("|") && lines[at + 1]?.includes("|") && DASHES.test(lines[at + 1]);
const begins = (lines, at) => [FENCE, HEADING, RULE, ITEM, QUOTE].some((form) => form.test(lines[at])) || isTable(lines, at);

/** The tree of a text. `note` says that not all of it is laid out, where that is so. */
function markdown(text, note) {
  const shown = text.slice(0, SHOWN_MAX).replace(/\r\n?/g, "\n");
  const cut = cutAt(shown, 0, LAID_OUT_MAX);
  const nodes = blocks(shown.slice(0, cut).split("\n"), 0);
  if (cut === shown.length) return nodes;
  for (let at = cut; at < shown.length;) {
    const end = cutAt(shown, at, PIECE);
    nodes.push(["div", { class: "plain" }, shown.slice(at, end)]);
    at = end;
  }
  if (note) nodes.push(["p", { class: "quiet" }, note]);
  return nodes;
}

/** Where a piece of at most `most` characters ends that begins at `at`: with a line, if one ends in its second half. */
function cutAt(text, at, most) {
  if (text.length - at <= most) return text.length;
  const line = text.lastIndexOf("\n", at + most - 1);
  return line > at + most / 2 ? line + 1 : at + most;
}

function blocks(lines, depth) {
  const nodes = [];
  for (let at = 0; at < lines.length;) {
    const line = lines[at];
    const [, fence] = FENCE.exec(line) ?? [];
    const [, level, title] = HEADING.exec(line) ?? [];
    if (!line.trim()) at += 1;
    else if (fence) {
      let end = at + 1;
      while (end < lines.length && !lines[end].trim().startsWith(fence)) end += 1;
      nodes.push(["pre", { tabindex: "0" }, ["code", {}, lines.slice(at + 1, end).join("\n")]]);
      at = end + 1;
    } else if (title) {
      // The window has a heading of its own above these.
      nodes.push([`h${Math.min(level.length + 2, 5)}`, {}, ...inline(title.replace(/\s#+\s*$/, ""))]);
      at += 1;
    } else if (RULE.test(line)) {
      nodes.push(["hr", {}]);
      at += 1;
    } else if (QUOTE.test(line) && depth < NESTING) {
      const end = until(lines, at, (l) => !QUOTE.test(l));
      nodes.push(["blockquote", {}, ...blocks(lines.slice(at, end).map((l) => l.replace(QUOTE, "")), depth + 1)]);
      at = end;
    } else if (ITEM.test(line) && depth < NESTING) {
      at = list(lines, at, depth, nodes);
    } else if (isTable(lines, at)) {
      const end = until(lines, at + 2, (l) => !l.includes("|"));
      nodes.push(table(lines.slice(at, end)));
      at = end;
    } else {
      const end = until(lines, at + 1, (l, n) => !l.trim() || begins(lines, n));
      nodes.push(["p", {}, ...inline(lines.slice(at, end).map((l) => l.trim()).join("\n"))]);
      at = end;
    }
  }
  return nodes;
}

/** The first line from `at` on for which `past` holds. */
function until(lines, at, past) {
  let end = at;
  while (end < lines.length && !past(lines[end], end)) end += 1;
  return end;
}

/** Adds the list that begins at `lines[at]`; where the next block begins. */
function list(lines, at, depth, nodes) {
  const [, , marker] = ITEM.exec(lines[at]);
  const ordered = /\d/.test(marker);
  const items = [];
  let end = at;
  while (end < lines.length) {
    const [whole, indent, next] = ITEM.exec(lines[end]) ?? [];
    if (whole === undefined || /\d/.test(next) !== ordered || RULE.test(lines[end])) break;
    const inner = [lines[end].slice(whole.length)];
    // What is indented further belongs to the item; so does a plain line right behind its text.
    for (end += 1; end < lines.length; end += 1) {
      const deeper = /^\s*/.exec(lines[end])[0].length > indent.length;
      if (lines[end].trim() ? !deeper && (!inner.at(-1).trim() || begins(lines, end))
        : !/^\s+\S|^$/.test(lines[end + 1] ?? "x") && !ITEM.test(lines[end + 1] ?? "")) break;
      inner.push(lines[end].slice(Math.min(/^\s*/.exec(lines[end])[0].length, whole.length)));
    }
    const content = blocks(inner, depth + 1);
    items.push(["li", {}, ...(content.length && content[0][0] === "p" ? [...content[0].slice(2), ...content.slice(1)] : content)]);
  }
  const first = Number.parseInt(marker, 10);
  nodes.push([ordered ? "ol" : "ul", ordered && first !== 1 ? { start: String(first) } : {}, ...items]);
  return end;
}

function table(lines) {
  const cells = (line) => line.trim().replace(/^\||\|$/g, "").split("|").map((cell) => inline(cell.trim()));
  const row = (line, tag) => ["tr", {}, ...cells(line).map((cell) => [tag, {}, ...cell])];
  const [head, , ...body] = lines;
  return ["div", { class: "scroll", tabindex: "0" }, ["table", {}, ["thead", {}, row(head, "th")],
    ["tbody", {}, ...body.map((line) => row(line, "td"))]]];
}

/** Marks inside a line. Each looks ahead a bounded way, so that no text takes long. */
const MARKS = new RegExp([
  /\\([!-/:-@[-`{-~])/,
  /(?<!`)(`{1,3})(?!`)(.{1,2000}?)(?<!`)\2(?!`)/,
  /\*\*(?=[^\s*])(.{0,1000}?[^\s])\*\*/,
  /(?<![\p{L}\p{N}_])__(?=[^\s_])(.{0,1000}?[^\s])__(?![\p{L}\p{N}_])/,
  /\*(?=[^\s*])(.{0,1000}?[^\s*])\*(?!\*)/,
  /(?<![\p{L}\p{N}_])_(?=[^\s_])(.{0,1000}?[^\s_])_(?![\p{L}\p{N}_])/,
  /~~(?=[^\s~])(.{0,1000}?[^\s])~~/,
  /!?\[([^[\]]{0,500})\]\(\s{0,9}<?([^\s<>()]{0,2000}(?:\([^\s<>()]{0,500}\)[^\s<>()]{0,500}){0,3})>?(?:\s{1,9}"[^"]{0,300}")?\s{0,9}\)/,
  /(https?:\/\/[^\s<>"'`]{1,2000})/,
].map((form) => form.source).join("|"), "gsu");

/** Text with its marks, as nodes. */
function inline(text, depth = 0) {
  if (depth > NESTING) return [text];
  const nodes = [];
  let at = 0;
  for (const found of text.matchAll(MARKS)) {
    const [whole, escaped, , code, stars, lines, star, line, struck, label, address, bare] = found;
    if (found.index > at) nodes.push(text.slice(at, found.index));
    at = found.index + whole.length;
    const inner = (part) => inline(part, depth + 1);
    if (escaped) nodes.push(escaped);
    else if (code) nodes.push(["code", {}, code]);
    else if (stars ?? lines) nodes.push(["strong", {}, ...inner(stars ?? lines)]);
    else if (star ?? line) nodes.push(["em", {}, ...inner(star ?? line)]);
    else if (struck) nodes.push(["s", {}, ...inner(struck)]);
    else if (bare) {
      const url = bareAddress(bare);
      nodes.push(link(url, [url]), bare.slice(url.length));
    } else {
      // An image is shown as a link: loading it would tell its server of this visitor.
      nodes.push(link(address, label ? inner(label) : [address]));
    }
  }
  nodes.push(text.slice(at));
  return nodes.filter((node) => node !== "");
}

/** A bare address without the punctuation of the sentence that it stands in. */
function bareAddress(text) {
  let url = text.replace(/[.,;:!?*_~]{1,9}$/, "");
  if (url.endsWith(")") && !url.includes("(")) url = url.replace(/\)[.,;:!?]*$/, "");
  return url;
}

function link(address, children) {
  let href = null;
  try {
    const url = new URL(address);
    if (["http:", "https:", "mailto:"].includes(url.protocol)) href = url.href;
  } catch {
    // Not an address: the words stay.
  }
  return href ? ["a", { href, target: "_blank", rel: "noopener noreferrer nofollow" }, ...children] : ["span", {}, ...children];
}
