import { type AttributeSource, readAttributes } from "@eventmeter/core";

/** Writes a text as JSON; lone surrogates and control characters are escaped, so that a line stays a line of UTF-8. */
export const quote: (text: string) => string = JSON.stringify;

/** Writes `,"name":"text"`; nothing for null and undefined. @param name already in quotes */
export function member(name: string, text: string | null | undefined): string {
  return text === null || text === undefined ? "" : `,${name}:${quote(text)}`;
}

/** Writes a count for a field of type `long`, whose values above 2^53 - 1 could not be told apart anyway. */
export function longText(count: number): string {
  return String(Math.min(count, Number.MAX_SAFE_INTEGER));
}

/** Writes attributes as an object; `""` if there are none. A name with a NUL, which no `flattened` field takes, is left out and counted. */
export function attributesText(fields: AttributeSource): string {
  if (fields.attributes === undefined) return "";
  let text = "";
  readAttributes(fields, (name, value) => {
    if (name.includes("\0")) fields.repaired += 1;
    else text += `${text === "" ? "{" : ","}${quote(name)}:${typeof value === "string" ? quote(value) : String(value)}`;
  });
  return text === "" ? "" : `${text}}`;
}
