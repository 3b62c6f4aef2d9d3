// A page whose API is its own service worker.

import { register } from "/haversack/src/service-worker.js";

const parrot = {
  async *complete({ messages }) {
    for (const word of `You said: ${messages.at(-1).content}`.split(/(?<= )/)) {
      await new Promise((resolve) => setTimeout(resolve, 20));
      yield word;
    }
  },
};
const worker = new URLSearchParams(location.search);
await register(`/pages/sw.js?${worker}`, { scope: "/", llm: worker.has("host") ? parrot : undefined });
document.getElementById("state").textContent = "ready";
