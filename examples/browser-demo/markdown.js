// As much Markdown as answers have: paragraphs, quotations, lists, emphasis, code. Text stays text.

const INLINE = /(`[^`]+`|\*\*[^*]+\*\*|(?<!\w)_[^_]+_(?!\w)|\[\d+\])/;

/** Elements for an answer. */
export function rendered(text) {
  return text.split(/\n{2,}/).filter((part) => part.trim()).map(block);
}

function block(part) {
  const lines = part.split("\n");
  const all = (mark) => lines.every((line) => mark.test(line));
  if (all(/^>/)) return made("blockquote", lines.map((line) => line.replace(/^>\s?(- )?/, "")).join("\n"));
  if (all(/^\s*([-*]|\d+\.)\s/)) {
    const list = document.createElement("ul");
    list.append(...lines.map((line) => made("li", line.replace(/^\s*([-*]|\d+\.)\s/, ""))));
    return list;
  }
  return made(/^#+ /.test(part) ? "h3" : "p", part.replace(/^#+ /, ""));
}

function made(name, text) {
  const element = document.createElement(name);
  element.append(...text.split(INLINE).map(inline));
  return element;
}

function inline(part) {
  const [name, content] = part.startsWith("`") && part.length > 2 ? ["code", part.slice(1, -1)]
    : part.startsWith("**") && part.length > 4 ? ["strong", part.slice(2, -2)]
    : /^_.+_$/s.test(part) ? ["em", part.slice(1, -1)]
    : /^\[\d+\]$/.test(part) ? ["sup", part.slice(1, -1)]
    : [undefined, part];
  if (!name) return content;
  const element = document.createElement(name);
  element.textContent = content;
  return element;
}
