// Who we are to the server: a key or a signed-in user, and what they may do.

import { ApiError, connection, messageOf, session as api, type Me, type Scope } from "../api";
import { inBrowser } from "../host";
import { t } from "../strings";
import { SETTINGS_TABS, type SettingsTab } from "./router.svelte";
import { store } from "./storage";
import { ui } from "./ui.svelte";

const SERVERS_ONLY: SettingsTab[] = ["people", "keys", "embeds"];

export type Door = "opening" | "closed" | "open" | "unreachable";

class Session {
  door: Door = $state("opening");
  me: Me | null = $state(null);
  multiUser = $state(false);
  /** Why the door is closed, in words. */
  problem = $state("");

  /** Reads the key that was kept or came in the address, and tries it. */
  async start(): Promise<void> {
    connection.onRefused = () => this.#refused();
    const given = takeToken();
    // A link may be opened while the app is open: then the page stays, and only the address changes.
    addEventListener("hashchange", () => {
      const token = takeToken();
      if (token) void this.#offer(token).then((taken) => taken && location.reload());
    });
    connection.key = store.get("key") ?? sessionStorage.getItem("haversack.key") ?? "";
    if (given) await this.#offer(given);
    await this.knock();
  }

  /**
   * Takes the key of a link. One that is there already is replaced only by the person who uses it: a link from elsewhere
   * must not make them work, unknowing, with the key of another. Whether it was taken.
   */
  async #offer(given: string): Promise<boolean> {
    if (given === connection.key) return false;
    if (connection.key && !(await ui.confirm({ ...t.door.otherKey, danger: true }))) return false;
    this.#keep(given, true);
    return true;
  }

  /** Asks the server who we are. */
  async knock(): Promise<void> {
    this.problem = "";
    try {
      const [multiUser, me] = await Promise.allSettled([api.isMultiUser(), api.me()]);
      if (multiUser.status === "fulfilled") this.multiUser = multiUser.value;
      if (me.status === "rejected") throw me.reason;
      this.me = me.value;
      this.door = "open";
    } catch (error) {
      this.me = null;
      if (error instanceof ApiError && error.status === 0) {
        this.door = "unreachable";
        this.problem = error.message;
      } else {
        this.door = "closed";
        // Nobody said anything wrong by coming here the first time.
        if (connection.key) this.problem = messageOf(error);
      }
    }
  }

  async useKey(key: string, keep: boolean): Promise<void> {
    this.#keep(key.trim(), keep);
    await this.knock();
    if (this.door === "closed") this.#forget();
  }

  async signIn(username: string, password: string, keep: boolean): Promise<void> {
    this.problem = "";
    try {
      const answer = await api.signIn(username, password);
      if (!answer.valid || !answer.token) {
        this.problem = (answer.message ?? "").replace(/^\[\d+\]\s*/, "");
        return;
      }
      this.#keep(answer.token, keep);
      await this.knock();
    } catch (error) {
      this.problem = messageOf(error).replace(/^\[\d+\]\s*/, "");
    }
  }

  async leave(): Promise<void> {
    if (this.me?.caller === "user") await api.signOut().catch(() => {});
    this.#forget();
    this.me = null;
    this.door = "closed";
    this.problem = "";
  }

  may(scope: Scope): boolean {
    return this.me?.scopes.includes(scope) ?? false;
  }

  /** The settings that they may see, and that there are: a browser of one's own has no other people and no websites. */
  get settingsTabs(): SettingsTab[] {
    return SETTINGS_TABS.filter((tab) => (this.may("admin") || tab === "appearance") && !(inBrowser && SERVERS_ONLY.includes(tab)));
  }

  /** Whether everything is theirs to see, not some workspaces only. */
  get seesAll(): boolean {
    return this.me !== null && this.me.workspaces === null;
  }

  #refused(): void {
    if (this.door !== "open") return;
    void this.knock();
  }

  #keep(key: string, keep: boolean): void {
    connection.key = key;
    store.set("key", keep ? key : null);
    if (keep) sessionStorage.removeItem("haversack.key");
    else sessionStorage.setItem("haversack.key", key);
  }

  #forget(): void {
    connection.key = "";
    store.set("key", null);
    sessionStorage.removeItem("haversack.key");
  }
}

/** The key in an address such as `#token=…`, as the server prints it. */
export function tokenOf(hash: string): string | null {
  const found = /^#(?:.*&)?token=([^&]+)/.exec(hash);
  if (!found?.[1]) return null;
  try {
    return decodeURIComponent(found[1]);
  } catch {
    return found[1];
  }
}

/** Takes the key out of the address, so that nobody reads it there or in the history. */
function takeToken(): string | null {
  const token = tokenOf(location.hash);
  if (token) history.replaceState(null, "", location.pathname + location.search);
  return token;
}

export const session = new Session();
