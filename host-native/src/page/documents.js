// The documents of a workspace: dropping, uploading, removing.

import * as api from "./api.js";
import { $, announce, complain, confirmLoss, el, icon } from "./dom.js";

/** Uploads at once; the server reads them one after another anyway. */
const PARALLEL = 2;

let workspace = null;
let changed = () => {};
const queue = [];
let running = 0;

/** Shows the documents of a workspace; how many there are. */
export async function openDocuments(next) {
  workspace = next;
  $("documents-section").hidden = false;
  $("veil-name").textContent = next.name;
  return refresh();
}

async function refresh() {
  const shown = workspace;
  const rows = await api.documents(shown.slug);
  if (shown !== workspace) return 0;
  $("documents-count").textContent = rows.length ? String(rows.length) : "";
  $("documents").replaceChildren(...rows.reverse().map((row) => documentItem(shown, row)));
  return rows.length;
}

function documentItem(shown, row) {
  let about = {};
  try {
    about = JSON.parse(row.metadata);
  } catch {
    // Its file name will do.
  }
  const name = about.title || row.filename;
  const words = Number(about.wordCount);
  const remove = async () => {
    if (!(await confirmLoss(`Take “${name}” out of ${shown.name}?`, "Remove"))) return;
    try {
      await api.removeDocument(shown.slug, row.docpath);
      announce(`${name} was removed.`);
      changed(await refresh());
    } catch (error) {
      complain(error);
    }
  };
  return el("li", {},
    icon("file"),
    el("span", { title: name }, el("span", { class: "name" }, name),
      words ? el("small", {}, `${words.toLocaleString()} words`) : null),
    el("button", { type: "button", class: "icon", "aria-label": `Remove ${name}`, onclick: remove }, icon("remove")));
}

/** Queues files for the workspace that is open. */
export function addFiles(files) {
  if (!workspace) return;
  for (const file of files) {
    const bar = el("progress", { max: 1, value: 0, "aria-label": `Upload of ${file.name}` });
    const state = el("span", { class: "state" }, "waiting");
    const item = el("li", {},
      el("div", { class: "row" }, el("span", { class: "name", title: file.name }, file.name), state), bar);
    $("uploads").append(item);
    queue.push({ file, workspace, item, bar, state });
  }
  pump();
}

function pump() {
  while (running < PARALLEL && queue.length) {
    running += 1;
    send(queue.shift()).finally(() => {
      running -= 1;
      pump();
    });
  }
}

async function send({ file, workspace: target, item, bar, state }) {
  try {
    await api.upload(file, target.slug, (fraction) => {
      if (fraction < 1) {
        bar.value = fraction;
        state.textContent = `${Math.round(fraction * 100)} %`;
      } else {
        bar.removeAttribute("value");
        state.textContent = "reading …";
      }
    });
    item.remove();
    announce(`${file.name} was added.`);
    if (workspace === target) changed(await refresh());
  } catch (error) {
    item.classList.add("failed");
    bar.remove();
    state.textContent = error.message;
    state.after(el("button", { type: "button", class: "plain", onclick: () => item.remove() }, "Dismiss"));
    announce(`${file.name} could not be added: ${error.message}`);
  }
}

/** Wires the drop zone, which is the whole page. `onChange(count)` is told when documents come or go. */
export function startDocuments(onChange) {
  changed = onChange;
  $("files").addEventListener("change", (event) => {
    addFiles(event.target.files);
    event.target.value = "";
  });
  let depth = 0;
  const hasFiles = (event) => workspace && event.dataTransfer?.types.includes("Files");
  const veil = (entering) => {
    depth = Math.max(0, depth + (entering ? 1 : -1));
    $("veil").hidden = depth === 0;
  };
  addEventListener("dragenter", (event) => hasFiles(event) && veil(true));
  addEventListener("dragleave", (event) => hasFiles(event) && veil(false));
  addEventListener("dragover", (event) => event.preventDefault());
  addEventListener("drop", (event) => {
    event.preventDefault();
    depth = 0;
    $("veil").hidden = true;
    if (hasFiles(event)) addFiles(event.dataTransfer.files);
  });
}
