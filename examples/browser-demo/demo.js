// A page that answers from documentation, in the visitor's tab: the bundle beside it, and whatever is dropped on it.

import { Haversack } from "../../pkg/src/worker.js";
import { rendered } from "./markdown.js";

const WORKSPACE = "documentation";
const EXAMPLES = ["How are API keys stored?", "What does a bundle hold?", "How do I put the chat widget on a page?"];
const $ = (id) => document.getElementById(id);
const status = (text) => ($("status").textContent = text);

/** An element with text in it. */
function element(name, ...children) {
  const made = document.createElement(name);
  made.append(...children);
  return made;
}

/** With the bundle, if the site has one; else with nothing in it yet. */
async function open() {
  const bundle = await fetch("docs.hvs");
  if (!bundle.ok) return { haversack: await Haversack.open({ store: "memory" }), workspace: WORKSPACE };
  const haversack = await Haversack.open({ bundle: await bundle.blob() });
  const [{ slug }] = await haversack.workspaces();
  return { haversack, workspace: slug };
}

status("Opening the documentation …");
const { haversack, workspace } = await open().catch((error) => {
  status(error.message);
  throw error;
});
await haversack.workspace(workspace);
await listDocuments();
for (const field of [$("question"), $("send")]) field.disabled = false;
status("");
$("examples").append(...EXAMPLES.map((question) => {
  const button = element("button", question);
  button.type = "button";
  button.onclick = () => ask(question);
  return element("li", button);
}));

async function listDocuments() {
  const response = await haversack.fetch(`/api/v1/workspace/${workspace}`);
  const [{ documents = [] }] = (await response.json()).workspace;
  const titles = documents.map(({ metadata }) => JSON.parse(metadata).title);
  $("documents").replaceChildren(...titles.sort().map((title) => element("li", title)));
}

let asking = new AbortController();

async function ask(question) {
  asking.abort();
  asking = new AbortController();
  const { signal } = asking;
  $("question").value = question;
  $("sources").replaceChildren();
  $("answer").hidden = false;
  $("answer").textContent = "…";
  let text = "";
  try {
    for await (const event of haversack.chat(workspace, question, { mode: "query", signal })) {
      if (event.type === "token") $("answer").replaceChildren(...rendered(text += event.text).filter(isAnswer));
      if (event.type === "sources") $("sources").replaceChildren(...event.sources.map((source, i) => shown(source, question, i === 0)));
    }
  } catch (error) {
    if (error.name !== "AbortError") $("answer").textContent = error.message;
  }
}

/** What is said without a model about how to set one, and the list of sources, have their own places on this page. */
const isAnswer = ({ textContent }) => !/^(No language model is configured|_No language|Sources: )/.test(textContent);

/** A source with the words of the question marked. */
function shown({ title, text, score }, question, isOpen) {
  const passage = text.replace(/^<document_metadata>[\s\S]*?<\/document_metadata>\s*/, "");
  const summary = element("summary", title, element("span", score ? `${Math.round(score * 100)} %` : ""));
  const details = element("details", summary, element("p", ...marked(passage, question)));
  details.open = isOpen;
  return element("li", details);
}

function marked(text, question) {
  const words = question.toLowerCase().match(/[\p{L}\p{N}]{4,}/gu) ?? [];
  const stems = words.map((word) => word.slice(0, Math.max(4, word.length - 2)));
  if (stems.length === 0) return [text];
  const parts = text.split(new RegExp(`((?:${stems.join("|")})[\\p{L}\\p{N}]*)`, "giu"));
  return parts.map((part, i) => (i % 2 ? element("mark", part) : part));
}

async function add(files) {
  for (const file of files) {
    try {
      await haversack.add(file, { workspace, onProgress: ({ stage }) => status(`${file.name}: ${stage} …`) });
      status(`${file.name} is part of it now.`);
    } catch (error) {
      status(error.message);
    }
    await listDocuments();
  }
}

$("form").onsubmit = (event) => {
  event.preventDefault();
  const question = $("question").value.trim();
  if (question) ask(question);
};
$("files").onchange = ({ target }) => add([...target.files]);
addEventListener("dragover", (event) => {
  event.preventDefault();
  $("drop").classList.add("over");
});
addEventListener("dragleave", () => $("drop").classList.remove("over"));
addEventListener("drop", (event) => {
  event.preventDefault();
  $("drop").classList.remove("over");
  add([...event.dataTransfer.files]);
});
