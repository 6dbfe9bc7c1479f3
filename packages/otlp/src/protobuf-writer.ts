/**
 * A protobuf message while it is written (https://protobuf.dev/programming-guides/encoding/). It is as large as the message
 * from the start: every length is known before the first byte, so nothing grows and nothing is moved.
 */
export interface Wire {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly view: DataView<ArrayBuffer>;
  /** Where the next byte goes. */
  at: number;
}

/** How a field is written, the lower three bits of its tag. */
export const VARINT = 0;
export const FIXED64 = 1;
export const DELIMITED = 2;

const TWO_TO_32 = 2 ** 32;
const TWO_TO_64 = 2 ** 64;
const textEncoder = new TextEncoder();

/** Makes room for a message. */
export function createWire(size: number): Wire {
  const bytes = new Uint8Array(size);
  return { bytes, view: new DataView(bytes.buffer), at: 0 };
}

/** Gives the tag of a field from 1 to 15, which takes one byte. */
export function tagOf(field: number, type: typeof VARINT | typeof FIXED64 | typeof DELIMITED): number {
  return (field << 3) | type;
}

/** Gives the bytes that a whole number below 2^32 takes. */
export function varintLength(value: number): number {
  let length = 1;
  for (let rest = value >>> 7; rest > 0; rest >>>= 7) length += 1;
  return length;
}

/** Gives the bytes of a length-delimited field with its tag and length. */
export function fieldLength(length: number): number {
  return 1 + varintLength(length) + length;
}

/** Appends a tag and a whole number below 2^32: a value, or the length of what follows. */
export function writeHead(wire: Wire, tag: number, value: number): void {
  const { bytes } = wire;
  let { at } = wire;
  bytes[at] = tag;
  at += 1;
  let rest = value;
  for (; rest > 0x7f; rest >>>= 7) {
    bytes[at] = (rest & 0x7f) | 0x80;
    at += 1;
  }
  bytes[at] = rest;
  wire.at = at + 1;
}

/** Appends bytes; hot, and faster than a native copy for the few bytes that it is used for. */
export function writeBytes(wire: Wire, source: Uint8Array): void {
  const { bytes, at } = wire;
  for (let index = 0; index < source.length; index += 1) bytes[at + index] = source[index] as number;
  wire.at = at + source.length;
}

/** Appends a double without a tag. */
export function writeDouble(wire: Wire, value: number): void {
  wire.view.setFloat64(wire.at, value, true);
  wire.at += 8;
}

/** Sets a number of records as fixed64 where zeros are: the nearest one that fixed64 holds to what is fractional, negative or too large; hot. */
export function setCount(view: DataView<ArrayBuffer>, at: number, count: number): void {
  if (!(count >= TWO_TO_32)) view.setUint32(at, count > 0 ? count : 0, true);
  else if (count < TWO_TO_64) setHalves(view, at, count, Math.floor(count / TWO_TO_32));
  else setHalves(view, at, TWO_TO_32 - 1, TWO_TO_32 - 1);
}

/**
 * Appends epoch milliseconds as nanoseconds in fixed64 without a tag. They exceed 2^53, so both halves are worked out by
 * themselves: exact to the nanosecond. What is no time becomes 0, which OTLP reads as unknown.
 */
export function writeTime(wire: Wire, milliseconds: number): void {
  const whole = Math.floor(milliseconds);
  if (!(whole >= 0 && whole * 1e6 < TWO_TO_64)) {
    wire.at += 8;
    return;
  }
  const fraction = Math.round((milliseconds - whole) * 1e6);
  // whole = upper * 2^20 + lower; neither product below reaches 2^53.
  const upper = Math.floor(whole / 2 ** 20) * 1e6;
  const low = (upper % 2 ** 12) * 2 ** 20 + (whole % 2 ** 20) * 1e6 + fraction;
  setHalves(wire.view, wire.at, low, Math.floor(upper / 2 ** 12) + Math.floor(low / TWO_TO_32));
  wire.at += 8;
}

/** Of each number what is below 2^32 is written. */
function setHalves(view: DataView<ArrayBuffer>, at: number, low: number, high: number): void {
  view.setUint32(at, low, true);
  view.setUint32(at + 4, high, true);
}

/** Gives the bytes of a text in UTF-8, three for a lone surrogate, which is written as U+FFFD. */
export function textLength(text: string): number {
  let length = text.length;
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    if (unit < 0x80) continue;
    length += unit < 0x8_00 ? 1 : 2;
    if (unit < 0xd8_00 || unit > 0xdb_ff) continue;
    const next = text.charCodeAt(at + 1);
    // Two units of four bytes together.
    if (next < 0xdc_00 || next > 0xdf_ff || Number.isNaN(next)) continue;
    at += 1;
  }
  return length;
}

/** Appends a text in UTF-8. */
export function writeText(wire: Wire, text: string): void {
  const { bytes, at } = wire;
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index);
    if (unit >= 0x80) {
      const rest = textEncoder.encodeInto(text.slice(index), bytes.subarray(at + index));
      wire.at = at + index + rest.written;
      return;
    }
    bytes[at + index] = unit;
  }
  wire.at = at + text.length;
}

/** Encodes texts as the fields 1, 2, and so on; an empty one is left out. */
export function encodeTexts(...texts: readonly string[]): Uint8Array<ArrayBuffer> {
  const lengths = texts.map((text) => (text === "" ? 0 : fieldLength(textLength(text))));
  const wire = createWire(lengths.reduce((total, length) => total + length, 0));
  for (const [at, text] of texts.entries()) {
    if (text === "") continue;
    writeHead(wire, tagOf(at + 1, DELIMITED), textLength(text));
    writeText(wire, text);
  }
  return wire.bytes;
}
