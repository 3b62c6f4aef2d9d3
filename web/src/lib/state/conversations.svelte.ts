// Conversations that were opened: an answer goes on being written while another one is looked at.

import { Conversation } from "./conversation.svelte";

const KEPT = 12;
const known = new Map<string, Conversation>();

export const conversations = {
  open(slug: string, thread: string | null): Conversation {
    const place = `${slug}/${thread ?? ""}`;
    const found = known.get(place) ?? new Conversation(slug, thread);
    known.delete(place);
    known.set(place, found);
    for (const [old, conversation] of known) if (known.size > KEPT && !conversation.busy) known.delete(old);
    return found;
  },

  forget(slug: string): void {
    for (const place of known.keys()) if (place.startsWith(`${slug}/`)) known.delete(place);
  },

  forgetAll(): void {
    known.clear();
  },
};
