/** An object of a JSON text. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** Tells whether a value of a JSON text is an object. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Gives the object that a JSON text is; undefined where it is none. */
export function parseJsonObject(text: Uint8Array): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(text).toString("utf8"));
    return isJsonObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
