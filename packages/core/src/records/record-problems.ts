// Descriptions of what makes a record invalid.

/** Describes a record whose fields could not be read. */
export const UNREADABLE = "the record is not an object, or reading a field of it threw";

/** Describes what is wrong with a name that becomes a label; undefined if nothing is. */
export function describeName(value: unknown): string | undefined {
  if (value === "") return "empty";
  return typeof value === "string" ? undefined : describeMissing(value, "not a string");
}

/** Describes what is wrong with a task id; undefined if nothing is. */
export function describeTaskId(value: unknown): string | undefined {
  if (typeof value === "string" || Number.isFinite(value)) return undefined;
  return describeMissing(value, "neither a string nor a finite number");
}

function describeMissing(value: unknown, otherwise: string): string {
  return value === undefined || value === null ? "missing" : otherwise;
}

/** Joins the problems of all fields into one clause. */
export function problemList(problems: Readonly<Record<string, string | undefined>>): string {
  return Object.entries(problems)
    .filter(([, problem]) => problem !== undefined)
    .map(([field, problem]) => `${field}: ${problem}`)
    .join("; ");
}
