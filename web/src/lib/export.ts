// A conversation as a file.

import { pagesOf } from "./evidence";
import { time } from "./format";
import type { Turn } from "./state/conversation.svelte";
import { t } from "./strings";

export function asMarkdown(title: string, turns: Turn[]): string {
  const parts = turns.map((turn) => {
    const sources = turn.sources.map((source, n) => {
      const pages = pagesOf(source);
      const notes = [pages.length > 0 ? t.pages(pages) : "", source.cited === false ? t.chat.notCited : ""].filter(Boolean);
      return `${n + 1}. ${[source.title ?? "", ...notes].join(", ")}`;
    });
    const listed = sources.length > 0 ? `\n\n**${t.chat.sources}**\n\n${sources.join("\n")}` : "";
    return `## ${turn.question}\n\n*${time(turn.sentAt)}*\n\n${turn.clean}${listed}\n`;
  });
  return `# ${title}\n\n${parts.join("\n")}`;
}

export function asJson(title: string, turns: Turn[]): string {
  const rows = turns.map((turn) => ({
    question: turn.question,
    answer: turn.clean,
    sentAt: new Date(turn.sentAt).toISOString(),
    model: turn.metrics.model ?? null,
    finish: turn.ending,
    relevance: turn.relevance,
    sources: turn.sources.map(({ title: name, docpath, page, score, text, cited, citations }, n) => ({
      number: n + 1, title: name, docpath, page: page ?? null, score, cited, citations, text,
    })),
  }));
  return JSON.stringify({ title, turns: rows }, null, 2);
}
