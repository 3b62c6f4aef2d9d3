// The conversation: asking, watching the answer come, and what was said before.

import * as api from "./api.js";
import { $, announce, complain, confirmLoss, el } from "./dom.js";
import { markdown } from "./markdown.js";
import { sourceList } from "./sources.js";

let workspace = null;
let underway = null;

/** Shows the conversation of a workspace. `documents` is how many it holds. */
export async function openChat(next, documents) {
  stop();
  workspace = next;
  $("log").replaceChildren();
  $("title").textContent = next.name;
  const turns = await api.history(next.slug).catch((error) => (complain(error), []));
  if (workspace !== next) return;
  for (const turn of turns) {
    if (turn.role === "user") addQuestion(turn.content);
    else addAnswer().finish(turn.content, turn.sources);
  }
  if (!turns.length) showEmpty(documents);
  scrollToEnd();
}

/** What an empty conversation says; it changes with the first document. */
export function showEmpty(documents) {
  if ($("log").querySelector(".turn")) return;
  const questions = ["What is this about?", "Summarise the main points", "What should I read first?"];
  const hint = documents
    ? "Every answer shows the passages that it rests on."
    : "Drop a file anywhere on this page to begin. It is read and indexed on this server.";
  $("log").replaceChildren(el("div", { class: "empty" },
    el("img", { src: "/favicon.svg", alt: "", width: 64, height: 64 }),
    el("h3", {}, documents ? "Ask your documents" : "This workspace is empty"),
    el("p", {}, hint),
    documents ? el("div", { class: "suggestions" }, ...questions.map((question) =>
      el("button", { type: "button", onclick: () => ask(question) }, question))) : null));
}

/** Stops the answer that is coming; what there is of it is kept. */
export function stop() {
  underway?.abort();
}

/** Asks, in the mode that is chosen. */
export async function ask(question) {
  if (!workspace || underway || !question.trim()) return;
  $("log").querySelector(".empty")?.remove();
  addQuestion(question);
  const answer = addAnswer();
  following = true;
  scrollToEnd();
  const mode = new FormData($("ask")).get("mode");
  underway = new AbortController();
  busy(true);
  try {
    await (mode === "search" ? find(question, answer) : converse(question, mode, answer, underway.signal));
  } catch (error) {
    if (error.name === "AbortError") answer.note("Stopped.");
    else answer.fail(error.message);
  } finally {
    underway = null;
    busy(false);
  }
}

async function find(question, answer) {
  const { results, message } = await api.search(workspace.slug, question);
  answer.finish(results.length ? "" : message || "Nothing was found.", results, "Passages");
  announce(`${results.length} passages`);
}

async function converse(question, mode, answer, signal) {
  let sources = [];
  for await (const event of api.streamChat(workspace.slug, question, mode, signal)) {
    if (event.type === "abort") return answer.fail(event.error || "There is no answer.");
    if (event.type === "textResponseChunk" || event.type === "textResponse") answer.say(event.textResponse ?? "");
    if (event.sources?.length) sources = event.sources;
  }
  answer.finish(undefined, sources);
  announce(`The answer is complete, with ${sources.length} sources.`);
}

function busy(yes) {
  $("send").hidden = yes;
  $("stop").hidden = !yes;
  if (!yes) $("question").focus({ preventScroll: true });
}

function addQuestion(text) {
  $("log").append(el("div", { class: "turn question" }, el("span", { class: "unseen" }, "You asked: "), text));
}

/** An answer that may still be coming. It is drawn at most once a frame. */
function addAnswer() {
  const said = el("div", { class: "said waiting" });
  const turn = el("article", { class: "turn answer", "aria-label": "Answer", "aria-busy": "true" }, said);
  $("log").append(turn);
  let text = "";
  let due = false;
  let passages = [];
  /** `[1]` opens the first source, once the sources are there. */
  const cite = (n) => (n < 1 || n > passages.length ? null : el("button", {
    type: "button",
    class: "cite",
    "aria-label": `Source ${n}: ${passages[n - 1].title ?? ""}`,
    onclick: () => {
      const source = turn.querySelectorAll(".sources details")[n - 1];
      source.open = true;
      source.querySelector("summary").focus();
      source.scrollIntoView({ block: "nearest" });
    },
  }, String(n)));
  const draw = () => {
    due = false;
    said.replaceChildren(markdown(text, cite));
    if (following) scrollToEnd();
  };
  const end = (...more) => {
    said.classList.remove("waiting");
    turn.removeAttribute("aria-busy");
    const follow = following;
    draw();
    turn.append(...more.filter(Boolean));
    if (follow) scrollToShow(turn.previousElementSibling ?? turn);
  };
  return {
    say(piece) {
      text += piece;
      if (!due) requestAnimationFrame(draw);
      due = true;
    },
    finish(whole, sources, title = "Sources") {
      text = whole ?? text;
      passages = sources ?? [];
      end(sourceList(sources, title));
    },
    note: (words) => end(el("p", { class: "note" }, words)),
    fail: (words) => end(el("p", { class: "failure", role: "alert" }, words)),
  };
}

/** Whether the person is at the end, and wants to stay there. */
let following = true;

function scrollToEnd() {
  $("scroll").scrollTop = $("scroll").scrollHeight;
}

/** Goes down as far as the question stays in sight, and never up. */
function scrollToShow(question) {
  const scroll = $("scroll");
  const down = question.getBoundingClientRect().top - scroll.getBoundingClientRect().top - 12;
  const end = scroll.scrollHeight - scroll.clientHeight;
  scroll.scrollTop = Math.max(scroll.scrollTop, Math.min(end, scroll.scrollTop + down));
}

/** Wires the form. */
export function startChat() {
  const scroll = $("scroll");
  scroll.addEventListener("scroll", () => {
    following = scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < 80;
  });
  const question = $("question");
  const grow = () => {
    if (CSS.supports("field-sizing", "content")) return;
    question.style.height = "auto";
    question.style.height = `${question.scrollHeight}px`;
  };
  question.addEventListener("input", grow);
  question.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      $("ask").requestSubmit();
    }
  });
  $("ask").addEventListener("submit", (event) => {
    event.preventDefault();
    if (underway) return;
    const text = question.value;
    question.value = "";
    grow();
    ask(text);
  });
  $("stop").addEventListener("click", stop);
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !$("confirm").open) stop();
  });
  $("ask").addEventListener("change", () => {
    const search = new FormData($("ask")).get("mode") === "search";
    question.placeholder = search ? "Find in your documents" : "Ask your documents";
  });
  $("clear").addEventListener("click", async () => {
    if (!workspace || !(await confirmLoss("Forget everything that was asked and answered here?", "Clear chat"))) return;
    const cleared = workspace;
    try {
      await api.clearHistory(cleared.slug);
      $("log").replaceChildren();
      document.dispatchEvent(new Event("chat-cleared"));
    } catch (error) {
      complain(error);
    }
  });
}
