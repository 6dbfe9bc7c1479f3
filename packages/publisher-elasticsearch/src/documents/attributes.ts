import { type AttributeSource, readAttributes } from "@eventmeter/core/publisher";
import type { JsonWriter } from "./json-writer.ts";

/**
 * Makes what writes attributes as an object after `name`; nothing if there are none. An attribute whose name has a NUL, which
 * no `flattened` field takes, is left out and counted.
 */
export function createAttributesWriter(writer: JsonWriter, name: string): (fields: AttributeSource) => void {
  let fields: AttributeSource | undefined;
  let next = "";
  // One function for all records: a new one for each would be garbage.
  const visit = (attribute: string, value: string | number | boolean): void => {
    if (attribute.includes("\0")) {
      if (fields !== undefined) fields.repaired += 1;
      return;
    }
    writer.raw(next);
    next = ",";
    writer.quote(attribute);
    writer.raw(":");
    if (typeof value === "string") writer.quote(value);
    else writer.raw(String(value));
  };
  return (given) => {
    if (given.attributes === undefined) return;
    fields = given;
    next = `${name}{`;
    readAttributes(given, visit);
    if (next === ",") writer.raw("}");
  };
}
