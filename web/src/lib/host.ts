// Where the app is a static site, a service worker of its own answers the API: see `static.mjs`.

interface Package {
  register(address: URL): Promise<unknown>;
}

/** Whether the engine runs in this browser, and there is no server. */
export const inBrowser = typeof document !== "undefined" && document.querySelector('meta[name="haversack-host"]') !== null;

/** Starts that worker, and waits until it answers. Where a server does, there is nothing to wait for. */
export async function startHost(): Promise<void> {
  if (!inBrowser) return;
  const address = new URL("haversack/src/service-worker.js", document.baseURI).href;
  const { register } = (await import(/* @vite-ignore */ address)) as Package;
  await register(new URL("sw.js", document.baseURI));
}
