// Who has a store open, over all tabs, by Web Locks: whoever comes when nobody has may sweep what a crash left.

/**
 * Runs `upkeep(alone)`, and counts as somebody who has the store open until the function it gives is called.
 * @param {string | undefined} name of the store; without one it belongs to nobody else
 */
export async function attend(name, upkeep) {
  const locks = globalThis.navigator?.locks;
  if (name === undefined || !locks) {
    await upkeep(name === undefined);
    return () => {};
  }
  const open = `haversack:${name}:open`;
  // One at a time, so that nobody slips in between being alone and being counted.
  return locks.request(`haversack:${name}:upkeep`, async () => {
    await locks.request(open, { ifAvailable: true }, (lock) => upkeep(lock !== null));
    return stay(locks, open);
  });
}

/** Shares a lock until the function it resolves to is called. */
function stay(locks, name) {
  return new Promise((resolve, reject) => {
    const staying = () => new Promise((leave) => resolve(leave));
    locks.request(name, { mode: "shared" }, staying).catch(reject);
  });
}
