// The widget on a page of another origin, in a real browser, against the real server: `cargo xtask test widget`.

import assert from "node:assert/strict";
import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { SERVER, api, setUp } from "./stage.mjs";

let stage;
before(async () => (stage = await setUp()));
after(() => stage?.tearDown());

/** Opens the window, asks, and waits until the answer is complete. */
async function ask(chat, question) {
  if (!(await chat.window.isVisible())) await chat.open.click();
  await chat.field.fill(question);
  await chat.button("Send").click();
  await chat.button("Send").waitFor();
}

const last = (chat) => chat.answers.last().innerText();

/** Where the window is once it has stopped moving, in whole pixels: x, y, width, height. */
async function place(chat) {
  await chat.window.evaluate((dialog) => Promise.all(dialog.getAnimations().map((a) => a.finished)));
  const { x, y, width, height } = await chat.window.boundingBox();
  return [x, y, width, height].map(Math.round);
}

const seen = (locator) => locator.waitFor({ timeout: 5000 });

test("a page that may use it chats, and the answer comes as it is written", async () => {
  const chat = await stage.visit(await stage.embed());
  await chat.open.click();
  await seen(chat.log.getByText("Hello! How can I help?"));
  assert.equal(await chat.field.evaluate((field) => field.getRootNode().activeElement === field), true);
  const told = [];
  await chat.tab.exposeFunction("told", (text) => told.push(text));
  await chat.status.evaluate((status) => new MutationObserver(() => globalThis.told(status.textContent)).observe(status, { childList: true, characterData: true, subtree: true }));
  await chat.field.fill("[[mock:slow 60]] one two three four five six seven eight nine ten");
  await chat.button("Send").click();
  await seen(chat.button("Stop"));
  await seen(chat.answers.last().getByText("two"));
  assert.ok(!(await last(chat)).includes("ten"), "it is shown before it is complete");
  await seen(chat.button("Send"));
  assert.match(await last(chat), /MOCK .* one two .* ten$/);
  // A screen reader hears that the answer is coming, then all of it, and nothing in between.
  assert.equal(told.length, 2, told.join("|"));
  assert.match(told[1], /ten$/);
  assert.deepEqual(chat.problems, []);
  await chat.close();
});

test("a page of another origin is refused, and says so", async () => {
  const uuid = await stage.embed();
  const chat = await stage.visit(uuid, { origin: stage.stranger.origin });
  await chat.open.click();
  await seen(chat.log.getByText("This chat is not available on this website."));
  assert.equal(await chat.button("Try again").count(), 0);
  const advice = chat.problems.find((text) => text.startsWith("haversack-chat:"));
  assert.match(advice, new RegExp(`${stage.stranger.origin}.*allowlist_domains`));
  await chat.field.fill("Still?");
  await chat.field.press("Enter");
  // Nothing typed is lost.
  await seen(chat.button("Send"));
  assert.equal(await chat.field.inputValue(), "Still?");
  const { chats } = await api("GET", `/v1/embed/${uuid}/chats`);
  assert.deepEqual(chats, [], "nothing reached the model");
  await chat.close();
});

test("the conversation is there again after a reload, until it is reset", async () => {
  const chat = await stage.visit(await stage.embed());
  await ask(chat, "Remember me");
  const answer = await last(chat);
  await chat.tab.reload();
  await chat.open.click();
  await seen(chat.log.getByText("Remember me", { exact: true }));
  assert.equal(await last(chat), answer);

  await chat.button("Start over").click();
  await seen(chat.window.getByText("Clear this conversation?"));
  await chat.window.getByRole("group", { name: "Clear this conversation?" }).getByRole("button", { name: "Start over" }).click();
  await seen(chat.log.getByText("Hello! How can I help?"));
  await chat.tab.reload();
  await chat.open.click();
  await seen(chat.log.getByText("Hello! How can I help?"));
  assert.equal(await chat.log.getByText("Remember me").count(), 0);
  assert.deepEqual(chat.problems, []);
  await chat.close();
});

test("everything can be done with the keyboard", async () => {
  const chat = await stage.visit(await stage.embed());
  const { keyboard } = chat.tab;
  const focused = () => chat.tab.evaluate(() => {
    const element = document.activeElement?.shadowRoot?.activeElement ?? document.activeElement;
    return element?.getAttribute("aria-label") ?? element?.id ?? element?.tagName;
  });
  const tabTo = async (name) => {
    for (let n = 0; n < 20 && (await focused()) !== name; n += 1) await keyboard.press("Tab");
    assert.equal(await focused(), name);
  };
  await tabTo("Open chat");
  await keyboard.press("Enter");
  await seen(chat.window);
  assert.equal(await focused(), "input");
  await keyboard.type("First line");
  await keyboard.press("Shift+Enter");
  await keyboard.type("second line");
  await keyboard.press("Enter");
  await seen(chat.answers.last().getByText("second line"));
  assert.equal(await chat.log.locator(".user .bubble").innerText(), "First line\nsecond line");
  assert.equal(await focused(), "input", "the focus stays where one types");
  for (let n = 0; n < 20 && (await focused()) !== "Start over"; n += 1) await keyboard.press("Shift+Tab");
  await keyboard.press("Enter");
  await seen(chat.window.getByText("Clear this conversation?"));
  await keyboard.press("Escape");
  assert.equal(await chat.window.getByText("Clear this conversation?").isVisible(), false);
  assert.equal(await focused(), "Start over");
  assert.equal(await chat.window.isVisible(), true, "Escape closes one thing at a time");
  await keyboard.press("Escape");
  assert.equal(await chat.window.isVisible(), false);
  assert.equal(await focused(), "Open chat", "the focus goes back to where it came from");
  assert.deepEqual(chat.problems, []);
  await chat.close();
});

test("an answer can be stopped, and what there is of it stays", async () => {
  const chat = await stage.visit(await stage.embed());
  await chat.open.click();
  await chat.field.fill("[[mock:slow 150]] one two three four five six seven eight nine ten");
  await chat.field.press("Enter");
  await seen(chat.answers.last().getByText("one"));
  await chat.button("Stop").click();
  await seen(chat.log.getByText("Stopped."));
  assert.ok(!(await last(chat)).includes("ten"));
  await ask(chat, "Go on");
  assert.match(await last(chat), /Go on$/);
  await chat.close();
});

test("what a model writes is text, never markup, and links lead to the web only", async () => {
  const chat = await stage.visit(await stage.embed());
  await ask(chat, "**bold** <img src=x onerror=alert(1)> [bad](javascript:alert(1)) ![spy](https://spy.test/x.png) [good](https://good.test/)");
  assert.equal(await chat.answers.last().locator("img").count(), 0);
  assert.equal(await chat.answers.last().locator("strong").innerText(), "bold");
  const links = await chat.answers.last().locator("a").evaluateAll((all) => all.map((a) => [a.href, a.rel, a.target]));
  const safe = "noopener noreferrer nofollow";
  assert.deepEqual(links, [["https://spy.test/x.png", safe, "_blank"], ["https://good.test/", safe, "_blank"]]);
  assert.deepEqual(chat.problems, []);
  await chat.close();
});

test("what goes wrong is told in words, and can be tried again", async () => {
  const uuid = await stage.embed({ max_chats_per_session: 1 });
  const chat = await stage.visit(uuid);
  await chat.open.click();
  await chat.field.fill("[[mock:error 400]]");
  await chat.field.press("Enter");
  await seen(chat.log.getByText("There is no answer right now."));
  await chat.button("Try again").click();
  await seen(chat.button("Try again"));
  assert.equal(await chat.log.locator(".user").count(), 1);
  await ask(chat, "A good one");
  assert.match(await last(chat), /A good one$/);
  await ask(chat, "One too many");
  await seen(chat.log.getByText(/The limit for this chat is reached\. Please try again in 24 hours|in 25 hours/));
  await api("POST", `/v1/embed/${uuid}`, { enabled: false });
  await ask(chat, "Anyone?");
  await seen(chat.log.getByText("This chat is switched off at the moment."));
  assert.equal(await chat.field.inputValue(), "Anyone?");
  await api("DELETE", `/v1/embed/${uuid}`);
  await chat.field.press("Enter");
  await seen(chat.log.getByText("This chat does not exist any more."));
  await chat.close();
});

test("a connection that is lost is told, and the question waits", async () => {
  const chat = await stage.visit(await stage.embed());
  await chat.open.click();
  await seen(chat.log.getByText("Hello! How can I help?"));
  await chat.tab.context().setOffline(true);
  await chat.field.fill("Are you there?");
  await chat.field.press("Enter");
  await seen(chat.log.getByText("The chat cannot be reached."));
  await chat.tab.context().setOffline(false);
  await chat.button("Try again").click();
  await seen(chat.answers.last().getByText("Are you there?"));
  await chat.close();
});

test("tags that were made for AnythingLLM keep working", async () => {
  const uuid = await stage.embed();
  const tag = {
    "data-button-color": "#262626", "data-user-bg-color": "#2C2F35", "data-assistant-bg-color": "#2563eb",
    "data-greeting": "Welcome!", "data-no-sponsor": "true", "data-open-on-load": "on", "data-position": "bottom-left",
    "data-window-width": "340px", "data-window-height": "500px", "data-text-size": "16", "data-support-email": "help@shop.test",
    "data-default-messages": "When are you open?,Do you deliver?",
  };
  const chat = await stage.visit(uuid, { tag, script: "anythingllm-chat-widget.min.js" });
  await seen(chat.log.getByText("Welcome!"));
  assert.equal(await chat.tab.evaluate(() => document.activeElement === document.body), true, "it takes no focus by itself");
  const [x, , width, height] = await place(chat);
  assert.deepEqual([x, width, height], [20, 340, 500]);
  assert.equal(await chat.window.getByRole("link", { name: "Contact support" }).getAttribute("href"), "mailto:help@shop.test");
  await chat.button("Do you deliver?").click();
  await seen(chat.answers.last().getByText("Do you deliver?"));
  const bubble = (kind) => chat.log.locator(`${kind} .bubble`).last().evaluate((element) => {
    const { backgroundColor, color } = getComputedStyle(element);
    return [backgroundColor, color];
  });
  assert.deepEqual(await bubble(".user"), ["rgb(44, 47, 53)", "rgb(255, 255, 255)"]);
  assert.deepEqual(await bubble(".assistant"), ["rgb(37, 99, 235)", "rgb(255, 255, 255)"]);
  assert.deepEqual(chat.problems, []);
  await chat.close();
});

test("the element can be placed, opened and coloured by the page itself", async () => {
  const chat = await stage.visit(await stage.embed(), { tag: { element: true } });
  await chat.tab.evaluate(() => {
    document.documentElement.style.setProperty("--haversack-accent", "rgb(122, 31, 92)");
    document.querySelector("haversack-chat").open();
  });
  await seen(chat.window);
  assert.equal(await chat.button("Send").evaluate((button) => getComputedStyle(button).backgroundColor), "rgb(122, 31, 92)");
  await chat.tab.evaluate(() => document.querySelector("haversack-chat").close());
  assert.equal(await chat.window.isVisible(), false);
  assert.deepEqual(chat.problems, []);
  await chat.close();
});

test("where nothing may be stored it still works", async () => {
  const prepare = () => Object.defineProperty(globalThis, "localStorage", {
    get() {
      throw new DOMException("denied", "SecurityError");
    },
  });
  const chat = await stage.visit(await stage.embed(), { prepare });
  await ask(chat, "Hello");
  await ask(chat, "Again");
  // Two messages of the model for each turn before this one: it remembers within the page.
  assert.match(await last(chat), /n=4 echo: Again/);
  assert.deepEqual(chat.problems, []);
  await chat.close();
});

test("shortcuts of the page do not answer to what is typed", async () => {
  const prepare = () => {
    globalThis.heard = [];
    addEventListener("keydown", (event) => globalThis.heard.push(event.key));
  };
  const chat = await stage.visit(await stage.embed(), { prepare });
  await chat.open.click();
  await chat.field.pressSequentially("/s?");
  assert.deepEqual(await chat.tab.evaluate(() => globalThis.heard), []);
  await chat.close();
});

test("on a phone it takes the screen, and nothing behind it can be reached", async () => {
  const phone = { viewport: { width: 390, height: 780 }, isMobile: true, hasTouch: true, deviceScaleFactor: 2 };
  const chat = await stage.visit(await stage.embed(), phone);
  await chat.open.click();
  assert.deepEqual(await place(chat), [0, 0, 390, 780]);
  assert.equal(await chat.window.evaluate((dialog) => dialog.matches(":modal")), true);
  // What is typed is large enough that a phone does not zoom in.
  assert.equal(await chat.field.evaluate((field) => Number.parseFloat(getComputedStyle(field).fontSize) >= 16), true);
  for (const button of await chat.window.getByRole("button").all()) {
    const { width, height } = await button.boundingBox();
    assert.ok(width >= 36 && height >= 36, "a finger finds it");
  }
  await chat.button("Close chat").click();
  assert.equal(await chat.window.isVisible(), false);
  assert.deepEqual(chat.problems, []);
  await chat.close();
});

test("nothing moves for who wants no motion", async () => {
  const chat = await stage.visit(await stage.embed(), { reducedMotion: "reduce" });
  await chat.open.click();
  await chat.field.fill("[[mock:slow 200]] a b c");
  await chat.field.press("Enter");
  await seen(chat.button("Stop"));
  const moving = await chat.tab.evaluate(() => document.querySelector("haversack-chat").shadowRoot.getAnimations().length);
  assert.equal(moving, 0);
  await chat.close();
});

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const shots = fileURLToPath(new URL("../../out/widget/", import.meta.url));
const ANSWER = "[[mock:slow 5]]\n\n**Yes**, until [30 days](https://shop.test/returns) after:\n\n1. Open *Your orders*\n2. Choose **Return**\n   - keep the box\n   - `RMA-1234` goes on top\n\n"
  + "| Country | Cost |\n|---|---|\n| Germany | free |\n| France | 4.90 € |\n\n```sh\nshop return --order 12345678901234567890 --reason \"too large\"\n```\n\n> Opened seeds cannot be returned.";

for (const [width, height, size] of [[1100, 780, "desktop"], [390, 780, "phone"]]) {
  for (const colorScheme of ["light", "dark"]) {
    test(`no barriers, and a picture to look at: ${size}, ${colorScheme}`, async () => {
      mkdirSync(shots, { recursive: true });
      const tag = { "data-default-messages": "What are your opening hours?,Can I return a plant?", "data-support-email": "help@shop.test" };
      const chat = await stage.visit(await stage.embed(), { viewport: { width, height }, colorScheme, tag });
      const picture = (name) => chat.tab.screenshot({ path: `${shots}${size}-${colorScheme}-${name}.png` });
      const barriers = async (name) => {
        // Playwright runs this outside of the page's policy.
        await chat.tab.evaluate(axe);
        const { violations } = await chat.tab.evaluate(() => globalThis.axe.run(document.querySelector("haversack-chat"), { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] }));
        assert.deepEqual(violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.html).join(" ")}`), [], name);
      };
      await picture("closed");
      await barriers("closed");
      await chat.open.click();
      await seen(chat.log.getByText("Hello! How can I help?"));
      await place(chat);
      await picture("greeting");
      await barriers("greeting");
      await ask(chat, ANSWER);
      await picture("answer");
      await barriers("answer");
      await chat.button("Start over").click();
      await picture("reset");
      await barriers("reset");
      await chat.close();
    });
  }
}

test("the script is one small file that may be kept", async () => {
  const response = await fetch(`${SERVER}/embed/haversack-chat.js`, { headers: { "accept-encoding": "gzip" } });
  assert.equal(response.status, 200);
  assert.match(response.headers.get("cache-control"), /public/);
  const again = await fetch(response.url, { headers: { "if-none-match": response.headers.get("etag") } });
  assert.equal(again.status, 304);
});
