// The AnythingLLM API, as far as this page uses it.

const KEY = "haversack.key";

/** The API key of this tab; it is gone when the tab is closed. */
export const key = {
  get: () => sessionStorage.getItem(KEY) ?? "",
  set: (value) => sessionStorage.setItem(KEY, value.trim()),
  forget: () => sessionStorage.removeItem(KEY),
};

/** What the server says is wrong; `status` is 0 if it cannot be reached. */
export class ApiError extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

const UNREACHABLE = "The server cannot be reached. Is it still running?";

function headers() {
  return { authorization: `Bearer ${key.get()}` };
}

/** The API answers errors in several places, and sometimes as plain text. */
function errorOf(status, text) {
  let body = text;
  try {
    body = JSON.parse(text);
  } catch {
    // Plain text it is.
  }
  const message = body?.error || body?.message || (typeof body === "string" && body.length < 300 ? body : "");
  return new ApiError(status, message || `The server answered ${status}.`);
}

async function send(method, path, body, signal) {
  const options = { method, headers: headers(), signal };
  if (body !== undefined) {
    options.headers["content-type"] = "application/json";
    options.body = JSON.stringify(body);
  }
  let response;
  try {
    response = await fetch(`/api${path}`, options);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ApiError(0, UNREACHABLE);
  }
  if (!response.ok) throw errorOf(response.status, await response.text());
  return response;
}

async function call(method, path, body) {
  const text = await (await send(method, path, body)).text();
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

const at = (slug) => `/v1/workspace/${encodeURIComponent(slug)}`;

export const checkKey = () => call("GET", "/v1/auth");
export const workspaces = async () => (await call("GET", "/v1/workspaces")).workspaces;
export const createWorkspace = async (name) => (await call("POST", "/v1/workspace/new", { name })).workspace;
export const deleteWorkspace = (slug) => call("DELETE", at(slug));
export const documents = async (slug) => (await call("GET", at(slug))).workspace[0]?.documents ?? [];
export const removeDocument = (slug, path) => call("POST", `${at(slug)}/update-embeddings`, { deletes: [path] });
export const history = async (slug) => (await call("GET", `${at(slug)}/chats?limit=200`)).history;
export const clearHistory = (slug) => call("DELETE", `${at(slug)}/chats`);
export const search = (slug, query) => call("POST", `${at(slug)}/vector-search`, { query, topN: 8, scoreThreshold: 0 });

/** The events of a streamed answer, one object each. */
export async function* streamChat(slug, message, mode, signal) {
  const response = await send("POST", `${at(slug)}/stream-chat`, { message, mode }, signal);
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    let piece;
    try {
      piece = await reader.read();
    } catch (error) {
      if (error.name === "AbortError") throw error;
      throw new ApiError(0, "The answer broke off.");
    }
    if (piece.done) return;
    const frames = (rest + piece.value).split("\n\n");
    rest = frames.pop();
    for (const frame of frames) {
      if (frame.startsWith("data:")) yield JSON.parse(frame.slice(5));
    }
  }
}

/** Sends one file into a workspace. `progress(fraction)` while it is sent; 1 means that it is being read. */
export function upload(file, slug, progress) {
  const form = new FormData();
  form.append("addToWorkspaces", slug);
  form.append("file", file, file.name);
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", "/api/v1/document/upload");
    for (const [name, value] of Object.entries(headers())) request.setRequestHeader(name, value);
    request.upload.addEventListener("progress", (event) => {
      if (event.lengthComputable) progress(event.loaded / event.total);
    });
    request.upload.addEventListener("load", () => progress(1));
    request.addEventListener("error", () => reject(new ApiError(0, UNREACHABLE)));
    request.addEventListener("load", () => {
      if (request.status >= 400) return reject(errorOf(request.status, request.responseText));
      const answer = JSON.parse(request.responseText);
      if (answer.success === false) return reject(errorOf(200, request.responseText));
      resolve(answer);
    });
    request.send(form);
  });
}
