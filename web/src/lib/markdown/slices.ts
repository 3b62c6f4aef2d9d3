// Work in slices: after so much of it the page gets a turn, for typing and scrolling.

/** How much is done at once, in characters of Markdown or what takes as long. */
const SLICE = 32_000;

let left = SLICE;
let timer: ReturnType<typeof setTimeout> | null = null;
const queue: { size: number; work: () => void }[] = [];

/** Does `work` now, if there is room in this slice, or in a later one. The order is kept. */
export function inSlices(size: number, work: () => void): void {
  queue.push({ size, work });
  // Another piece of work may ask for this one: it comes after it.
  if (!running) run();
}

let running = false;

function run(): void {
  running = true;
  try {
    for (let next = queue[0]; next && (left === SLICE || next.size <= left); next = queue[0]) {
      queue.shift();
      left = Math.max(0, left - next.size);
      next.work();
    }
  } finally {
    running = false;
    if (left < SLICE) timer ??= setTimeout(refill, 0);
  }
}

function refill(): void {
  timer = null;
  left = SLICE;
  run();
}
