// Reader of protobuf messages.

/** Value of a field: a varint as number, exact up to 2^53, or bytes; fields of other types are skipped. */
export type FieldValue = number | Uint8Array;

/** Called with each field; returns false to end the reading. */
export type VisitField = (field: number, value: FieldValue) => boolean;

interface Cursor {
  readonly bytes: Uint8Array;
  at: number;
}

/**
 * Reads the fields of a protobuf message in one pass (https://protobuf.dev/programming-guides/encoding/). Returns false if
 * the bytes are not such a message, or `visit` ended the reading. Never throws; takes time in proportion to the bytes.
 */
export function readFields(bytes: Uint8Array, visit: VisitField): boolean {
  const cursor = { bytes, at: 0 };
  while (cursor.at < bytes.length) {
    const tag = readVarint(cursor);
    const field = Math.floor(tag / 8);
    if (!(field >= 1 && tag < 2 ** 32)) return false;
    const value = readValue(cursor, tag % 8);
    if (value === undefined || (value !== null && !visit(field, value))) return false;
  }
  return true;
}

/** Returns null for a value that is skipped, undefined for an invalid one. */
function readValue(cursor: Cursor, type: number): FieldValue | null | undefined {
  if (type === 0) {
    const value = readVarint(cursor);
    return Number.isNaN(value) ? undefined : value;
  }
  if (type === 1 || type === 5) return takeBytes(cursor, type === 1 ? 8 : 4) === undefined ? undefined : null;
  // No message of OTLP has groups, the types 3 and 4.
  return type === 2 ? takeBytes(cursor, readVarint(cursor)) : undefined;
}

/** Returns the next bytes; undefined if there are fewer. */
function takeBytes(cursor: Cursor, length: number): Uint8Array | undefined {
  const { bytes, at } = cursor;
  if (!(length >= 0 && length <= bytes.length - at)) return undefined;
  cursor.at = at + length;
  return bytes.subarray(at, cursor.at);
}

/** Reads an int64 in three parts of 28 bits, so that each is exact; returns NaN if the bytes are not one. */
function readVarint(cursor: Cursor): number {
  const parts: [number, number, number] = [0, 0, 0];
  for (let group = 0; group < 10; group += 1) {
    const byte = cursor.bytes[cursor.at];
    if (byte === undefined) return Number.NaN;
    cursor.at += 1;
    const part = Math.floor(group / 4) as 0 | 1 | 2;
    parts[part] += (byte & 0x7f) * 2 ** ((group % 4) * 7);
    if (byte < 0x80) return int64(...parts);
  }
  return Number.NaN;
}

function int64(low: number, middle: number, high: number): number {
  // The highest part has eight bits, the first of which is the sign.
  const signed = ((high & 0xff) ^ 0x80) - 0x80;
  return (signed * 2 ** 28 + middle) * 2 ** 28 + low;
}
