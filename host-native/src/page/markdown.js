// A small part of Markdown, built as elements: what a model writes never becomes markup by itself.

import { el } from "./dom.js";

/** Makes what `[1]` stands for, while a text is being built. */
let citation = () => null;

/**
 * `text` as a fragment: headings, lists, quotes, code, paragraphs; bold, italics, code and web links.
 * `cite(1)` may give an element for `[1]`.
 */
export function markdown(text, cite = () => null) {
  citation = cite;
  const lines = text.replaceAll("\r\n", "\n").split("\n");
  const fragment = document.createDocumentFragment();
  let at = 0;
  while (at < lines.length) {
    const [element, next] = block(lines, at);
    if (element) fragment.append(element);
    at = next;
  }
  return fragment;
}

const FENCE = /^\s*(```|~~~)/;
const HEADING = /^(#{1,6})\s+(.*)$/;
const BULLET = /^\s*[-*+]\s+(.*)$/;
const NUMBER = /^\s*(\d{1,9})[.)]\s+(.*)$/;
const QUOTE = /^\s*>\s?(.*)$/;

const special = (line) => [FENCE, HEADING, BULLET, NUMBER, QUOTE].some((form) => form.test(line));

/** The block that begins at `lines[at]`, and where the next one begins. */
function block(lines, at) {
  const line = lines[at];
  if (!line.trim()) return [null, at + 1];
  const fence = FENCE.exec(line);
  if (fence) {
    let end = at + 1;
    while (end < lines.length && !lines[end].trimStart().startsWith(fence[1])) end += 1;
    return [el("pre", {}, el("code", {}, lines.slice(at + 1, end).join("\n"))), end + 1];
  }
  const heading = HEADING.exec(line);
  // The page has headings of its own above these.
  if (heading) return [el(heading[1].length < 3 ? "h3" : "h4", {}, ...inline(heading[2])), at + 1];
  for (const [form, tag] of [[BULLET, "ul"], [NUMBER, "ol"]]) {
    if (form.test(line)) return list(lines, at, form, tag);
  }
  if (QUOTE.test(line)) {
    const [inner, end] = take(lines, at, (l) => QUOTE.exec(l)?.[1]);
    return [el("blockquote", {}, ...inline(inner.join("\n"))), end];
  }
  const [words, end] = take(lines, at, (l, n) => (l.trim() && (n === 0 || !special(l)) ? l : undefined));
  return [el("p", {}, ...inline(words.join("\n"))), end];
}

/** The lines from `at` on, as `pick` gives them, up to the first that it gives nothing for. */
function take(lines, at, pick) {
  const taken = [];
  let end = at;
  for (; end < lines.length; end += 1) {
    const picked = pick(lines[end], end - at);
    if (picked === undefined) break;
    taken.push(picked);
  }
  return [taken, end];
}

function list(lines, at, form, tag) {
  const items = [];
  let end = at;
  for (; end < lines.length; end += 1) {
    const item = form.exec(lines[end]);
    if (item) items.push(item.at(-1));
    else if (items.length && /^\s{2,}\S/.test(lines[end])) items.push(`${items.pop()}\n${lines[end].trim()}`);
    else if (lines[end].trim() || !form.test(lines[end + 1] ?? "")) break;
  }
  const start = tag === "ol" ? NUMBER.exec(lines[at])[1] : null;
  return [el(tag, { start: start === "1" ? null : start }, ...items.map((item) => el("li", {}, ...inline(item)))), end];
}

const INLINE = new RegExp([
  /`([^`]+)`/,
  /\*\*(.+?)\*\*/,
  /\*([^*\s][^*]*)\*/,
  /(?<![\p{L}\p{N}_])_([^_\s](?:`[^`]*`|[^`_]|_(?=[\p{L}\p{N}]))*)_(?![\p{L}\p{N}_])/u,
  /\[([^\]]+)\]\((https?:\/\/[^\s)]+)\)/,
  /(https?:\/\/[^\s<>()]+[^\s<>().,;:!?'"])/,
  /\[(\d{1,3})\]/,
].map((form) => form.source).join("|"), "su");

/** Text with its marks, as nodes. */
function inline(text) {
  const nodes = [];
  let rest = text;
  for (let found = INLINE.exec(rest); found; found = INLINE.exec(rest)) {
    if (found.index) nodes.push(rest.slice(0, found.index));
    const [whole, code, strong, star, line, label, address, bare, number] = found;
    const cited = number === undefined ? null : citation(Number(number));
    if (code !== undefined) nodes.push(el("code", {}, code));
    else if (strong) nodes.push(el("strong", {}, ...inline(strong)));
    else if (star ?? line) nodes.push(el("em", {}, ...inline(star ?? line)));
    else if (number !== undefined) nodes.push(cited ?? whole);
    else nodes.push(el("a", { href: address ?? bare, rel: "noopener noreferrer nofollow", target: "_blank" }, label ?? bare));
    rest = rest.slice(found.index + whole.length);
  }
  if (rest) nodes.push(rest);
  return nodes;
}
