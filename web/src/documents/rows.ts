// Documents of a workspace as the list shows them.

import type { PlacedDocument } from "../lib/api";

export interface Row {
  id: number;
  docpath: string;
  folder: string;
  title: string;
  words: number;
  /** Where it came from, as one word. */
  kind: string;
  pinned: boolean;
  addedAt: string;
  /** For searching. */
  text: string;
}

export type Order = "newest" | "name" | "words";

export function rowOf(document: PlacedDocument): Row {
  const metadata = JSON.parse(document.metadata) as { title?: string; wordCount?: number; chunkSource?: string };
  const title = metadata.title || document.filename;
  const folder = document.docpath.split("/")[0] ?? "";
  return {
    id: document.id,
    docpath: document.docpath,
    folder,
    title,
    words: metadata.wordCount ?? 0,
    kind: kindOf(title, metadata.chunkSource ?? ""),
    pinned: document.pinned,
    addedAt: document.createdAt,
    text: `${title} ${folder}`.toLowerCase(),
  };
}

export function kindOf(title: string, source: string): string {
  if (source.startsWith("link://")) return "WEB";
  const ending = /\.([a-z0-9]{1,5})$/i.exec(title)?.[1];
  return (ending ?? "txt").toUpperCase();
}

/** The rows that hold all words of the query, in order; pinned ones first. */
export function arranged(rows: Row[], query: string, folder: string | null, order: Order): Row[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  const fits = (row: Row) => (folder === null || row.folder === folder) && words.every((word) => row.text.includes(word));
  const collator = new Intl.Collator(undefined, { numeric: true });
  const by: Record<Order, (a: Row, b: Row) => number> = {
    newest: (a, b) => b.id - a.id,
    name: (a, b) => collator.compare(a.title, b.title),
    words: (a, b) => b.words - a.words,
  };
  return rows.filter(fits).sort((a, b) => Number(b.pinned) - Number(a.pinned) || by[order](a, b));
}
