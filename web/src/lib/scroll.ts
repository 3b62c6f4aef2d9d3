// Scrolling one box and nothing around it. `scrollIntoView` scrolls every box up to the window, which shifts the page.

/** The box around `node` that scrolls up and down. */
export function scroller(node: Element): Element | null {
  for (let box = node.parentElement; box; box = box.parentElement) {
    if (/auto|scroll/.test(getComputedStyle(box).overflowY)) return box;
  }
  return null;
}

/** Scrolls the box around `node` so that it stands at the top, or in the middle, of what is seen. */
export function reveal(node: Element, where: "start" | "center"): void {
  const box = scroller(node);
  if (!box) return;
  const { top, height } = node.getBoundingClientRect();
  const view = box.getBoundingClientRect();
  const margin = parseFloat(getComputedStyle(node).scrollMarginTop) || 0;
  // What is taller than the box begins at its top.
  const space = where === "start" ? margin : Math.max(margin, (box.clientHeight - height) / 2);
  box.scrollTop += top - view.top - box.clientTop - space;
}
