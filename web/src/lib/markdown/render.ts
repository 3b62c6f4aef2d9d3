// Markdown to markup that is safe to show. Loaded when the first answer is.

import DOMPurify from "dompurify";
import { Lexer, Marked, type Tokens } from "marked";
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
      start: (source) => source.search(/\[\d{1,2}\]/),
      tokenizer(source) {
        const found = /^\[(\d{1,2})\](?!\()/.exec(source);
        return found ? { type: "cite", raw: found[0], number: found[1] } : undefined;
      },
      renderer: (token) => `<button type="button" class="cite" data-cite="${token["number"]}">${token["number"]}</button>`,
    },
  ],
  hooks: {
    postprocess: (html) => html.replace(/<table>/g, '<div class="table" tabindex="0"><table>').replace(/<\/table>/g, "</table></div>"),
  },
});

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
 * What to show of a block. `citations` is how many sources there are to point to; other numbers stay text. Null: it is
 * beyond the limits, and to be shown as plain text.
 */
export function render(text: string, citations: number): DocumentFragment | null {
  const html = markup(text);
  if (html === null) return null;
  const fragment = purifier.sanitize(html, {
    RETURN_DOM_FRAGMENT: true,
    ALLOWED_TAGS: [
      "a", "blockquote", "br", "button", "code", "del", "div", "em", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "input", "li", "ol",
      "p", "pre", "span", "strong", "sub", "sup", "table", "tbody", "td", "th", "thead", "tr", "ul",
    ],
    ALLOWED_ATTR: ["href", "class", "type", "tabindex", "data-cite", "data-language", "start", "checked", "disabled", "align"],
    ALLOWED_URI_REGEXP: /^(?:https?:|mailto:|#)/i,
  });
  for (const button of fragment.querySelectorAll<HTMLElement>("button.cite")) {
    const number = Number(button.dataset["cite"]);
    if (number >= 1 && number <= citations) button.setAttribute("aria-label", t.chat.openSource(number));
    else button.replaceWith(`[${button.dataset["cite"]}]`);
  }
  // A list of things to do shows its boxes; they are not to be ticked.
  for (const box of fragment.querySelectorAll("input")) box.setAttribute("aria-label", t.chat.taskBox);
  return fragment;
}

/** Markup of spans and their classes only: what a highlighter makes. */
export function spans(html: string): DocumentFragment {
  return purifier.sanitize(html, { RETURN_DOM_FRAGMENT: true, ALLOWED_TAGS: ["span"], ALLOWED_ATTR: ["class"] });
}
