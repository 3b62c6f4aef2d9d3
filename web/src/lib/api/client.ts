// Calls to the API: one place for addresses, the key, and what errors become.

import { t } from "../strings";
import { EventDecoder } from "./sse";

/** What went wrong with a call. `status` is 0 if the server was not reached, or broke off. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly code: string | null = null,
  ) {
    super(message);
    this.name = "ApiError";
  }
}

/** Whether a call was stopped on purpose. */
export const isAbort = (error: unknown): boolean => error instanceof DOMException && error.name === "AbortError";

/** What to show of whatever was thrown. */
export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Who is asked, and with which key. */
export const connection: { key: string; onRefused: (() => void) | null } = { key: "", onRefused: null };

export type Method = "GET" | "POST" | "DELETE";

export interface CallOptions {
  body?: unknown;
  query?: Record<string, string | number | undefined>;
  signal?: AbortSignal;
}

/** The address of a path below `/api`, wherever the app itself was put. */
export function address(path: string, query: CallOptions["query"] = {}): string {
  const base = typeof document === "undefined" ? "http://localhost/" : document.baseURI;
  const url = new URL(`api${path}`, base);
  url.hash = "";
  for (const [name, value] of Object.entries(query)) if (value !== undefined) url.searchParams.set(name, String(value));
  return url.href;
}

/** Calls the API; the answer as JSON, or as text where it is none. */
export async function call<T>(method: Method, path: string, options: CallOptions = {}): Promise<T> {
  const response = await send(method, path, options);
  const text = await response.text().catch(() => {
    throw new ApiError(0, t.errors.brokeOff);
  });
  return parsed(text) as T;
}

/** The answer's bytes, for a download. */
export async function download(path: string, options: CallOptions = {}): Promise<Blob> {
  return (await send("GET", path, options)).blob();
}

/** The events of a streamed answer. */
export async function* stream<T>(path: string, body: unknown, signal: AbortSignal): AsyncGenerator<T> {
  const response = await send("POST", path, { body, signal });
  if (!response.body || !(response.headers.get("content-type") ?? "").includes("text/event-stream")) {
    yield parsed(await response.text()) as T;
    return;
  }
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  const decoder = new EventDecoder();
  try {
    for (;;) {
      const piece = await reader.read().catch((error: unknown) => {
        throw isAbort(error) ? error : new ApiError(0, t.errors.brokeOff);
      });
      if (piece.done) return;
      for (const data of decoder.push(piece.value)) yield JSON.parse(data) as T;
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}

/** Sends a form with a file in it. `progress` is told the fraction that has been sent. */
export function upload<T>(path: string, form: FormData, progress: (fraction: number) => void, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", address(path));
    if (connection.key) request.setRequestHeader("authorization", `Bearer ${connection.key}`);
    // The text of a book need not come back.
    request.setRequestHeader("prefer", "return=minimal");
    request.upload.addEventListener("progress", (event) => {
      if (event.lengthComputable && event.total > 0) progress(event.loaded / event.total);
    });
    request.addEventListener("error", () => reject(new ApiError(0, t.errors.unreachable)));
    request.addEventListener("abort", () => reject(new DOMException("stopped", "AbortError")));
    request.addEventListener("load", () => {
      if (request.status >= 400) reject(refused(request.status, request.responseText));
      else resolve(parsed(request.responseText) as T);
    });
    signal.addEventListener("abort", () => request.abort());
    if (signal.aborted) request.abort();
    else request.send(form);
  });
}

async function send(method: Method, path: string, { body, query, signal }: CallOptions): Promise<Response> {
  const headers: Record<string, string> = {};
  if (connection.key) headers["authorization"] = `Bearer ${connection.key}`;
  const raw = body instanceof FormData || body instanceof Blob;
  if (body instanceof Blob) headers["content-type"] = "application/octet-stream";
  else if (body !== undefined && !raw) headers["content-type"] = "application/json";
  const init: RequestInit = { method, headers };
  if (signal) init.signal = signal;
  if (body !== undefined) init.body = raw ? body : JSON.stringify(body);
  const response = await fetch(address(path, query), init).catch((error: unknown) => {
    throw isAbort(error) ? error : new ApiError(0, t.errors.unreachable);
  });
  if (!response.ok) throw refused(response.status, await response.text().catch(() => ""));
  return response;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** The API says what is wrong in one of several places, and a proxy before it may say it in HTML. */
function refused(status: number, text: string): ApiError {
  const body = parsed(text);
  let said = "";
  let code: string | null = null;
  if (typeof body === "object" && body !== null) {
    const found = body as Record<string, unknown>;
    for (const name of ["error", "message"]) if (!said && typeof found[name] === "string") said = found[name];
    if (typeof found["code"] === "string") code = found["code"];
  } else if (text.length < 300 && !text.includes("<")) {
    said = text;
  }
  if ((status === 401 || status === 403) && (code === "invalid_api_key" || code === "invalid_token")) connection.onRefused?.();
  return new ApiError(status, said || t.errors.status(status), code);
}
