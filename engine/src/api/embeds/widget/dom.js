// Building elements. Text only ever becomes text nodes.

/** An element: `el("p", { class: "note", onclick: f }, "text", child)`. Empty children are left out. */
function el(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (typeof value === "function") element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

/** A tree of `markdown` as nodes. */
function build(tree) {
  return tree.map((node) => (typeof node === "string" ? node : el(node[0], node[1], ...build(node.slice(2)))));
}

const SHAPES = {
  chatBubble: "M5.5 4.5h13a3 3 0 0 1 3 3v6.5a3 3 0 0 1-3 3H12l-4.6 3.6v-3.6H5.5a3 3 0 0 1-3-3V7.5a3 3 0 0 1 3-3zM8 10.8h.01M12 10.8h.01M16 10.8h.01",
  plus: "M12 5v14M5 12h14",
  support: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM9.5 9.6a2.5 2.5 0 1 1 3.7 2.2c-.8.4-1.2.9-1.2 1.7M12 16.6h.01",
  search: "M10.5 17a6.5 6.5 0 1 0 0-13 6.5 6.5 0 0 0 0 13zM15.3 15.3 20 20",
  magic: "M11 3.5l2 5.5 5.5 2-5.5 2-2 5.5-2-5.5L3.5 11 9 9zM18.5 16v4.5M16.25 18.25h4.5",
  close: "M6 6l12 12M18 6 6 18",
  reset: "M4 4.5v5h5M4.6 9.5A8 8 0 1 1 4 13.5",
  mail: "M4.5 5.5h15a1.5 1.5 0 0 1 1.5 1.5v10a1.5 1.5 0 0 1-1.5 1.5h-15A1.5 1.5 0 0 1 3 17V7a1.5 1.5 0 0 1 1.5-1.5zM3.5 7l8.5 6 8.5-6",
  send: "M12 19V5.5M6 11.5l6-6 6 6",
  stop: "M8 8h8v8H8z",
};
SHAPES.search2 = SHAPES.search;

/** A drawn icon. It is decoration: what it sits in has a name. */
function icon(name) {
  const make = (tag, attributes) => {
    const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
    return node;
  };
  const svg = make("svg", { viewBox: "0 0 24 24", "aria-hidden": "true" });
  svg.append(make("path", { d: Object.hasOwn(SHAPES, name) ? SHAPES[name] : SHAPES.chatBubble }));
  return svg;
}
