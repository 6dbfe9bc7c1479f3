import {
  createWire,
  DELIMITED,
  fieldLength,
  FIXED64,
  tagOf,
  textLength,
  VARINT,
  type Wire,
  writeDouble,
  writeHead,
  writeText,
} from "./protobuf-writer.ts";

/** Attributes of a resource by name; what is undefined or an empty text is left out. */
export type OtlpAttributes = Readonly<Record<string, string | number | boolean | undefined>>;

const KEY = tagOf(1, DELIMITED);
const VALUE = tagOf(2, DELIMITED);
const TEXT = tagOf(1, DELIMITED);
const BOOLEAN = tagOf(2, VARINT);
const INTEGER = tagOf(3, VARINT);
const DOUBLE = tagOf(4, FIXED64);

/** Gives the bytes of an attribute that is a text, with its tag and length. */
export function attributeLength(name: string, text: string): number {
  return fieldLength(pairLength(textLength(name), fieldLength(textLength(text))));
}

/** Appends an attribute that is a text. */
export function writeAttribute(wire: Wire, tag: number, name: string, text: string): void {
  const nameBytes = textLength(name);
  const textBytes = textLength(text);
  writePairHead(wire, tag, name, nameBytes, fieldLength(textBytes));
  writeHead(wire, TEXT, textBytes);
  writeText(wire, text);
}

/** Encodes the attributes of a resource. */
export function encodeAttributes(tag: number, attributes: OtlpAttributes): Uint8Array<ArrayBuffer> {
  const kept = Object.entries(attributes).filter(([, value]) => value !== undefined && value !== "");
  const values = kept.map(([name, value]) => ({ name, value: encodeValue(value as string | number | boolean) }));
  const lengths = values.map(({ name, value }) => fieldLength(pairLength(textLength(name), value.length)));
  const wire = createWire(lengths.reduce((total, length) => total + length, 0));
  for (const { name, value } of values) {
    writePairHead(wire, tag, name, textLength(name), value.length);
    wire.bytes.set(value, wire.at);
    wire.at += value.length;
  }
  return wire.bytes;
}

function pairLength(nameBytes: number, valueBytes: number): number {
  return fieldLength(nameBytes) + fieldLength(valueBytes);
}

function writePairHead(wire: Wire, tag: number, name: string, nameBytes: number, valueBytes: number): void {
  writeHead(wire, tag, pairLength(nameBytes, valueBytes));
  writeHead(wire, KEY, nameBytes);
  writeText(wire, name);
  writeHead(wire, VALUE, valueBytes);
}

function encodeValue(value: string | number | boolean): Uint8Array<ArrayBuffer> {
  if (typeof value === "boolean") return Uint8Array.of(BOOLEAN, Number(value));
  if (Number.isSafeInteger(value)) return Uint8Array.of(INTEGER, ...varint64(Number(value)));
  const wire = createWire(typeof value === "string" ? fieldLength(textLength(value)) : 9);
  if (typeof value === "string") {
    writeHead(wire, TEXT, textLength(value));
    writeText(wire, value);
  } else {
    wire.bytes[0] = DOUBLE;
    wire.at = 1;
    writeDouble(wire, value);
  }
  return wire.bytes;
}

function varint64(value: number): number[] {
  const groups: number[] = [];
  for (let rest = BigInt.asUintN(64, BigInt(value)); groups.length === 0 || rest > 0n; rest >>= 7n)
    groups.push(Number(rest & 0x7fn));
  return groups.map((group, at) => (at < groups.length - 1 ? group | 0x80 : group));
}
