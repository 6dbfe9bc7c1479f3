// Copies of texts that keep no other text alive.

/** V8 copies shorter slices instead of referring to the text that they were taken from. */
const SHORTEST_SLICE = 13;

/**
 * Returns the same text in memory of its own. Engines represent a slice by a reference to the whole text, so whoever keeps
 * 40 characters of a document of 2 MB keeps 2 MB. Use it for every text of a caller that is kept after the call.
 */
export function ownText(text: string): string {
  // The engine copies a joined text when it is sliced; the slice then refers to that copy, which is one character longer.
  return text.length < SHORTEST_SLICE ? text : ` ${text}`.slice(1);
}

/** Replaces the texts of a standard dictionary, and of its attributes, by their `ownText`, for a publisher that keeps it. */
export function ownTexts(dictionary: object): void {
  const { attributes } = dictionary as { readonly attributes?: object | undefined };
  for (const group of [dictionary, attributes] as (Record<string, unknown> | undefined)[]) {
    if (group === undefined) continue;
    for (const [key, value] of Object.entries(group)) if (typeof value === "string") group[key] = ownText(value);
  }
}
