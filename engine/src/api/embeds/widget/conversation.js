// The conversation: what was said, what is being said, and what went wrong.

/** An answer longer than this is laid out again when it has grown by a sixteenth, so that all drawings together stay linear. */
const REDRAWN_MAX = 4_000;
/** Characters that are told to a screen reader. */
const TOLD_MAX = 20_000;

class Conversation {
  #options;
  #talk;
  #tell;
  #changed;
  #loading = null;
  #underway = null;
  /** The newest words stay in sight unless the visitor scrolled away from them. */
  #following = true;

  /** `tell(text)` speaks to screen readers; `changed(busy, returned)` says whether an answer is on its way. */
  constructor(options, talk, tell, changed) {
    this.#options = options;
    this.#talk = talk;
    this.#tell = tell;
    this.#changed = changed;
    // Not live by itself: a screen reader would stumble from token to token. Answers are told when complete.
    this.log = el("div", { class: "log", role: "log", "aria-live": "off", "aria-label": options.words.conversation, tabindex: "0" });
    this.log.addEventListener("scroll", () => {
      const { scrollHeight, scrollTop, clientHeight } = this.log;
      this.#following = scrollHeight - scrollTop - clientHeight < 48;
    });
  }

  get busy() {
    return this.#underway !== null;
  }

  /** Shows what was said before; asks the server once. */
  load() {
    this.#loading ??= this.#restore();
    return this.#loading;
  }

  async #restore() {
    this.log.setAttribute("aria-busy", "true");
    try {
      const turns = await this.#talk.history();
      this.log.replaceChildren();
      for (const { role, content } of turns) {
        if (role === "user") this.#question(String(content ?? ""));
        else this.#answer().end(String(content ?? ""));
      }
      if (!turns.length) this.#greet();
    } catch (error) {
      this.#loading = null;
      this.log.replaceChildren();
      this.#problem(error, () => this.load());
    }
    this.log.removeAttribute("aria-busy");
    this.#toEnd(true);
  }

  #greet() {
    const { words, suggestions } = this.#options;
    this.#answer().end(words.greeting);
    if (!suggestions.length) return;
    const buttons = suggestions.map((text) => el("button", { type: "button", class: "chip", onclick: () => this.ask(text) }, text));
    this.log.append(el("div", { class: "chips" }, ...buttons));
  }

  /** Asks, and shows the answer as it comes. */
  async ask(message) {
    if (this.busy || !message.trim()) return;
    this.#underway = new AbortController();
    this.#changed(true);
    const { signal } = this.#underway;
    await this.load();
    this.log.querySelectorAll(".chips, .problem").forEach((node) => node.remove());
    const question = this.#question(message);
    const answer = this.#answer();
    const { words } = this.#options;
    this.#toEnd(true);
    this.#tell(words.waiting);
    let returned = null;
    try {
      await this.#talk.ask(message, (piece) => answer.say(piece), signal);
      this.#tell(answer.end());
    } catch (error) {
      const text = answer.end();
      if (signal.aborted) {
        this.log.append(el("p", { class: "note" }, words.stopped));
        this.#tell(words.stopped);
      } else {
        const again = this.#problem(error, () => {
          [question, answer.turn].forEach((node) => node.remove());
          this.ask(message);
        });
        // What cannot be asked again as it is goes back to where it was typed.
        if (!again && !text) {
          question.remove();
          returned = message;
        }
      }
    }
    this.#underway = null;
    this.#toEnd();
    this.#changed(false, returned);
  }

  /** Stops the answer that is coming; what there is of it stays. */
  stop() {
    this.#underway?.abort();
  }

  /** Forgets the conversation, here and on the server. */
  async reset() {
    this.stop();
    try {
      await this.#talk.reset();
    } catch (error) {
      this.#problem(error, () => this.reset());
      return;
    }
    this.log.replaceChildren();
    this.#greet();
    this.#tell(this.#options.words.cleared);
  }

  #question(text) {
    const { words } = this.#options;
    const turn = el("div", { class: "turn user" }, el("span", { class: "unseen" }, `${words.you}: `), el("div", { class: "bubble" }, text));
    this.log.append(turn);
    return turn;
  }

  /** An answer that may still be coming. It is drawn at most once a frame. */
  #answer() {
    const { words, thoughts, assistantImage } = this.#options;
    const body = el("div", { class: "bubble" }, el("span", { class: "dots" }, el("i"), el("i"), el("i")));
    const turn = el("div", { class: "turn assistant" },
      assistantImage ? el("img", { class: "face", src: assistantImage, alt: "" }) : null,
      el("span", { class: "unseen" }, `${words.name}: `), body);
    this.log.append(turn);
    let all = "";
    let due = false;
    let box = null;
    let drawn = 0;
    let tail = null;
    const draw = () => {
      due = false;
      drawn = all.length;
      tail = null;
      const parts = thoughtsOf(all);
      if (thoughts && parts.thoughts) {
        box ??= el("details", { class: "thoughts" }, el("summary", {}, words.thoughts), el("div"));
        box.lastChild.textContent = parts.thoughts;
      }
      const rest = parts.said ? build(markdown(parts.said, words.plain)) : [el("span", { class: "quiet" }, parts.thinking ? words.thinking : "…")];
      body.replaceChildren(...(box ? [box] : []), ...rest);
      this.#toEnd();
      if (parts.said) tail = el("div", { class: "plain" });
      return parts.said && body.textContent.slice(0, TOLD_MAX);
    };
    const grow = () => {
      if (all.length < REDRAWN_MAX || all.length * 16 >= drawn * 17) return void draw();
      due = false;
      // Until then it is plain text behind the rest. What a model thinks waits.
      if (!tail || drawn > SHOWN_MAX) return;
      tail.textContent = all.slice(drawn);
      if (!tail.isConnected) body.append(tail);
      this.#toEnd();
    };
    const say = (piece) => {
      if (!piece) return;
      all += piece;
      if (!due) requestAnimationFrame(() => due && grow());
      due = true;
    };
    const end = (text) => {
      all = text ?? all;
      if (all) return draw();
      turn.remove();
      return "";
    };
    return { turn, say, end };
  }

  /** Tells what went wrong. Whether it can be tried again as it is. */
  #problem(error, retry) {
    const { words, language, embedId } = this.#options;
    const kind = error instanceof Trouble ? error.kind : "failed";
    const again = !["refused", "gone", "off", "long"].includes(kind);
    const text = words[kind].replace("{when}", when(error.seconds, language, words.later));
    const node = el("div", { class: "problem" }, el("p", {}, text),
      again ? el("button", { type: "button", class: "chip", onclick: () => (node.remove(), retry()) }, words.retry) : null);
    this.log.append(node);
    this.#tell(text);
    // For the owner of the page.
    const advice = {
      refused: `The server does not let ${location.origin} use this chat: add it to the embed's allowlist_domains.`,
      gone: `The server has no embed ${embedId}: check data-embed-id and data-base-api-url.`,
      off: "This embed is disabled: enable it on the server.",
    }[kind];
    console.warn("haversack-chat:", advice ?? error.message);
    return again;
  }

  #toEnd(always) {
    if (always) this.#following = true;
    if (this.#following) this.log.scrollTop = this.log.scrollHeight;
  }
}
