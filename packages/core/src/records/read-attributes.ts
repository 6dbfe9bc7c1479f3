// Reads the attributes of a record.
import type { Attributes } from "./records.ts";
import { MAX_TEXT_LENGTH } from "./read-values.ts";
import { cut } from "./cut-text.ts";

/** Longest attribute name that is kept, in UTF-16 code units. */
export const MAX_ATTRIBUTE_NAME_LENGTH = 128;

/** How many attributes of one record are kept. */
export const MAX_ATTRIBUTES = 64;

/** The part of normalised fields that holds attributes and counts repairs. */
export interface AttributeSource {
  readonly attributes?: Attributes | undefined;
  repaired: number;
}

/**
 * Calls `visit` with every valid attribute, strings already cut; counts what is left out in `fields.repaired`.
 * Only own enumerable properties count. Throws what a getter of the caller's object throws: the record is then invalid.
 */
export function readAttributes(
  fields: AttributeSource,
  visit: (name: string, value: string | number | boolean) => void,
): void {
  const { attributes } = fields;
  if (attributes === undefined || attributes === null) return;
  if (typeof attributes !== "object" || Array.isArray(attributes) || ArrayBuffer.isView(attributes)) {
    fields.repaired += 1;
    return;
  }
  let kept = 0;
  for (const name of Object.keys(attributes)) {
    if (kept === MAX_ATTRIBUTES || name.length > MAX_ATTRIBUTE_NAME_LENGTH) {
      fields.repaired += 1;
      continue;
    }
    const value = readValue(attributes[name], fields);
    if (value === undefined) continue;
    kept += 1;
    visit(name, value);
  }
}

/**
 * Returns one attribute as a label value: `""` if the record has no own attribute of that name, or an invalid one.
 * Throws what a getter of the caller's object throws: the record is then invalid.
 */
export function readAttribute(fields: AttributeSource, name: string): string {
  const { attributes } = fields;
  if (attributes === undefined || attributes === null || typeof attributes !== "object") return "";
  if (!Object.hasOwn(attributes, name)) return "";
  const value = readValue(attributes[name], fields);
  return value === undefined ? "" : String(value);
}

function readValue(value: unknown, fields: AttributeSource): string | number | boolean | undefined {
  if (typeof value === "string") {
    if (value.length <= MAX_TEXT_LENGTH) return value;
    fields.repaired += 1;
    return cut(value, MAX_TEXT_LENGTH);
  }
  if (typeof value === "boolean") return value;
  // Without -0, which JSON does not have.
  if (Number.isFinite(value)) return (value as number) + 0;
  if (value !== undefined && value !== null) fields.repaired += 1;
  return undefined;
}
