// The element: a button in a corner, and the window that it opens.

/** Where the window takes the whole screen. The same condition stands in the style sheet. */
const SMALL = "(max-width: 30rem), (max-height: 26rem)";

class HaversackChat extends HTMLElement {
  #options;
  #parts;
  #conversation;

  connectedCallback() {
    if (this.#parts) return;
    const options = readOptions(this.dataset, document.baseURI);
    if (!options.embedId || !options.api) {
      console.warn("haversack-chat: data-embed-id and data-base-api-url are needed.");
      return;
    }
    this.#options = options;
    for (const [name, value] of Object.entries(options.variables)) this.style.setProperty(`--haversack-${name}`, value);
    this.#build(this.attachShadow({ mode: "open" }));
    // On a small screen it would hide the page that somebody came for.
    if (options.openOnLoad && !this.#small.matches) this.open(false);
  }

  /** Opens the window; takes the focus unless told not to. */
  open(focus = true) {
    const { panel, launcher, input } = this.#parts;
    if (panel.open) return;
    // On a small screen nothing else can be reached while it is open; elsewhere the page stays in use.
    const before = this.shadowRoot.activeElement;
    if (this.#small.matches) panel.showModal();
    else panel.open = true;
    launcher.setAttribute("aria-expanded", "true");
    this.#name(launcher, this.#options.words.close);
    if (!focus) before?.focus({ preventScroll: true });
    // A touch keyboard would cover the conversation at once.
    else (matchMedia("(hover: hover)").matches ? input : panel).focus({ preventScroll: true });
    this.#conversation.load();
  }

  /** Closes it. What is typed and said stays. */
  close() {
    const { panel, launcher } = this.#parts;
    if (!panel.open) return;
    const inside = this.shadowRoot.activeElement !== null;
    this.#confirm(false);
    panel.close();
    launcher.setAttribute("aria-expanded", "false");
    this.#name(launcher, this.#options.words.open);
    if (inside) launcher.focus({ preventScroll: true });
  }

  #small = matchMedia(SMALL);

  #name(button, text) {
    button.setAttribute("aria-label", text);
    button.title = text;
  }

  #button(name, text, onclick) {
    const button = el("button", { type: "button", class: "icon", onclick }, icon(name));
    this.#name(button, text);
    return button;
  }

  #build(shadow) {
    const { words, language, position, email, sponsor, brandImage, header, ...options } = this.#options;
    const status = el("p", { class: "unseen", role: "status" });
    const talk = new Talk(this.#options, sessionId(options.embedId, () => localStorage));
    this.#conversation = new Conversation(this.#options, talk, (text) => (status.textContent = text), (busy, returned) => this.#busy(busy, returned));
    const launcher = el("button", { type: "button", class: "launcher", "aria-haspopup": "dialog", "aria-expanded": "false",
      onclick: () => (this.#parts.panel.open ? this.close() : this.open()) }, icon(options.icon), icon("close"));
    this.#name(launcher, words.open);
    const input = el("textarea", { id: "input", rows: "1", placeholder: words.message, enterkeyhint: "send", oninput: () => this.#fit() });
    const send = el("button", { class: "icon send" });
    const form = el("form", { class: "composer" }, el("label", { class: "unseen", for: "input" }, words.message), input, send);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (this.#conversation.busy) this.#conversation.stop();
      else this.#send();
    });
    const question = el("div", { class: "confirm", role: "group", "aria-label": words.resetAsk, hidden: "" }, el("p", {}, words.resetAsk),
      el("button", { type: "button", class: "chip strong", onclick: () => { this.#confirm(false); this.#conversation.reset(); } }, words.reset),
      el("button", { type: "button", class: "chip", onclick: () => this.#confirm(false) }, words.cancel));
    const reset = this.#button("reset", words.reset, () => this.#confirm(question.hidden));
    const mail = email ? el("a", { class: "icon", href: `mailto:${email}`, "aria-label": words.support, title: words.support }, icon("mail")) : null;
    const panel = el("dialog", { class: "panel", "aria-labelledby": "title", tabindex: "-1", oncancel: (event) => { event.preventDefault(); this.#escape(); } },
      el("header", {}, brandImage ? el("img", { class: "brand", src: brandImage, alt: "" }) : null,
        el("h2", { id: "title" }, words.name), mail, reset, this.#button("close", words.close, () => this.close())),
      question, this.#conversation.log, form,
      sponsor ? el("footer", {}, sponsor.link ? el("a", { href: sponsor.link, target: "_blank", rel: "noopener noreferrer" }, sponsor.text) : sponsor.text) : null,
      status);
    const root = el("div", { class: `root ${position}${header ? "" : " bare"}`, lang: language }, launcher, panel);
    this.#parts = { root, launcher, panel, input, send, question, reset };
    this.#busy(false);
    this.#listen();
    shadow.adoptedStyleSheets = [sheet()];
    shadow.append(root);
  }

  #listen() {
    const { root, panel } = this.#parts;
    // Shortcuts of the page must not answer to what is typed here.
    for (const type of ["keydown", "keyup", "keypress"]) root.addEventListener(type, (event) => event.stopPropagation());
    panel.addEventListener("keydown", (event) => {
      if (event.isComposing) return;
      if (event.key === "Escape") {
        event.preventDefault();
        this.#escape();
      } else if (event.key === "Enter" && !event.shiftKey && event.target === this.#parts.input) {
        event.preventDefault();
        this.#send();
      }
    });
    const scheme = matchMedia("(prefers-color-scheme: dark)");
    const { theme } = this.#options;
    const paint = () => root.classList.toggle("dark", theme === "dark" || (theme === "auto" && scheme.matches));
    scheme.addEventListener("change", paint);
    paint();
    this.#small.addEventListener("change", () => {
      if (!panel.open) return;
      panel.close();
      this.open(false);
    });
  }

  #escape() {
    if (this.#parts.question.hidden) this.close();
    else this.#confirm(false);
  }

  #confirm(show) {
    const { question, reset } = this.#parts;
    if (question.hidden === !show) return;
    question.hidden = !show;
    if (show) question.querySelector("button").focus();
    else reset.focus({ preventScroll: true });
  }

  #send() {
    const { input } = this.#parts;
    const message = input.value.trim();
    input.focus({ preventScroll: true });
    if (!message || this.#conversation.busy) return;
    input.value = "";
    this.#fit();
    this.#conversation.ask(message);
  }

  /** One button sends and stops, so that the focus is never lost. */
  #busy(busy, returned) {
    const { send, input, root } = this.#parts ?? {};
    if (!send) return;
    root.classList.toggle("busy", busy);
    send.replaceChildren(icon(busy ? "stop" : "send"));
    this.#name(send, busy ? this.#options.words.stop : this.#options.words.send);
    if (!returned || input.value) return;
    input.value = returned;
    this.#fit();
  }

  /** The field grows with its text. */
  #fit() {
    const { input } = this.#parts;
    input.style.height = "auto";
    input.style.height = `${input.scrollHeight}px`;
  }
}

/** Constructed, not written: a strict content security policy of the page lets it through. */
function sheet() {
  const made = new CSSStyleSheet();
  made.replaceSync(STYLE);
  return made;
}
