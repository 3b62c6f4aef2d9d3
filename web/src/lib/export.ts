// A conversation as a file.

import { time } from "./format";
import type { Turn } from "./state/conversation.svelte";
import { t } from "./strings";

export function asMarkdown(title: string, turns: Turn[]): string {
  const parts = turns.map((turn) => {
    const sources = turn.sources.map((source, n) => `${n + 1}. ${source.title ?? ""}${source.page ? `, ${t.page(source.page)}` : ""}`);
    const listed = sources.length > 0 ? `\n\n**${t.chat.sources}**\n\n${sources.join("\n")}` : "";
    return `## ${turn.question}\n\n*${time(turn.sentAt)}*\n\n${turn.answer.trim()}${listed}\n`;
  });
  return `# ${title}\n\n${parts.join("\n")}`;
}

export function asJson(title: string, turns: Turn[]): string {
  const rows = turns.map((turn) => ({
    question: turn.question,
    answer: turn.answer,
    sentAt: new Date(turn.sentAt).toISOString(),
    model: turn.metrics.model ?? null,
    sources: turn.sources.map(({ title: name, docpath, page, score, text }) => ({ title: name, docpath, page: page ?? null, score, text })),
  }));
  return JSON.stringify({ title, turns: rows }, null, 2);
}
