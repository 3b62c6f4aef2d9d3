// What was typed and not sent, by conversation.

import { store } from "./storage";

const place = (slug: string, thread: string | null) => `draft.${slug}/${thread ?? ""}`;

export const drafts = {
  get: (slug: string, thread: string | null): string => store.get(place(slug, thread)) ?? "",
  set: (slug: string, thread: string | null, text: string): void => store.set(place(slug, thread), text.trim() ? text : null),
};
