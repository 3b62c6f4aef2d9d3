// A small application: files in, questions out. `?engine=page` keeps the engine in the page, `?name=` names the store.

const query = new URLSearchParams(location.search);
const entry = query.get("engine") === "page" ? "index" : "worker";
const { Haversack } = await import(`/haversack/src/${entry}.js`);
const $ = (id) => document.getElementById(id);

/** What a person would see. */
const state = (text) => ($("state").textContent = text);

window.options = { store: query.get("store") ?? "indexeddb", name: query.get("name") ?? "app" };
try {
  window.haversack = await Haversack.open(window.options);
  state("ready");
} catch (error) {
  state(`cannot open: ${error.message}`);
}

$("files").addEventListener("change", async () => {
  window.stages = [];
  try {
    for (const file of $("files").files) {
      await window.haversack.add(file, {
        workspace: "docs",
        onProgress: ({ stage }) => {
          window.stages.push(stage);
          state(`${file.name}: ${stage}`);
        },
      });
    }
    state("added");
  } catch (error) {
    state(`not added: ${error.message}`);
  }
});

/** Asks, and shows the answer as it comes; how many pieces it had. */
window.ask = async (question) => {
  $("answer").textContent = "";
  let pieces = 0;
  for await (const event of window.haversack.chat("docs", question)) {
    if (event.type === "token") {
      $("answer").textContent += event.text;
      pieces += 1;
    }
    if (event.type === "sources") {
      $("sources").replaceChildren(...event.sources.map((source) => {
        const item = document.createElement("li");
        item.textContent = source.title;
        item.dataset.text = source.text;
        return item;
      }));
    }
  }
  return pieces;
};
