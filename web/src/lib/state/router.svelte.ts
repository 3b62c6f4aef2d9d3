// Where we are. Addresses live behind the `#`, so that the app works below any path and on a plain file server.

export type Route =
  | { page: "home" }
  | { page: "chat"; slug: string; thread: string | null }
  | { page: "documents"; slug: string }
  | { page: "search"; slug: string }
  | { page: "workspace"; slug: string; tab: string }
  | { page: "library" }
  | { page: "settings"; tab: string }
  | { page: "invite"; code: string }
  | { page: "unknown" };

export const SETTINGS_TABS = ["models", "people", "keys", "embeds", "log", "storage", "appearance"] as const;
export type SettingsTab = (typeof SETTINGS_TABS)[number];

/** What an address means. */
export function parse(hash: string): Route {
  const [path = ""] = hash.replace(/^#?\/?/, "").split("?");
  const parts = path.split("/").filter(Boolean).map(decode);
  const [first, second, third, fourth] = parts;
  if (!first) return { page: "home" };
  if (first === "w" && second) {
    if (!third) return { page: "chat", slug: second, thread: null };
    if (third === "t" && fourth) return { page: "chat", slug: second, thread: fourth };
    if (third === "documents") return { page: "documents", slug: second };
    if (third === "search") return { page: "search", slug: second };
    if (third === "settings") return { page: "workspace", slug: second, tab: fourth ?? "answers" };
  }
  if (first === "library") return { page: "library" };
  if (first === "settings") return { page: "settings", tab: second ?? "models" };
  if (first === "invite" && second) return { page: "invite", code: second };
  return { page: "unknown" };
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

const e = encodeURIComponent;

export const to = {
  home: () => "#/",
  chat: (slug: string, thread: string | null = null) => (thread ? `#/w/${e(slug)}/t/${e(thread)}` : `#/w/${e(slug)}`),
  documents: (slug: string) => `#/w/${e(slug)}/documents`,
  search: (slug: string) => `#/w/${e(slug)}/search`,
  workspace: (slug: string, tab = "answers") => `#/w/${e(slug)}/settings/${e(tab)}`,
  library: () => "#/library",
  settings: (tab = "models") => `#/settings/${e(tab)}`,
  invite: (code: string) => `#/invite/${e(code)}`,
};

class Router {
  route: Route = $state({ page: "home" });
  /** What stands behind a `?` in the address. */
  query: Record<string, string> = $state({});

  start(): void {
    const read = () => {
      this.route = parse(location.hash);
      this.query = Object.fromEntries(new URLSearchParams(location.hash.split("?")[1] ?? ""));
    };
    addEventListener("hashchange", read);
    read();
  }

  go(hash: string, replace = false): void {
    if (replace) {
      history.replaceState(null, "", hash);
      dispatchEvent(new HashChangeEvent("hashchange"));
    } else {
      location.hash = hash;
    }
  }

  /** The workspace that the page is about. */
  get slug(): string | null {
    return "slug" in this.route ? this.route.slug : null;
  }
}

export const router = new Router();
