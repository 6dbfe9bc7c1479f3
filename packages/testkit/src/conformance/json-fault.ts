// What JSON cannot hold.

/** Returns what of a value JSON cannot hold, as a clause; undefined if it can hold all of it. */
export function jsonFault(value: unknown, path: string = "", depth: number = 0): string | undefined {
  if (value === undefined || value === null || typeof value === "string" || typeof value === "boolean")
    return undefined;
  if (typeof value === "number") return Number.isFinite(value) ? undefined : `${path} is ${value}`;
  if (typeof value !== "object") return `${path} is a ${typeof value}`;
  const shape = Object.prototype.toString.call(value);
  if (shape !== "[object Object]" && shape !== "[object Array]") return `${path} is ${shape}`;
  if (depth > 20) return `${path} is nested too deeply`;
  const entries = Object.entries(value).map(([key, part]) => jsonFault(part, `${path}.${key}`, depth + 1));
  return entries.find((fault) => fault !== undefined);
}
