// Writer of protobuf messages: `write…` appends to a message, `set…` overwrites at a position, `…Length` counts bytes.

/**
 * A protobuf message while it is written (https://protobuf.dev/programming-guides/encoding/). Its buffer has the size of the
 * message from the start: every length is known before the first byte, so nothing grows and nothing is moved.
 */
export interface ProtobufMessage {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly view: DataView<ArrayBuffer>;
  /** Where the next byte goes. */
  at: number;
}

/** Wire types, the lower three bits of a tag. */
export const VARINT = 0;
export const FIXED64 = 1;
export const DELIMITED = 2;

const TWO_TO_32 = 2 ** 32;
const TWO_TO_64 = 2 ** 64;
const textEncoder = new TextEncoder();

/** Creates an empty message of `size` bytes. */
export function createMessage(size: number): ProtobufMessage {
  const bytes = new Uint8Array(size);
  return { bytes, view: new DataView(bytes.buffer), at: 0 };
}

/** Returns the tag of a field from 1 to 15, which takes one byte. */
export function tagOf(field: number, type: typeof VARINT | typeof FIXED64 | typeof DELIMITED): number {
  return (field << 3) | type;
}

/** Returns how many bytes a whole number below 2^32 takes. */
export function varintLength(value: number): number {
  let length = 1;
  for (let rest = value >>> 7; rest > 0; rest >>>= 7) length += 1;
  return length;
}

/** Returns how many bytes a length-delimited field takes with its tag and length. */
export function fieldLength(contentLength: number): number {
  return 1 + varintLength(contentLength) + contentLength;
}

/** Appends the tag of a length-delimited field and the length of its content, below 2^32. */
export function writeTagAndLength(message: ProtobufMessage, tag: number, length: number): void {
  const { bytes } = message;
  let { at } = message;
  bytes[at] = tag;
  at += 1;
  let rest = length;
  for (; rest > 0x7f; rest >>>= 7) {
    bytes[at] = (rest & 0x7f) | 0x80;
    at += 1;
  }
  bytes[at] = rest;
  message.at = at + 1;
}

/** Appends bytes. Hot: faster than a native copy for the few bytes that it is used for. */
export function writeBytes(message: ProtobufMessage, source: Uint8Array): void {
  const { bytes, at } = message;
  for (let index = 0; index < source.length; index += 1) bytes[at + index] = source[index] as number;
  message.at = at + source.length;
}

/** Appends a double without a tag. */
export function writeDouble(message: ProtobufMessage, value: number): void {
  message.view.setFloat64(message.at, value, true);
  message.at += 8;
}

/** Sets a number of records as fixed64, where zeros were; a fraction, a negative or a too large number becomes the nearest that fits. Hot. */
export function setCount(view: DataView<ArrayBuffer>, at: number, count: number): void {
  if (!(count >= TWO_TO_32)) view.setUint32(at, count > 0 ? count : 0, true);
  else if (count < TWO_TO_64) setHalves(view, at, count, Math.floor(count / TWO_TO_32));
  else setHalves(view, at, TWO_TO_32 - 1, TWO_TO_32 - 1);
}

/**
 * Appends epoch milliseconds as nanoseconds in fixed64 without a tag. Nanoseconds exceed 2^53, so both halves are computed
 * apart: exact to the nanosecond. An invalid time becomes 0, which OTLP reads as unknown.
 */
export function writeTime(message: ProtobufMessage, milliseconds: number): void {
  const whole = Math.floor(milliseconds);
  if (!(whole >= 0 && milliseconds * 1e6 < TWO_TO_64)) {
    message.at += 8;
    return;
  }
  const fraction = Math.round((milliseconds - whole) * 1e6);
  // whole = upper * 2^20 + lower; neither product below reaches 2^53.
  const upper = Math.floor(whole / 2 ** 20) * 1e6;
  const low = (upper % 2 ** 12) * 2 ** 20 + (whole % 2 ** 20) * 1e6 + fraction;
  setHalves(message.view, message.at, low, Math.floor(upper / 2 ** 12) + Math.floor(low / TWO_TO_32));
  message.at += 8;
}

/** Sets a fixed64 from its halves, of which the lower 32 bits count. */
function setHalves(view: DataView<ArrayBuffer>, at: number, low: number, high: number): void {
  view.setUint32(at, low, true);
  view.setUint32(at + 4, high, true);
}

/** Returns how many bytes a text takes in UTF-8; a lone surrogate takes three, since it is written as U+FFFD. */
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
export function writeText(message: ProtobufMessage, text: string): void {
  const { bytes, at } = message;
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index);
    if (unit >= 0x80) {
      const rest = textEncoder.encodeInto(text.slice(index), bytes.subarray(at + index));
      message.at = at + index + rest.written;
      return;
    }
    bytes[at + index] = unit;
  }
  message.at = at + text.length;
}

/** Encodes texts as the fields 1, 2, and so on; an empty text is left out. */
export function encodeTextFields(...texts: readonly string[]): Uint8Array<ArrayBuffer> {
  const lengths = texts.map((text) => (text === "" ? 0 : fieldLength(textLength(text))));
  const message = createMessage(lengths.reduce((total, length) => total + length, 0));
  for (const [at, text] of texts.entries()) {
    if (text === "") continue;
    writeTagAndLength(message, tagOf(at + 1, DELIMITED), textLength(text));
    writeText(message, text);
  }
  return message.bytes;
}
