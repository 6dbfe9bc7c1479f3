// Reads times, and describes what is wrong with one.

/** Earliest time taken for milliseconds: March 1973. A smaller number is more likely seconds. */
export const MIN_TIME_MS = 1e11;

/** Latest time taken for milliseconds: December 2099. A larger number is more likely microseconds. */
const MAX_TIME_MS = 4.1e12;

/** Returns the epoch milliseconds of a number or `Date`; NaN for anything else. Never throws. */
export function readTime(value: unknown): number {
  return typeof value === "number" ? value : readDate(value);
}

function readDate(value: unknown): number {
  try {
    return Date.prototype.getTime.call(value);
  } catch {
    return Number.NaN;
  }
}

/** Returns whether a number is a plausible time in milliseconds. */
export function isTime(ms: number): boolean {
  return ms >= MIN_TIME_MS && ms <= MAX_TIME_MS;
}

/** Describes what is wrong with a time, without its value; undefined if nothing is. */
export function describeTime(value: unknown): string | undefined {
  const ms = readTime(value);
  if (isTime(ms)) return undefined;
  if (value === undefined || value === null) return "missing";
  if (typeof value !== "number" && typeof value !== "object")
    return "neither a number nor a Date, such as Date.now() or new Date(text)";
  if (!Number.isFinite(ms)) return "not a valid time";
  for (const [unit, perMs] of UNITS) if (isTime(ms * perMs)) return `looks like ${unit}, milliseconds are expected`;
  return "outside the years 1973 to 2099 in milliseconds";
}

const UNITS = [
  ["seconds", 1e3],
  ["microseconds", 1e-3],
  ["nanoseconds", 1e-6],
] as const;
