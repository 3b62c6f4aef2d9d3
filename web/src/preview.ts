// The page inside the live preview of an embed: a website of nobody's, with the script tag on it.

import "./preview.css";

const query = new URLSearchParams(location.search);
const uuid = query.get("embed") ?? "";
const base = new URL("api/embed", document.baseURI).href;

interface Policies {
  createPolicy(name: string, rules: { createScriptURL: (address: string) => string }): { createScriptURL(address: string): unknown };
}
const policies = (window as unknown as { trustedTypes?: Policies }).trustedTypes;

const policy = policies?.createPolicy("haversack", {
  createScriptURL: (address) => {
    if (new URL(address).origin !== location.origin) throw new TypeError("Only this server's own script runs here.");
    return address;
  },
});

if (/^[0-9a-f-]{36}$/i.test(uuid)) {
  const script = document.createElement("script");
  script.dataset["embedId"] = uuid;
  script.dataset["baseApiUrl"] = base;
  for (const [name, value] of query) if (name.startsWith("data-")) script.setAttribute(name, value);
  const address = new URL("api/embed/haversack-chat.js", document.baseURI).href;
  script.src = (policy ? policy.createScriptURL(address) : address) as string;
  document.body.append(script);
}
