// Turns the script tag that a site owner pasted into the element.

function start(script) {
  if (!customElements.get("haversack-chat")) customElements.define("haversack-chat", HaversackChat);
  if (!script?.dataset.embedId) return;
  const element = document.createElement("haversack-chat");
  Object.assign(element.dataset, script.dataset);
  // Without an address it is the server that this script came from.
  if (!element.dataset.baseApiUrl && script.src) element.dataset.baseApiUrl = new URL("../api/embed", script.src).href;
  const mount = () => document.body.append(element);
  if (document.body) mount();
  else addEventListener("DOMContentLoaded", mount, { once: true });
}

// As a module it does not know its own tag.
start(document.currentScript ?? document.querySelector("script[data-embed-id]"));
