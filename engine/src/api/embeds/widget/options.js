// What the tag says, checked: a value that makes no sense counts as absent.

const POSITIONS = ["bottom-right", "bottom-left", "top-right", "top-left"];
/** Attributes that colour the widget, and the CSS variables that they stand for: background, text on it. */
const COLORS = {
  buttonColor: ["accent", "on-accent"],
  userBgColor: ["user-background", "user-text"],
  assistantBgColor: ["assistant-background", "assistant-text"],
  topHeaderBgColor: ["header-background", "header-text"],
};

/** `data` is a `dataset`: of the element, or of the script tag that made it. */
function readOptions(data, base) {
  const text = (value) => value?.trim() || null;
  const number = (value) => (text(value) && Number.isFinite(Number(value)) ? Number(value) : null);
  const set = (value) => value !== undefined && !["off", "false", "0"].includes(value.trim().toLowerCase());
  const temperature = number(data.temperature);
  const [words, language] = wordsFor(data.language);
  return {
    embedId: text(data.embedId),
    api: webAddress(data.baseApiUrl, base)?.replace(/\/+$/, "") ?? null,
    overrides: {
      ...(text(data.prompt) && { prompt: data.prompt }),
      ...(text(data.model) && { model: data.model.trim() }),
      ...(temperature !== null && temperature >= 0 && { temperature }),
      ...(text(data.username) && { username: data.username.trim() }),
    },
    words: {
      ...words,
      ...(text(data.assistantName) && { name: data.assistantName.trim() }),
      ...(text(data.greeting) && { greeting: data.greeting.trim() }),
      ...(text(data.sendMessageText) && { message: data.sendMessageText.trim() }),
      ...(text(data.resetChatText) && { reset: data.resetChatText.trim() }),
    },
    language,
    suggestions: (data.defaultMessages ?? "").split(",").map((s) => s.trim()).filter(Boolean).slice(0, 8),
    position: POSITIONS.includes(data.position) ? data.position : POSITIONS[0],
    theme: ["light", "dark"].includes(data.theme) ? data.theme : "auto",
    icon: text(data.chatIcon),
    brandImage: webAddress(data.brandImageUrl, base),
    assistantImage: webAddress(data.assistantIcon, base),
    header: !(data.noHeader !== undefined && set(data.noHeader)),
    thoughts: data.showThoughts !== undefined && set(data.showThoughts),
    openOnLoad: data.openOnLoad === "on",
    email: /^[^\s@?&]+@[^\s@?&]+$/.test(text(data.supportEmail) ?? "") ? data.supportEmail.trim() : null,
    sponsor: data.noSponsor === undefined && text(data.sponsorText)
      ? { text: data.sponsorText.trim(), link: webAddress(data.sponsorLink, base) } : null,
    variables: readVariables(data),
  };
}

/** The CSS variables that the tag asks for, without their prefix. */
function readVariables(data) {
  const variables = {};
  for (const [attribute, [background, ink]] of Object.entries(COLORS)) {
    const color = data[attribute]?.trim() ?? "";
    if (!/^#([\da-f]{3}|[\da-f]{6})$/i.test(color)) continue;
    variables[background] = color;
    variables[ink] = inkOn(color);
  }
  for (const [attribute, name] of [["windowHeight", "height"], ["windowWidth", "width"]]) {
    const length = data[attribute]?.trim() ?? "";
    if (/^\d+(\.\d+)?(px|%|rem|em|vh|vw|dvh)$/.test(length)) variables[name] = length;
  }
  const size = Number.parseFloat(data.textSize);
  if (size >= 8 && size <= 40) variables["font-size"] = `${size}px`;
  return variables;
}

/** Black or white, whichever is easier to read on a hex colour (WCAG 2 contrast). */
function inkOn(color) {
  const hex = color.length === 4 ? color.replace(/[\da-f]/gi, "$&$&") : color;
  const [r, g, b] = [1, 3, 5].map((at) => {
    const part = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b > 0.179 ? "#000000" : "#ffffff";
}

/** An absolute http(s) address, or null. */
function webAddress(value, base) {
  if (!value?.trim()) return null;
  try {
    const url = new URL(value.trim(), base);
    return ["http:", "https:"].includes(url.protocol) ? url.href : null;
  } catch {
    return null;
  }
}
