// Talking to the server: history, reset, and a question whose answer comes in events.

/** Why there is no answer. `kind` names the words that tell the visitor. */
class Trouble extends Error {
  constructor(kind, detail = "", seconds = 0) {
    super(detail || kind);
    this.kind = kind;
    this.seconds = seconds;
  }
}

/** Splits a stream of server-sent events into the objects that they carry. */
function eventReader() {
  let rest = "";
  let last = "";
  return (piece) => {
    // A long event comes in many pieces: only what is new, and the few characters before it, are searched for its end.
    const found = /\r?\n\r?\n/.test(last + piece);
    rest += piece;
    last = (last + piece).slice(-3);
    if (!found) return [];
    const frames = rest.split(/\r?\n\r?\n/);
    rest = frames.pop();
    return frames.flatMap((frame) => {
      const data = frame.split(/\r?\n/).filter((line) => line.startsWith("data:")).map((line) => line.slice(5));
      try {
        return data.length ? [JSON.parse(data.join("\n"))] : [];
      } catch {
        return [];
      }
    });
  };
}

/** The trouble that a status tells of. */
function troubleOf(status, detail, retryAfter) {
  const seconds = Number.parseInt(retryAfter, 10) || 0;
  if (status === 401 || status === 403) return new Trouble("refused", detail);
  if (status === 404) return new Trouble("gone", detail);
  if (status === 413) return new Trouble("long", detail);
  if (status === 429) return new Trouble("quota", detail, seconds);
  // A server at its limit says when to come back; a chat that was switched off does not.
  if (status === 503) return new Trouble(seconds ? "busy" : "off", detail, seconds);
  return new Trouble("failed", detail);
}

/** Both parts of an answer: what a model thought (`<think>…</think>` at its start), and what it says. */
function thoughtsOf(text) {
  const found = /^\s*<think>([\s\S]*?)(<\/think>([\s\S]*))?$/.exec(text);
  if (found) return { thoughts: found[1].trim(), said: (found[3] ?? "").trimStart(), thinking: found[2] === undefined };
  const begun = text.trim() !== "" && "<think>".startsWith(text.trim());
  return { thoughts: "", said: begun ? "" : text, thinking: begun };
}

class Talk {
  constructor({ api, embedId, overrides }, session) {
    this.api = api;
    this.at = `${api}/${encodeURIComponent(embedId)}`;
    this.session = session;
    this.overrides = overrides;
  }

  /** What was said in this session: `{role, content}`, oldest first. */
  async history() {
    const { history } = await (await this.#send(`/${this.session}`)).json();
    return Array.isArray(history) ? history : [];
  }

  /** Takes the conversation out of the assistant's memory. */
  async reset() {
    await this.#send(`/${this.session}`, { method: "DELETE" });
  }

  /** Asks; calls `say` with each piece of the answer. */
  async ask(message, say, signal) {
    // A string goes as text/plain, which needs no preflight.
    const body = JSON.stringify({ sessionId: this.session, message, ...this.overrides });
    const response = await this.#send("/stream-chat", { method: "POST", body, signal });
    const reader = response.body.getReader();
    const decoder = new TextDecoder();
    const events = eventReader();
    for (;;) {
      const { done, value } = await reader.read().catch((error) => {
        throw error.name === "AbortError" ? error : new Trouble("broken", error.message);
      });
      if (done) throw new Trouble("broken");
      for (const event of events(decoder.decode(value, { stream: true }))) {
        if (event.type === "abort") throw new Trouble("failed", event.error);
        if (typeof event.textResponse === "string") say(event.textResponse);
        if (event.close) return void reader.cancel().catch(() => {});
      }
    }
  }

  async #send(path, options) {
    let response;
    try {
      // The referrer names the origin where the browser sends no `Origin`: on the server's own pages.
      response = await fetch(this.at + path, { credentials: "omit", referrerPolicy: "strict-origin", ...options });
    } catch (error) {
      throw error.name === "AbortError" ? error : new Trouble(await this.#unreachable(), error.message);
    }
    if (response.ok) return response;
    const detail = await response.text().catch(() => "");
    throw troubleOf(response.status, detail, response.headers.get("retry-after"));
  }

  /** A browser hides the answer of a server that refuses this page. Is there one at all? */
  async #unreachable() {
    const ping = this.api.replace(/\/embed$/i, "/ping");
    const found = ping !== this.api && (await fetch(ping, { credentials: "omit" }).then((r) => r.ok, () => false));
    return found ? "refused" : "offline";
  }
}
