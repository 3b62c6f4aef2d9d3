import assert from "node:assert/strict";
import test from "node:test";
import { parts } from "./parts.mjs";

const { WORDS, inkOn, readOptions, sessionId, uuid4, when, wordsFor } = parts;

const BASE = "https://shop.test/page/";
const read = (data) => readOptions({ embedId: "e", baseApiUrl: "https://s.test/api/embed/", ...data }, BASE);

test("the two attributes that must be there", () => {
  assert.equal(read({}).api, "https://s.test/api/embed");
  assert.equal(read({ baseApiUrl: "/api/embed" }).api, "https://shop.test/api/embed");
  assert.equal(read({ baseApiUrl: "javascript:alert(1)" }).api, null);
  assert.equal(readOptions({}, BASE).embedId, null);
});

test("overrides are sent only when the tag has them", () => {
  assert.deepEqual(read({}).overrides, {});
  assert.deepEqual(read({ prompt: " ", temperature: "warm", model: "" }).overrides, {});
  assert.deepEqual(read({ prompt: "Be brief.", temperature: "0", model: " m ", username: "ann" }).overrides,
    { prompt: "Be brief.", temperature: 0, model: "m", username: "ann" });
});

test("what makes no sense counts as absent", () => {
  const odd = read({ position: "middle", theme: "neon", brandImageUrl: "javascript:x", supportEmail: "a@b?bcc=c@d", windowWidth: "10px;color:red", textSize: "9000", buttonColor: "url(x)" });
  const plain = read({});
  for (const name of ["position", "theme", "brandImage", "email", "variables"]) assert.deepEqual(odd[name], plain[name], name);
});

test("colours bring a text colour that can be read on them", () => {
  assert.deepEqual(read({ buttonColor: "#262626", userBgColor: "#ff0" }).variables,
    { "accent": "#262626", "on-accent": "#ffffff", "user-background": "#ff0", "user-text": "#000000" });
  assert.equal(inkOn("#2563eb"), "#ffffff");
  assert.equal(inkOn("#3DBEF5"), "#000000");
});

test("sizes, questions, thoughts, sponsor", () => {
  const all = read({ windowHeight: "80%", windowWidth: "30rem", textSize: "18", defaultMessages: "How much?, , Where?", showThoughts: "true", openOnLoad: "on", sponsorText: "By us", sponsorLink: "https://us.test" });
  assert.deepEqual(all.variables, { height: "80%", width: "30rem", "font-size": "18px" });
  assert.deepEqual(all.suggestions, ["How much?", "Where?"]);
  assert.equal(all.thoughts && all.openOnLoad, true);
  assert.deepEqual(all.sponsor, { text: "By us", link: "https://us.test/" });
  assert.equal(read({ sponsorText: "By us", noSponsor: "" }).sponsor, null);
  assert.equal(read({ showThoughts: "off" }).thoughts, false);
});

test("every language says everything, and unknown ones speak English", () => {
  const keys = Object.keys(WORDS.en);
  for (const [language, words] of Object.entries(WORDS)) assert.deepEqual(Object.keys(words), keys, language);
  assert.equal(wordsFor("de-AT")[1], "de");
  assert.equal(wordsFor("constructor")[1], "en");
  assert.equal(wordsFor(undefined)[1], "en");
});

test("when to come back, in words", () => {
  assert.equal(when(0, "en", "later"), "later");
  assert.equal(when(30, "en", "later"), "in 30 seconds");
  assert.equal(when(61 * 60, "en", "later"), "in 61 minutes");
  assert.equal(when(86400, "de", "später"), "in 24 Stunden");
});

test("a session id stays, and storage may be blocked or hold nonsense", () => {
  const kept = new Map();
  const storage = () => ({ getItem: (k) => kept.get(k) ?? null, setItem: (k, v) => kept.set(k, v) });
  const first = sessionId("e", storage);
  assert.match(first, /^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/);
  assert.equal(sessionId("e", storage), first);
  assert.notEqual(sessionId("other", storage), first);
  kept.set("haversack-chat:e", "{}");
  assert.notEqual(sessionId("e", storage), first);
  const blocked = () => {
    throw new Error("SecurityError");
  };
  assert.match(sessionId("e", blocked), /^[\da-f-]{36}$/);
  assert.notEqual(uuid4(), uuid4());
});
