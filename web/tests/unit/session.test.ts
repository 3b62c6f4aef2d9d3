import { beforeEach, describe, expect, test, vi } from "vitest";

/** What a browser has that session and dialogs use. */
function browser(hash: string, kept: Record<string, string> = {}) {
  const listeners: (() => void)[] = [];
  const place = { hash, pathname: "/app/", search: "?x=1", reload: vi.fn() };
  const storage = (items: Record<string, string>) => ({
    getItem: (name: string) => items[name] ?? null,
    setItem: (name: string, value: string) => void (items[name] = value),
    removeItem: (name: string) => void delete items[name],
  });
  vi.stubGlobal("location", place);
  vi.stubGlobal("history", { replaceState: (_: unknown, __: string, address: string) => (place.hash = address.includes("#") ? "#" : "") });
  vi.stubGlobal("localStorage", storage(kept));
  vi.stubGlobal("sessionStorage", storage({}));
  vi.stubGlobal("addEventListener", (type: string, listener: () => void) => type === "hashchange" && listeners.push(listener));
  vi.stubGlobal("fetch", () => Promise.reject(new TypeError("no server")));
  return { place, kept, go: (to: string) => ((place.hash = to), listeners.forEach((listener) => listener())) };
}

async function app() {
  vi.resetModules();
  const [{ session }, { ui }, { connection }] = await Promise.all([
    import("../../src/lib/state/session.svelte"), import("../../src/lib/state/ui.svelte"), import("../../src/lib/api"),
  ]);
  return { session, ui, connection };
}

const asked = (ui: { question: unknown }) => vi.waitFor(() => expect(ui.question).not.toBeNull());

describe("a link with a key", () => {
  beforeEach(() => vi.unstubAllGlobals());

  test("is taken without a question where there is no key, or the same", async () => {
    for (const kept of [{}, { "haversack.key": "GIVEN" }] as Record<string, string>[]) {
      const { place } = browser("#token=GIVEN", kept);
      const { session, ui, connection } = await app();
      await session.start();
      expect([ui.question, connection.key, kept["haversack.key"], place.hash]).toEqual([null, "GIVEN", "GIVEN", ""]);
    }
  });

  test("asks before it replaces another, and the key is out of the address before that", async () => {
    for (const yes of [false, true]) {
      const { place, kept } = browser("#token=THEIRS", { "haversack.key": "MINE" });
      const { session, ui, connection } = await app();
      const started = session.start();
      await asked(ui);
      expect([place.hash, connection.key, kept["haversack.key"]]).toEqual(["", "MINE", "MINE"]);
      expect(ui.question?.refuse).toBe("Keep my key");
      ui.question?.answer(yes);
      await started;
      const key = yes ? "THEIRS" : "MINE";
      expect([connection.key, kept["haversack.key"]]).toEqual([key, key]);
    }
  });

  test("asks in an app that is open already, too", async () => {
    const { place, kept, go } = browser("", { "haversack.key": "MINE" });
    const { session, ui } = await app();
    await session.start();
    go("#/w/hut");
    expect(ui.question).toBeNull();
    go("#token=THEIRS");
    expect(place.hash).toBe("");
    await asked(ui);
    ui.question?.answer(false);
    await Promise.resolve();
    expect([kept["haversack.key"], place.reload.mock.calls.length]).toEqual(["MINE", 0]);
    go("#token=THEIRS");
    await asked(ui);
    ui.question?.answer(true);
    await vi.waitFor(() => expect(place.reload).toHaveBeenCalled());
    expect(kept["haversack.key"]).toBe("THEIRS");
  });
});
