// Building elements, and telling the person what happens. Text only ever becomes text nodes.

export const $ = (id) => document.getElementById(id);

/** An element: `el("p", { class: "note", onclick: f }, "text", child)`. Empty children are left out. */
export function el(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== ""));
  return element;
}

const SHAPES = {
  file: "M7 3.5h7l4 4V20a.5.5 0 0 1-.5.5h-10A.5.5 0 0 1 7 20zM14 3.5V8h4",
  remove: "M7 7l10 10M17 7L7 17",
};

/** A drawn icon; it is decoration, so whatever it sits in needs a name. */
export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", SHAPES[name]);
  svg.append(path);
  return svg;
}

/** Tells a screen reader. */
export function announce(text) {
  $("status").textContent = text;
}

/** Shows what went wrong, for long enough to read it. */
export function complain(error) {
  const note = el("p", {}, error?.message ?? String(error));
  $("toasts").append(note);
  setTimeout(() => note.remove(), 8000);
}

/** Asks before something is lost. */
export function confirmLoss(question, action) {
  const dialog = $("confirm");
  $("confirm-text").textContent = question;
  $("confirm-yes").textContent = action;
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
  });
}
