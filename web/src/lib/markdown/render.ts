// Markdown to markup that is safe to show. Loaded when the first answer is.

import DOMPurify from "dompurify";
import { Lexer, Marked, type Tokens } from "marked";
import { markerAt, nextMarker, takesSpace } from "../citations";
import { t } from "../strings";
import { INLINE_MAX, inlineCost } from "./budget";

const marked = new Marked({ gfm: true, breaks: false });

const escaped = (text: string) =>
  text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);

marked.use({
  renderer: {
    // The frame of a block of code; its button is served by whoever shows the markup.
    code({ text, lang }: Tokens.Code): string {
      const name = (lang ?? "").trim().split(/\s+/)[0] ?? "";
      const label = name || t.chat.plainText;
      return (
        `<div class="code"><div class="head"><span>${escaped(label)}</span>` +
        `<button type="button" class="copy">${escaped(t.chat.copy)}</button></div>` +
        `<pre tabindex="0"><code data-language="${escaped(name)}">${escaped(text)}</code></pre></div>`
      );
    },
    // Pictures from elsewhere are not fetched: they are links.
    image({ href, text }: Tokens.Image): string {
      return `<a href="${escaped(href)}">${escaped(text || href)}</a>`;
    },
    html({ text }: Tokens.HTML | Tokens.Tag): string {
      return escaped(text);
    },
  },
  extensions: [
    {
      name: "cite",
      level: "inline",
      start: nextMarker,
      tokenizer(source) {
        const found = markerAt(source);
        return found ? { type: "cite", ...found } : undefined;
      },
      renderer: (token) => (token["numbers"] as number[]).map((number) => `<button type="button" class="cite" data-cite="${number}">${number}</button>`).join(""),
    },
  ],
  hooks: {
    postprocess: (html) => html.replace(/<table>/g, '<div class="table" tabindex="0"><table>').replace(/<\/table>/g, "</table></div>"),
  },
});

/** Attributes whose values are no addresses. */
const PLAIN_ATTRIBUTES = ["class", "type", "tabindex", "data-cite", "data-language", "start", "checked", "disabled", "align"];

const purifier = DOMPurify(window);
purifier.addHook("afterSanitizeAttributes", (node) => {
  if (node.tagName === "A") {
    node.setAttribute("target", "_blank");
    node.setAttribute("rel", "noopener noreferrer");
  }
});

/** Markup of one block as text; null where reading its marks would take too long, or they nest too deeply. */
export function markup(text: string): string | null {
  try {
    const lexer = new Lexer(marked.defaults);
    lexer.blockTokens(text, lexer.tokens);
    let cost = 0;
    for (const { src } of lexer.inlineQueue) cost += inlineCost(src);
    if (cost > INLINE_MAX) return null;
    return marked.parse(text, { async: false });
  } catch (error) {
    // Marks inside each other use up the stack.
    if (error instanceof RangeError) return null;
    throw error;
  }
}

/**
 * What to show of a block. `citations` is how many sources there are to point to; numbers that name none are left out, and as
 * long as the sources are not known (null) all are text. Null: it is beyond the limits, and to be shown as plain text.
 */
export function render(text: string, citations: number | null): DocumentFragment | null {
  const html = markup(text);
  if (html === null) return null;
  const fragment = purifier.sanitize(html, {
    RETURN_DOM_FRAGMENT: true,
    ALLOWED_TAGS: [
      "a", "blockquote", "br", "button", "code", "del", "div", "em", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "input", "li", "ol",
      "p", "pre", "span", "strong", "sub", "sup", "table", "tbody", "td", "th", "thead", "tr", "ul",
    ],
    ALLOWED_ATTR: ["href", ...PLAIN_ATTRIBUTES],
    ALLOWED_URI_REGEXP: /^(?:https?:|mailto:|#)/i,
    // The pattern is for addresses only. Without this list the sanitizer holds every other value against it, too.
    ADD_URI_SAFE_ATTR: PLAIN_ATTRIBUTES,
  });
  for (const button of fragment.querySelectorAll<HTMLElement>("button.cite")) {
    const number = Number(button.dataset["cite"]);
    if (citations === null) button.replaceWith(`[${number}]`);
    else if (number >= 1 && number <= citations) button.setAttribute("aria-label", t.chat.openSource(number));
    else leaveOut(button);
  }
  // A list of things to do shows its boxes; they are not to be ticked.
  for (const box of fragment.querySelectorAll("input")) box.setAttribute("aria-label", t.chat.taskBox);
  // Each reads in the direction of its own script; a list has its bullets at that side, a table its first column.
  for (const block of fragment.querySelectorAll("p, h1, h2, h3, h4, h5, h6, td, th")) block.setAttribute("dir", "auto");
  for (const box of fragment.querySelectorAll("ul, ol, blockquote, table")) box.setAttribute("dir", direction(box.textContent ?? ""));
  return fragment;
}

/** Letters of scripts that are written from the right. */
const FROM_THE_RIGHT = /^[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u;

/** The direction of a text, by its first letter. `auto` would not look into children that have a direction of their own. */
function direction(text: string): "rtl" | "ltr" {
  return FROM_THE_RIGHT.test(/\p{L}/u.exec(text)?.[0] ?? "") ? "rtl" : "ltr";
}

/** Takes an element out, and the space before it where another space or a full stop follows. */
function leaveOut(node: HTMLElement): void {
  const before = node.previousSibling;
  const after = node.nextSibling;
  node.remove();
  const follows = after === null ? "" : after instanceof Text ? after.data : "x";
  if (before instanceof Text && takesSpace(follows)) before.data = before.data.replace(/[ \t]+$/, "");
}

/** Markup of spans and their classes only: what a highlighter makes. */
export function spans(html: string): DocumentFragment {
  return purifier.sanitize(html, { RETURN_DOM_FRAGMENT: true, ALLOWED_TAGS: ["span"], ALLOWED_ATTR: ["class"] });
}
