/** What this browser keeps. Where storage is forbidden, it keeps things until the page is closed. */
const memory = new Map<string, string>();

export const store = {
  get(name: string): string | null {
    try {
      return localStorage.getItem(`haversack.${name}`);
    } catch {
      return memory.get(name) ?? null;
    }
  },

  /** `null` takes it away. */
  set(name: string, value: string | null): void {
    try {
      if (value === null) localStorage.removeItem(`haversack.${name}`);
      else localStorage.setItem(`haversack.${name}`, value);
    } catch {
      if (value === null) memory.delete(name);
      else memory.set(name, value);
    }
  },
};
