// What is open, what is being said, and what a person is asked.

import { messageOf } from "../api";
import { store } from "./storage";

export type Theme = "system" | "light" | "dark";

export interface Toast {
  id: number;
  kind: "good" | "bad";
  text: string;
  action?: { label: string; run: () => void };
}

export interface Ask {
  title: string;
  text: string;
  confirm: string;
  /** What the other button says, if not that it cancels. */
  refuse?: string;
  danger: boolean;
  /** A word that must be typed first. */
  type?: string;
  answer: (yes: boolean) => void;
}

export interface Passage {
  slug: string;
  /** The page that opened it. */
  page: "chat" | "search";
  place: { path: string } | { id: string };
  title: string;
  /** Bytes of the text that are marked. */
  mark: { start: number; end: number } | null;
  /** Words that are marked within that. */
  words: string;
  /** What the passage is to hold: sentences close to it stand out. */
  about: string;
}

class Ui {
  sidebar = $state(false);
  palette = $state(false);
  shortcuts = $state(false);
  passage: Passage | null = $state.raw(null);
  toasts: Toast[] = $state([]);
  question: Ask | null = $state.raw(null);
  theme: Theme = $state((store.get("theme") as Theme | null) ?? "system");
  /** What a screen reader is told. */
  spoken = $state("");
  #toasts = 0;

  setTheme(theme: Theme): void {
    this.theme = theme;
    store.set("theme", theme === "system" ? null : theme);
    dispatchEvent(new Event("haversack-theme"));
  }

  say(text: string, action?: Toast["action"]): void {
    this.#push({ kind: "good", text, ...(action ? { action } : {}) }, action ? 9000 : 4500);
  }

  fail(error: unknown): void {
    this.#push({ kind: "bad", text: messageOf(error) }, 12_000);
  }

  dismiss(id: number): void {
    this.toasts = this.toasts.filter((toast) => toast.id !== id);
  }

  /** Asks before something that cannot be undone. */
  confirm(ask: Omit<Ask, "answer">): Promise<boolean> {
    return new Promise((resolve) => {
      this.question = {
        ...ask,
        answer: (yes) => {
          this.question = null;
          resolve(yes);
        },
      };
    });
  }

  #push(toast: Omit<Toast, "id">, ms: number): void {
    const id = ++this.#toasts;
    this.toasts = [...this.toasts.slice(-3), { ...toast, id }];
    setTimeout(() => this.dismiss(id), ms);
  }
}

export const ui = new Ui();
