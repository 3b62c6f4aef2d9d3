// Every page of the app, and a server with enough in it that they have something to show.

import { api, model, pdf, server, workspace } from "./stage.mjs";

const SHOTS_ANSWER = `The key hangs in the **green letter box** behind the woodshed [1]. Its code changes every spring and comes with your booking.

Before you carry anything upstairs:

1. Write your name, the day and the number of guests into the hut book.
2. Put fourteen euros a night for members, twenty-two for guests, into the iron box beside the stove [2].

\`\`\`sh
# The same from a terminal
haversack ask "Where is the key?" --workspace hut
\`\`\``;

const RULES = `House rules of the hut

The key hangs in the green letter box behind the woodshed. The code of the letter box is changed every spring and is sent with your booking. Write your name, the day and the number of guests into the hut book before you carry anything upstairs.

A night costs fourteen euros for members and twenty-two euros for guests. Children under twelve stay for free. Payment goes into the iron box beside the stove, in an envelope with your name on it.

The hut sleeps eighteen: twelve upstairs in the long room and six in the two small rooms on the ground floor. Dogs are welcome on the ground floor. They do not go upstairs.`;

/** A server with workspaces, documents, a conversation, users, keys and an embed. */
export async function furnished() {
  const mock = await model();
  mock.say.text = SHOTS_ANSWER;
  mock.say.wait = 900;
  const stage = await server(mock.env);
  const slug = await workspace(stage, "Larkspur Hut", {
    "House rules.md": RULES,
    "Hut log, last winter.md": "On the ninth of January eleven shingles came off the roof above the long room. The carpenter thinks that the repair costs about nineteen hundred euros.",
    "Minutes, spring meeting.md": "The committee agreed to replace the whole row of battens above the gutter in May and to pay for it out of the reserve.",
    "Barley soup.txt": "Soak four hundred grams of barley overnight. Fry two onions, three carrots and a leek in oil.",
    "Insurance policy 2027.pdf": pdf("Storm damage to the roof is covered up to ten thousand euros for each event.", "Less two hundred and fifty euros that the insured pay themselves."),
  });
  await workspace(stage, "Allotment");
  await workspace(stage, "Tax papers");
  for (const name of ["What does the insurance pay?", "Packing list"]) await api(stage, "POST", `/v1/workspace/${slug}/thread/new`, { name });
  await api(stage, "POST", `/v1/workspace/${slug}/chat`, { message: "Where is the key to the hut, and what does a night cost?" });
  const { documents } = (await api(stage, "GET", `/v1/workspace/${slug}`)).workspace[0];
  await api(stage, "POST", `/v1/workspace/${slug}/update-pin`, { docPath: documents.at(-1).docpath, pinStatus: true });
  await api(stage, "POST", "/system/generate-api-key", { name: "The website", scopes: ["read", "chat"], workspaces: [slug] });
  await api(stage, "POST", "/v1/embed/new", { workspace_slug: slug, chat_mode: "query" });
  return { stage, slug, end: async () => (mock.end(), stage.end()) };
}

const HUT = "#/w/larkspur-hut";

/** Where they are, and what is done there first. */
export const PAGES = [
  { name: "door", key: "" },
  { name: "chat", path: HUT, prepare: (page) => page.locator(".hljs-comment").waitFor() },
  { name: "passage", path: HUT, prepare: async (page) => { await page.locator("article .cite").first().click(); await page.locator("aside mark").first().waitFor(); } },
  { name: "chat-empty", path: "#/w/allotment", prepare: (page) => page.getByRole("heading", { level: 1 }).waitFor() },
  { name: "palette", path: HUT, prepare: async (page) => { await page.keyboard.press("Control+k"); await page.getByRole("listbox").waitFor(); } },
  { name: "documents", path: `${HUT}/documents`, prepare: (page) => page.getByText("Barley soup.txt").waitFor() },
  { name: "documents-add", path: "#/w/allotment/documents", prepare: (page) => page.getByText("Drop files").waitFor() },
  { name: "document", path: `${HUT}/documents`, prepare: async (page) => { await page.getByRole("button", { name: "House rules.md" }).first().click(); await page.getByRole("dialog").locator(".number").first().waitFor(); } },
  { name: "search", path: `${HUT}/search`, prepare: async (page) => { await page.getByRole("searchbox").fill("What does the carpenter say about the roof?"); await page.keyboard.press("Enter"); await page.locator(".hits > li").first().waitFor(); await page.getByRole("radio", { name: "Both" }).check(); await page.getByText("compared with").waitFor(); } },
  { name: "workspace-answers", path: `${HUT}/settings/answers`, prepare: (page) => page.getByRole("heading", { name: "Answers" }).waitFor() },
  { name: "workspace-search", path: `${HUT}/settings/retrieval`, prepare: (page) => page.getByRole("slider").first().waitFor() },
  { name: "workspace-general", path: `${HUT}/settings/general`, prepare: (page) => page.getByRole("button", { name: "Delete the workspace" }).waitFor() },
  { name: "library", path: "#/library", prepare: (page) => page.getByText("Barley soup.txt").waitFor() },
  { name: "models", path: "#/settings/models", prepare: (page) => page.getByText("to choose from").waitFor() },
  { name: "people", path: "#/settings/people", prepare: (page) => page.getByText("first administrator").waitFor() },
  { name: "keys", path: "#/settings/keys", prepare: (page) => page.getByText("The website").waitFor() },
  { name: "keys-new", path: "#/settings/keys", prepare: async (page) => { await page.getByRole("button", { name: "New key" }).click(); await page.getByRole("radio", { name: "do only this:" }).check(); } },
  { name: "embeds", path: "#/settings/embeds", prepare: (page) => page.getByRole("button", { name: "Use it" }).waitFor() },
  { name: "embed", path: "#/settings/embeds", prepare: async (page) => { await page.getByRole("button", { name: "Use it" }).click(); await page.frameLocator("iframe").getByRole("button", { name: "Open chat" }).waitFor(); } },
  { name: "log", path: "#/settings/log", prepare: (page) => page.getByText("Key created").first().waitFor() },
  { name: "storage", path: "#/settings/storage", prepare: (page) => page.getByText("of vectors").waitFor() },
  { name: "appearance", path: "#/settings/appearance", prepare: (page) => page.getByText("Of this browser alone.").waitFor() },
];
