// Numbers and times for people, in the browser's language.

const plain = new Intl.NumberFormat();
const bytes = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte"] as const;

export function size(count: number): string {
  if (count < 1000) return `${plain.format(count)} B`;
  let n = count;
  let unit = 0;
  while (n >= 1000 && unit < bytes.length - 1) {
    n /= 1000;
    unit += 1;
  }
  const style = { style: "unit", unit: bytes[unit] ?? "byte", unitDisplay: "short", maximumFractionDigits: n < 10 && unit > 0 ? 1 : 0 } as const;
  return new Intl.NumberFormat(undefined, style).format(n);
}

export const number = (n: number): string => plain.format(n);

const relative = new Intl.RelativeTimeFormat(undefined, { numeric: "auto" });
const dates = new Intl.DateTimeFormat(undefined, { dateStyle: "medium" });
const times = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });

/** “3 minutes ago”, and the date for what is older than a week. */
export function ago(at: number | string, now = Date.now()): string {
  const ms = typeof at === "number" ? at : Date.parse(at);
  const seconds = (ms - now) / 1000;
  const far = Math.abs(seconds);
  if (far < 60) return relative.format(0, "second");
  if (far < 3600) return relative.format(Math.round(seconds / 60), "minute");
  if (far < 86_400) return relative.format(Math.round(seconds / 3600), "hour");
  if (far < 7 * 86_400) return relative.format(Math.round(seconds / 86_400), "day");
  return dates.format(ms);
}

export const time = (at: number | string): string => times.format(typeof at === "number" ? at : Date.parse(at));
export const date = (at: number | string): string => dates.format(typeof at === "number" ? at : Date.parse(at));
