// Requests and responses of the platform, and the engine's calls and answers.

/** Relative addresses need something to be relative to where there is no page. */
const BASE = globalThis.location?.href ?? "http://haversack.invalid/";

/** Statuses whose responses may have no body, by the Fetch standard. */
const BODILESS = [101, 103, 204, 205, 304];

/**
 * @param {RequestInfo | URL} input
 * @param {RequestInit} [init]
 */
export async function asCall(input, init) {
  const request = new Request(input instanceof Request ? input : new URL(input, BASE), init);
  request.signal.throwIfAborted();
  const url = new URL(request.url);
  const headers = [...request.headers];
  const body = new Uint8Array(await request.arrayBuffer());
  const call = { method: request.method, path: url.pathname, query: url.search.slice(1), headers, body };
  return { call, signal: request.signal };
}

/** @param {import("./engine.js").Answer} answer */
export function asResponse(answer, signal) {
  const { status, headers } = answer;
  if (BODILESS.includes(status)) {
    answer.cancel();
    return new Response(null, { status, headers });
  }
  let stop;
  const body = new ReadableStream({
    start(controller) {
      stop = () => {
        answer.cancel();
        controller.error(signal.reason);
      };
      if (signal?.aborted) stop();
      else signal?.addEventListener("abort", stop);
    },
    async pull(controller) {
      const piece = await answer.next();
      if (signal?.aborted) return;
      if (piece) return controller.enqueue(piece);
      signal?.removeEventListener("abort", stop);
      controller.close();
    },
    cancel() {
      signal?.removeEventListener("abort", stop);
      answer.cancel();
    },
  }, { highWaterMark: 0 });
  return new Response(body, { status, headers });
}

/**
 * `answering`, unless `signal` is aborted before it is there: `leave` is called then, and it rejects with the reason.
 * @template T
 * @param {Promise<T>} answering
 * @param {AbortSignal | undefined} signal
 * @param {() => void} leave
 * @returns {Promise<T>}
 */
export async function unlessAborted(answering, signal, leave) {
  if (!signal) return answering;
  let stop;
  const aborted = new Promise((_, reject) => {
    stop = () => {
      leave();
      reject(signal.reason);
    };
    if (signal.aborted) stop();
    else signal.addEventListener("abort", stop, { once: true });
  });
  try {
    return await Promise.race([answering, aborted]);
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

/**
 * All of a body.
 * @param {import("./engine.js").Answer} answer
 * @returns {Promise<Uint8Array>}
 */
export async function whole(answer) {
  const pieces = [];
  for (let piece; (piece = await answer.next()); ) pieces.push(piece);
  if (pieces.length === 1) return pieces[0];
  return new Uint8Array(await new Blob(pieces).arrayBuffer());
}

/**
 * An answer whose body is at hand.
 * @returns {import("./engine.js").Answer}
 */
export function given(head, body) {
  let left = body.length > 0 ? body : undefined;
  return {
    ...head,
    async next() {
      const piece = left;
      left = undefined;
      return piece;
    },
    cancel() {
      left = undefined;
    },
  };
}
