// Starts the page: the key, the workspaces, and what shows where.

import * as api from "./api.js";
import { openChat, showEmpty, startChat, stop } from "./chat.js";
import { openDocuments, startDocuments } from "./documents.js";
import { $, complain, confirmLoss, el } from "./dom.js";

const LAST = "haversack.workspace";

let all = [];
let current = null;
let documents = 0;

/** A key in the fragment never reaches the server's log; it leaves the address bar at once. */
function takeKeyFromAddress() {
  const token = new URLSearchParams(location.hash.slice(1)).get("token");
  if (token === null) return false;
  api.key.set(token);
  history.replaceState(null, "", location.pathname);
  return true;
}

function showDoor(message = "") {
  stop();
  $("app").hidden = true;
  $("door").hidden = false;
  $("key-error").textContent = message;
  $("key").focus();
}

async function enter() {
  if (!api.key.get()) return showDoor();
  try {
    await api.checkKey();
  } catch (error) {
    api.key.forget();
    return showDoor(error.status === 403 ? "The server does not know this key." : error.message);
  }
  $("door").hidden = true;
  $("app").hidden = false;
  await listWorkspaces();
  if (!all.length) await create("My documents");
  else await open(all.find((workspace) => workspace.slug === localStorage.getItem(LAST)) ?? all[0]);
}

async function listWorkspaces() {
  all = await api.workspaces();
  $("workspaces").replaceChildren(...all.map((workspace) => el("li", {},
    el("button", {
      type: "button",
      "aria-current": workspace.slug === current?.slug ? "true" : null,
      onclick: () => open(workspace).then(closeMenu),
    }, workspace.name))));
}

async function open(workspace) {
  current = workspace;
  localStorage.setItem(LAST, workspace.slug);
  $("bar-title").textContent = workspace.name;
  for (const button of $("workspaces").querySelectorAll("button")) {
    const chosen = all[[...$("workspaces").children].indexOf(button.parentElement)]?.slug === workspace.slug;
    if (chosen) button.setAttribute("aria-current", "true");
    else button.removeAttribute("aria-current");
  }
  try {
    documents = await openDocuments(workspace);
    await openChat(workspace, documents);
    if (matchMedia("(hover: hover)").matches) $("question").focus({ preventScroll: true });
  } catch (error) {
    failed(error);
  }
}

async function create(name) {
  try {
    const workspace = await api.createWorkspace(name);
    current = workspace;
    await listWorkspaces();
    await open(workspace);
  } catch (error) {
    failed(error);
  }
}

/** A key that was revoked leads back to the door; anything else is only told. */
function failed(error) {
  if (error.status === 401 || error.status === 403) {
    api.key.forget();
    showDoor("The key is no longer valid.");
  } else {
    complain(error);
  }
}

function openMenu() {
  $("side").classList.add("open");
  $("shade").hidden = false;
  $("main").inert = true;
  $("menu").setAttribute("aria-expanded", "true");
  $("side").querySelector("button, input")?.focus();
}

function closeMenu() {
  $("side").classList.remove("open");
  $("shade").hidden = true;
  $("main").inert = false;
  $("menu").setAttribute("aria-expanded", "false");
}

/** On a phone what concerns the workspace is in the menu. */
function placeActions(phone) {
  if (phone.matches) $("side").querySelector("footer").prepend($("actions"));
  else $("head").append($("actions"));
}

function start() {
  const phone = matchMedia("(max-width: 50rem)");
  phone.addEventListener("change", placeActions);
  placeActions(phone);
  startChat();
  startDocuments((count) => {
    documents = count;
    showEmpty(count);
  });
  document.addEventListener("chat-cleared", () => showEmpty(documents));
  $("door-form").addEventListener("submit", (event) => {
    event.preventDefault();
    api.key.set($("key").value);
    $("key").value = "";
    enter().catch(failed);
  });
  $("new-workspace").addEventListener("submit", (event) => {
    event.preventDefault();
    const name = $("new-workspace-name").value.trim();
    if (!name) return $("new-workspace-name").focus();
    $("new-workspace-name").value = "";
    create(name).then(closeMenu);
  });
  $("delete-workspace").addEventListener("click", async () => {
    const gone = current;
    if (!gone || !(await confirmLoss(`Delete ${gone.name} with its conversation? Its files stay on the server.`, "Delete"))) return;
    try {
      await api.deleteWorkspace(gone.slug);
      await enter();
    } catch (error) {
      failed(error);
    }
  });
  $("leave").addEventListener("click", () => {
    api.key.forget();
    showDoor();
  });
  $("menu").addEventListener("click", () => ($("side").classList.contains("open") ? closeMenu() : openMenu()));
  $("shade").addEventListener("click", closeMenu);
  addEventListener("keydown", (event) => event.key === "Escape" && closeMenu());
  addEventListener("hashchange", () => takeKeyFromAddress() && enter().catch(failed));
  takeKeyFromAddress();
  enter().catch(failed);
}

start();
