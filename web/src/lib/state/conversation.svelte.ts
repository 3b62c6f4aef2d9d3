// One conversation: its turns, and the answer that is being written.

import {
  ApiError,
  chats,
  isAbort,
  messageOf,
  type Attachment,
  type ChatMode,
  type Finish,
  type HistoryItem,
  type Metrics,
  type Question,
  type Source,
  type StreamEvent,
} from "../api";
import { Blocks } from "../markdown/blocks.svelte";
import { withMarkers } from "../citations";
import { Thoughts, thoughtsOf } from "../thoughts";
import { t } from "../strings";

/** Evidence less relevant than this is called weak. */
const WEAK = 0.25;
/** Longest pause until new thoughts are shown. */
const THOUGHT_PAUSE_MS = 100;

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
  /** How well the best passage fits the question, from 0 to 1; null where nobody said. */
  relevance: number | null = $state(null);
  finish: Finish | null = $state(null);
  /** What the model thought before it answered. It is no part of the answer. */
  thoughts = $state("");
  /** Whether it is thinking now. */
  thinking = $state(false);
  /** How long it thought, in seconds, where somebody looked on. */
  thoughtFor: number | null = $state(null);
  #reader = new Thoughts();
  #thought = "";
  #since = 0;
  #timer: ReturnType<typeof setTimeout> | null = null;
  /** Finding out that number, where the answer did not end by itself. */
  adopted: Promise<void> | null = null;

  static #keys = 0;

  constructor(question: string, attachments: Attachment[] = [], sentAt = Date.now()) {
    this.key = ++Turn.#keys;
    this.question = question;
    this.attachments = attachments;
    this.sentAt = sentAt;
  }

  /** What was said, as it came. */
  get answer(): string {
    return this.blocks.text;
  }

  /** The answer for use elsewhere: what was thought, and numbers that name no source, are left out. */
  get clean(): string {
    return withMarkers(this.answer, this.sources.length).trim();
  }

  /** Whether nothing more comes. */
  get over(): boolean {
    return this.state !== "waiting" && this.state !== "writing";
  }

  /** How it ended; an answer without a word is empty, whatever was said about it. */
  get ending(): Finish {
    if (this.finish !== null && this.finish !== "stop") return this.finish;
    return this.state === "done" && this.answer.trim() === "" ? "empty" : "stop";
  }

  /** Whether what was found hardly fits the question. */
  get weak(): boolean {
    return this.state === "done" && this.sources.length > 0 && this.relevance !== null && this.relevance < WEAK;
  }

  /** The next piece of the reply. */
  hear(piece: string): void {
    const { thought, said } = this.#reader.add(piece);
    if (this.#reader.thinking && !this.thinking) {
      this.thinking = true;
      this.#since ||= performance.now();
    }
    if (thought) {
      this.#thought += thought;
      this.#timer ??= setTimeout(() => this.#show(), THOUGHT_PAUSE_MS);
    }
    if (this.thinking && !this.#reader.thinking) this.#thoughtOver();
    if (said) this.blocks.append(said);
  }

  /** Nothing more comes. */
  end(): void {
    const { thought, said } = this.#reader.end();
    this.#thought += thought;
    if (said) this.blocks.append(said);
    if (this.#since > 0) this.#thoughtOver();
    this.blocks.finish();
    if (this.quoted) this.blocks.set(tidied(this.answer, true));
  }

  /** The whole reply, as it was saved. */
  set(text: string): void {
    const { thought, said } = thoughtsOf(text);
    this.thoughts = thought;
    this.blocks.set(tidied(said, this.quoted));
  }

  #thoughtOver(): void {
    if (this.thinking) this.thoughtFor = (performance.now() - this.#since) / 1000;
    this.thinking = false;
    this.#show();
  }

  #show(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.thoughts = this.#thought.trim();
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
      last.relevance = item.relevance ?? null;
      last.finish = item.finish ?? null;
      last.set(item.content);
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
      turn.end();
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
      turn.hear(event.textResponse);
    }
    if (event.sources?.length) turn.sources = event.sources;
    if (event.metrics) turn.metrics = event.metrics;
    if (typeof event.relevance === "number") turn.relevance = event.relevance;
    if (event.finish) turn.finish = event.finish;
    if (event.finish === "error" && turn.state !== "failed") {
      turn.error = t.chat.endings.error;
      turn.state = "failed";
    }
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
