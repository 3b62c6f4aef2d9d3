// One conversation: its turns, and the answer that is being written.

import {
  ApiError,
  chats,
  isAbort,
  messageOf,
  type Attachment,
  type ChatMode,
  type HistoryItem,
  type Metrics,
  type Question,
  type Source,
  type StreamEvent,
} from "../api";
import { Blocks } from "../markdown/blocks.svelte";
import { t } from "../strings";

export type TurnState = "done" | "waiting" | "writing" | "stopped" | "failed";

/** A question and its answer. */
export class Turn {
  readonly key: number;
  readonly question: string;
  readonly attachments: Attachment[];
  readonly blocks = new Blocks();
  state: TurnState = $state("waiting");
  sources: Source[] = $state.raw([]);
  metrics: Metrics = $state.raw({});
  error = $state("");
  /** The number the server gave it, once it is saved. */
  chatId: number | null = $state(null);
  sentAt: number;
  /** Finding out that number, where the answer did not end by itself. */
  adopted: Promise<void> | null = null;

  static #keys = 0;

  constructor(question: string, attachments: Attachment[] = [], sentAt = Date.now()) {
    this.key = ++Turn.#keys;
    this.question = question;
    this.attachments = attachments;
    this.sentAt = sentAt;
  }

  get answer(): string {
    return this.blocks.text;
  }

  /** Whether the answer only quotes: no language model wrote it. */
  get quoted(): boolean {
    return this.metrics.provider === "HaversackExtractive";
  }
}

/** The turns of a history. */
export function turnsOf(items: HistoryItem[]): Turn[] {
  const turns: Turn[] = [];
  for (const item of items) {
    const last = turns.at(-1);
    if (item.role === "user") {
      const turn = new Turn(item.content, item.attachments ?? [], item.sentAt * 1000);
      turn.chatId = item.chatId;
      turn.state = "done";
      turns.push(turn);
    } else if (last && last.chatId === item.chatId) {
      last.sources = item.sources ?? [];
      last.metrics = item.metrics ?? {};
      last.blocks.set(tidied(item.content, last.quoted));
    }
  }
  return turns;
}

/** Without what the page says in its own way: the list of sources, and that there is no language model. */
export function tidied(text: string, quoted: boolean): string {
  if (!quoted) return text;
  return text.replace(/(?<!\n)\n+Sources: \[1\][^\n]*/, "").replace(/(?<!\n)\n+_No language model is configured[^\n]*_\s*$/, "");
}

export class Conversation {
  readonly slug: string;
  readonly thread: string | null;
  turns: Turn[] = $state([]);
  loaded = $state(false);
  problem = $state("");
  #stop: AbortController | null = null;

  constructor(slug: string, thread: string | null) {
    this.slug = slug;
    this.thread = thread;
  }

  get busy(): boolean {
    const last = this.turns.at(-1);
    return last !== undefined && (last.state === "waiting" || last.state === "writing");
  }

  async load(): Promise<void> {
    this.problem = "";
    try {
      const history = turnsOf(await chats.history(this.slug, this.thread));
      const known = new Set(history.map((turn) => turn.chatId));
      // What was asked while the history was on its way stays, after it.
      this.turns = [...history, ...this.turns.filter((turn) => turn.chatId === null || !known.has(turn.chatId))];
      this.loaded = true;
    } catch (error) {
      this.problem = messageOf(error);
    }
  }

  /** Asks, and follows the answer to its end. Never throws: what went wrong stands in the turn. */
  async ask(question: Question): Promise<Turn> {
    const turn = new Turn(question.message, question.attachments);
    this.turns.push(turn);
    await this.#follow(turn, question);
    return turn;
  }

  stop(): void {
    this.#stop?.abort();
  }

  /** Takes a turn back, and all that came after it, so that it can be asked again. */
  async takeBack(turn: Turn): Promise<void> {
    const from = this.turns.findIndex((other) => other.key === turn.key);
    if (from < 0) return;
    const gone = this.turns.slice(from);
    this.turns = this.turns.slice(0, from);
    for (const one of gone) await one.adopted;
    for (const one of gone.reverse()) if (one.chatId !== null) await chats.takeBack(this.slug, one.chatId);
  }

  async again(turn: Turn, mode: ChatMode): Promise<Turn> {
    await this.takeBack(turn);
    return this.ask({ message: turn.question, mode, attachments: turn.attachments });
  }

  async clear(): Promise<void> {
    await chats.reset(this.slug, this.thread);
    this.turns = [];
  }

  async #follow(turn: Turn, question: Question): Promise<void> {
    const stop = new AbortController();
    this.#stop = stop;
    try {
      let closed = false;
      for await (const event of chats.ask(this.slug, this.thread, question, stop.signal)) {
        closed = this.#hear(turn, event) || closed;
      }
      if (turn.state === "writing" || turn.state === "waiting") {
        if (closed) turn.state = "done";
        else throw new ApiError(0, t.errors.brokeOff);
      }
    } catch (error) {
      turn.state = isAbort(error) ? "stopped" : "failed";
      if (turn.state === "failed") turn.error = messageOf(error);
    } finally {
      turn.blocks.finish();
      if (turn.quoted) turn.blocks.set(tidied(turn.answer, true));
      if (this.#stop === stop) this.#stop = null;
      // What was said before a stop is saved under a number that nobody told us.
      if (turn.chatId === null && turn.state !== "done") turn.adopted = this.#adopt(turn);
    }
  }

  /** Whether the event ended the answer. */
  #hear(turn: Turn, event: StreamEvent): boolean {
    if (typeof event.error === "string" && event.error) {
      turn.error = event.error;
      turn.state = "failed";
    }
    if (event.textResponse) {
      if (turn.state === "waiting") turn.state = "writing";
      turn.blocks.append(event.textResponse);
    }
    if (event.sources?.length) turn.sources = event.sources;
    if (event.metrics) turn.metrics = event.metrics;
    if (event.chatId) turn.chatId = event.chatId;
    return event.close === true;
  }

  async #adopt(turn: Turn): Promise<void> {
    // The server saves it a moment after it saw that nobody listens any more.
    for (const ms of [200, 600]) {
      await new Promise((resolve) => setTimeout(resolve, ms));
      const history = await chats.history(this.slug, this.thread).catch(() => []);
      const last = history.filter((item) => item.role === "user").at(-1);
      const known = this.turns.some((other) => other.chatId === last?.chatId);
      if (!last || known || last.content !== turn.question) continue;
      turn.chatId = last.chatId;
      return;
    }
  }
}
