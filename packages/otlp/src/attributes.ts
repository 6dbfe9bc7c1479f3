// Attributes: key-value pairs of a resource, a data point or an exemplar.
import {
  createMessage,
  DELIMITED,
  fieldLength,
  FIXED64,
  tagOf,
  textLength,
  VARINT,
  type ProtobufMessage,
  writeDouble,
  writeTagAndLength,
  writeText,
} from "./protobuf-writer.ts";

/** Attributes of a resource by name; undefined and empty texts are left out. */
export type OtlpAttributes = Readonly<Record<string, string | number | boolean | undefined>>;

const KEY = tagOf(1, DELIMITED);
const VALUE = tagOf(2, DELIMITED);
const TEXT = tagOf(1, DELIMITED);
const BOOLEAN = tagOf(2, VARINT);
const INTEGER = tagOf(3, VARINT);
const DOUBLE = tagOf(4, FIXED64);

/** Returns how many bytes an attribute with a text takes, with its tag and length. */
export function attributeLength(name: string, text: string): number {
  return fieldLength(keyValueLength(textLength(name), fieldLength(textLength(text))));
}

/** Appends an attribute with a text. */
export function writeAttribute(message: ProtobufMessage, tag: number, name: string, text: string): void {
  const nameBytes = textLength(name);
  const textBytes = textLength(text);
  writeAttributeHead(message, tag, name, nameBytes, fieldLength(textBytes));
  writeTagAndLength(message, TEXT, textBytes);
  writeText(message, text);
}

/** Encodes the attributes of a resource, each with `tag`. */
export function encodeAttributes(tag: number, attributes: OtlpAttributes): Uint8Array<ArrayBuffer> {
  const kept = Object.entries(attributes).filter(([, value]) => value !== undefined && value !== "");
  const values = kept.map(([name, value]) => ({ name, value: encodeValue(value as string | number | boolean) }));
  const lengths = values.map(({ name, value }) => fieldLength(keyValueLength(textLength(name), value.length)));
  const message = createMessage(lengths.reduce((total, length) => total + length, 0));
  for (const { name, value } of values) {
    writeAttributeHead(message, tag, name, textLength(name), value.length);
    message.bytes.set(value, message.at);
    message.at += value.length;
  }
  return message.bytes;
}

function keyValueLength(nameBytes: number, valueBytes: number): number {
  return fieldLength(nameBytes) + fieldLength(valueBytes);
}

/** Appends an attribute up to the content of its value. */
function writeAttributeHead(
  message: ProtobufMessage,
  tag: number,
  name: string,
  nameBytes: number,
  valueBytes: number,
): void {
  writeTagAndLength(message, tag, keyValueLength(nameBytes, valueBytes));
  writeTagAndLength(message, KEY, nameBytes);
  writeText(message, name);
  writeTagAndLength(message, VALUE, valueBytes);
}

function encodeValue(value: string | number | boolean): Uint8Array<ArrayBuffer> {
  if (typeof value === "boolean") return Uint8Array.of(BOOLEAN, Number(value));
  if (Number.isSafeInteger(value)) return Uint8Array.of(INTEGER, ...varint64(Number(value)));
  const message = createMessage(typeof value === "string" ? fieldLength(textLength(value)) : 9);
  if (typeof value === "string") {
    writeTagAndLength(message, TEXT, textLength(value));
    writeText(message, value);
  } else {
    message.bytes[0] = DOUBLE;
    message.at = 1;
    writeDouble(message, value);
  }
  return message.bytes;
}

function varint64(value: number): number[] {
  const groups: number[] = [];
  for (let rest = BigInt.asUintN(64, BigInt(value)); groups.length === 0 || rest > 0n; rest >>= 7n)
    groups.push(Number(rest & 0x7fn));
  return groups.map((group, at) => (at < groups.length - 1 ? group | 0x80 : group));
}
