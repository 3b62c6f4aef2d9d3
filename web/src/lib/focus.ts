/** Gives an element the focus once the dialog around it is open. */
export function focusSoon(node: HTMLElement): void {
  setTimeout(() => node.focus());
}

/**
 * Gives the field that has the focus its caret back. Chromium does not, where a dialog goes out of the page in the moment
 * that it closes: what is typed then goes nowhere.
 */
export function caretBack(): void {
  requestAnimationFrame(() => {
    const field = document.activeElement;
    if (!(field instanceof HTMLTextAreaElement || field instanceof HTMLInputElement)) return;
    field.blur();
    field.focus({ preventScroll: true });
  });
}
