// Names the kind of a value in messages about options, and never shows what the value holds.

/** Kinds of objects that are easily passed in the place of a string, an array, a publisher or an object with options. */
const NAMED_KINDS: Readonly<Record<string, string>> = {
  Date: "a Date",
  Error: "an Error",
  Map: "a Map",
  Promise: "a promise",
  RegExp: "a RegExp",
  Set: "a Set",
  Uint8Array: "a Uint8Array",
  URL: "a URL",
};

/** Returns the kind of a value with an article, such as `an array`, `an empty string` or `NaN`. Never throws. */
export function kindOf(value: unknown): string {
  if (value === "") return "an empty string";
  if (value === null || value === undefined) return String(value);
  // NaN and the infinities say more than their type.
  if (typeof value === "number" && !Number.isFinite(value)) return String(value);
  if (typeof value !== "object") return `a ${typeof value}`;
  try {
    if (Array.isArray(value)) return "an array";
    const tag = Object.prototype.toString.call(value).slice("[object ".length, -1);
    if (Object.hasOwn(NAMED_KINDS, tag)) return NAMED_KINDS[tag] ?? "an object";
  } catch {
    // A Proxy can throw wherever it is inspected.
  }
  return "an object";
}
