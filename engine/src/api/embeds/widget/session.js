// Which conversation is this visitor's: a random id that stays in the browser.

const UUID = /^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/i;

/** The id kept for an embed, or a new one. Where nothing may be kept it lasts as long as the page. */
function sessionId(embedId, storage) {
  const name = `haversack-chat:${embedId}`;
  try {
    const known = storage().getItem(name);
    if (UUID.test(known ?? "")) return known;
  } catch {
    // Storage is blocked.
  }
  const fresh = uuid4();
  try {
    storage().setItem(name, fresh);
  } catch {
    // Full, or blocked.
  }
  return fresh;
}

/** `crypto.randomUUID` is missing on pages without https. */
function uuid4() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}
