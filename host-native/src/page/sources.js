// Where an answer is from.

import { el } from "./dom.js";

const HEADER = /^\s*<document_metadata>[\s\S]*?<\/document_metadata>\s*/;

/** A list of passages that open to what they say. `passages` are sources of a chat or results of a search. */
export function sourceList(passages, title) {
  if (!passages?.length) return null;
  return el("section", { class: "sources", "aria-label": title },
    el("h3", {}, title),
    el("ol", {}, ...passages.map((passage, n) => el("li", {}, source(passage, n + 1)))));
}

function source(passage, number) {
  // A result of a search keeps its metadata apart; a source of a chat has it beside the text.
  const about = passage.metadata ?? passage;
  const score = typeof passage.score === "number" ? passage.score : null;
  const text = String(passage.text ?? "").replace(HEADER, "").trim();
  return el("details", {},
    el("summary", {},
      el("span", { class: "number" }, String(number)),
      el("span", { class: "place" }, about.title || "Untitled", place(about)),
      score === null ? el("span", { class: "score" }, "whole document") : scoreOf(score),
      el("span", { class: "snippet", "aria-hidden": "true" }, text.slice(0, 300))),
    el("blockquote", {}, text));
}

function place(about) {
  const parts = [];
  if (about.page) parts.push(`page ${about.page}`);
  if (Array.isArray(about.headings) && about.headings.length) parts.push(about.headings.at(-1));
  return parts.length ? el("small", {}, parts.join(" · ")) : null;
}

function scoreOf(score) {
  const text = score.toFixed(2);
  return el("span", { class: "score", title: "How close it is to the question, from 0 to 1" },
    el("meter", { min: 0, max: 1, value: Math.max(0, Math.min(1, score)), "aria-label": `Score ${text}` }), text);
}
