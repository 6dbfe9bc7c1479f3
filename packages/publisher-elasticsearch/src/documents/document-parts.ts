// What the writers of both kinds of documents have in common: their contract, attributes, and the resource.
import type { Resource } from "@eventmeter/core";
import { type AttributeSource, type EventFields, type NetworkFields, readAttributes } from "@eventmeter/core/publisher";
import { JsonWriter } from "./json-writer.ts";

/** Writes the document of a record as one line of JSON, without the end of the line. */
export interface DocumentWriter {
  writeEvent(fields: EventFields): void;
  writeNetwork(fields: NetworkFields): void;
}

/** Writes the attributes of record after record, each time as one object, and the numbers among them as a second one. */
export class AttributesWriter {
  readonly #json: JsonWriter;
  readonly #opening: string;
  /** The second object, while the first one is written; undefined if there is none. */
  readonly #numbers: JsonWriter | undefined;
  readonly #numbersOpening: string;
  #fields: AttributeSource | undefined;
  #separator = "";
  #numbersSeparator = "";

  /**
   * @param name comma, quotes and colon included
   * @param numbersName the same of the object of numbers; without it there is none
   */
  constructor(json: JsonWriter, name: string, numbersName?: string) {
    this.#json = json;
    this.#opening = `${name}{`;
    this.#numbers = numbersName === undefined ? undefined : new JsonWriter();
    this.#numbersOpening = `${numbersName}{`;
  }

  /**
   * Writes the attributes of a record, or nothing if it has none. An attribute whose name has a NUL, which no `flattened`
   * field takes, is left out and counted as repaired.
   */
  write(fields: AttributeSource): void {
    if (fields.attributes === undefined) return;
    this.#fields = fields;
    this.#separator = this.#opening;
    this.#numbersSeparator = this.#numbersOpening;
    // A getter may have thrown while the attributes of the record before were read.
    this.#numbers?.discard();
    readAttributes(fields, this.#writeAttribute);
    if (this.#separator === ",") this.#json.writeAscii("}");
    if (this.#numbers === undefined || this.#numbersSeparator !== ",") return;
    this.#json.writeFrom(this.#numbers);
    this.#json.writeAscii("}");
  }

  // One function for all records: a new one for each would be garbage.
  readonly #writeAttribute = (name: string, value: string | number | boolean): void => {
    if (name.includes("\0")) {
      if (this.#fields !== undefined) this.#fields.repaired += 1;
      return;
    }
    const json = this.#json;
    json.writeAscii(this.#separator);
    this.#separator = ",";
    json.writeText(name);
    json.writeAscii(":");
    if (typeof value === "string") return json.writeText(value);
    const text = String(value);
    json.writeAscii(text);
    const numbers = this.#numbers;
    if (numbers === undefined || typeof value !== "number" || !isFieldName(name)) return;
    numbers.writeAscii(this.#numbersSeparator);
    this.#numbersSeparator = ",";
    numbers.writeText(name);
    numbers.writeAscii(":");
    numbers.writeAscii(text);
  };
}

/** Returns whether a name can be that of a mapped field, which white space alone cannot. */
function isFieldName(name: string): boolean {
  // Most names begin with a letter.
  const first = name.charCodeAt(0);
  return (first > 0x20 && first < 0x7f) || /[^\s\p{Cc}]/u.test(name);
}

/** Writes a resource as members of a document: `service` by ECS, and its attributes in one `flattened` field. */
export function writeResource(json: JsonWriter, resource: Resource | undefined): void {
  if (resource === undefined) return;
  const { serviceName, serviceVersion, serviceInstanceId, environment, attributes } = resource;
  json.writeAscii(',"service":{"name":');
  json.writeText(serviceName);
  json.writeTextMember(',"version":', serviceVersion);
  json.writeTextMember(',"environment":', environment);
  if (serviceInstanceId !== undefined) {
    json.writeAscii(',"node":{"name":');
    json.writeText(serviceInstanceId);
    json.writeAscii("}");
  }
  json.writeAscii("}");
  let separator = ',"resource":{';
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === undefined || name.includes("\0")) continue;
    json.writeAscii(separator);
    separator = ",";
    json.writeText(name);
    json.writeAscii(":");
    if (typeof value === "string") json.writeText(value);
    else json.writeAscii(JSON.stringify(value));
  }
  if (separator === ",") json.writeAscii("}");
}
