// Where a menu goes beside its button.

export interface Box {
  left: number;
  right: number;
  top: number;
  bottom: number;
}

export interface Size {
  width: number;
  height: number;
}

/** Space that stays free at the edges of the window. */
export const EDGE = 8;
/** Space between a button and its menu. */
const GAP = 4;

/**
 * The corner of a menu of this size. It stands below its button, or above where there is more room or `up` asks for it,
 * and lies over the button rather than leave the window. It is flush with the end of the button, or with its start where
 * that leaves the window.
 */
export function placed(button: Box, menu: Size, window: Size, up = false): { left: number; top: number } {
  const width = Math.min(menu.width, window.width - 2 * EDGE);
  const height = Math.min(menu.height, window.height - 2 * EDGE);
  const below = window.height - EDGE - button.bottom - GAP;
  const above = button.top - GAP - EDGE;
  const fits = { below: height <= below, above: height <= above };
  const over = fits[up ? "above" : "below"] ? up : fits[up ? "below" : "above"] ? !up : above > below;
  const top = over ? button.top - GAP - height : button.bottom + GAP;
  const left = button.right - width < EDGE ? button.left : button.right - width;
  const within = (at: number, size: number, room: number) => Math.max(EDGE, Math.min(at, room - size - EDGE));
  return { left: within(left, width, window.width), top: within(top, height, window.height) };
}
