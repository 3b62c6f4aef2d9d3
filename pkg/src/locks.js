// What tabs have to agree on, by Web Locks: who does something that only one may do, and who has a store open. Whoever
// comes when nobody has may sweep what a crash left.

let last = Promise.resolve();

/** Runs `work` while nobody else runs any under this name: in no tab, or, where there are no locks, not in this thread. */
export async function oneAtATime(name, work) {
  let began = false;
  const begin = () => {
    began = true;
    return work();
  };
  try {
    const { locks } = globalThis.navigator ?? {};
    if (locks) return await locks.request(name, begin);
  } catch (error) {
    // A page without an origin of its own may have none.
    if (began || error.name !== "SecurityError") throw error;
  }
  const turn = last.then(begin);
  last = turn.catch(() => {});
  return turn;
}

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
