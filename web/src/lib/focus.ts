/**
 * Gives an element the focus once the dialog around it is open. Not by `autofocus`: Chromium gives the focus back to the
 * field that had it before, but without a caret, if a dialog with that goes away when it closes.
 */
export function focusSoon(node: HTMLElement): void {
  setTimeout(() => node.focus());
}
