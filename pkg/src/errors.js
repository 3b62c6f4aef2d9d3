// What goes wrong, for people and for programs.

/** An error in Haversack's words. `status` is that of the API's answer, `kind` that of a failure before one. */
export class HaversackError extends Error {
  /**
   * @param {string} message
   * @param {{ status?: number, kind?: string, cause?: unknown }} [more]
   */
  constructor(message, { status = 0, kind = "failed", cause } = {}) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = "HaversackError";
    this.status = status;
    this.kind = kind;
  }

  /** Whatever was thrown, as one of these. */
  static of(error) {
    if (error instanceof HaversackError || error?.name === "AbortError") return error;
    return new HaversackError(error?.message ?? String(error), { kind: error?.kind, cause: error });
  }
}

/** The error of an API answer; the API has several places for it. */
export async function answered(response) {
  const text = await response.text();
  let body = text;
  try {
    body = JSON.parse(text);
  } catch {
    // Plain text it is.
  }
  const said = body?.error || body?.message || (typeof body === "string" && body.length < 300 ? body : "");
  return new HaversackError(said || `the API answered ${response.status}`, { status: response.status, kind: body?.code });
}

/** As messages between threads carry it. */
export function packed(error) {
  const { name, message, kind, status } = error ?? {};
  return { name, message: message ?? String(error), kind, status };
}

/** Out of a message again. */
export function unpacked({ name, message, kind, status }) {
  if (name === "AbortError") return new DOMException(message, "AbortError");
  return new HaversackError(message, { kind, status });
}
