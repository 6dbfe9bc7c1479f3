// JSON objects in the bodies of replies.

/** An object in a JSON text. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** Returns whether a value of a JSON text is an object. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Parses a body as one JSON object; undefined if it is anything else. */
export function parseJsonObject(body: Uint8Array): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(body).toString("utf8"));
    return isJsonObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
