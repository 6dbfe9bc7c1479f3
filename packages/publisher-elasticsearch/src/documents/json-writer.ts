const FIRST_BYTES = 4_096;
/** A larger buffer is given up after the document that needed it. */
const MAX_KEPT_BYTES = 65_536;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const DIGIT_ZERO = 0x30;
/** Digits of a number below it are written with arithmetic on 32-bit integers. */
const NINE_DIGITS = 1e9;

/** Writes JSON as UTF-8 into one buffer, which serves one document after the other. */
export interface JsonWriter {
  /** Writes ASCII as it is: names, punctuation, numbers. */
  readonly raw: (ascii: string) => void;
  /** Writes a whole number. */
  readonly integer: (value: number) => void;
  /** Writes what was made ready before: longer parts that are the same in every document. */
  readonly prepared: (bytes: Uint8Array) => void;
  /** Writes a text in quotes; lone surrogates and control characters are escaped, so that a line stays a line of UTF-8. */
  readonly quote: (text: string) => void;
  /** Writes `,"name":"text"`; nothing for null and undefined. @param name comma, quotes and colon included */
  readonly member: (name: string, text: string | null | undefined) => void;
  /** Forgets what was written and not taken. */
  readonly clear: () => void;
  /** Gives what was written since the last time; it stands until the next writing. */
  readonly take: () => Uint8Array;
}

/** Makes an empty writer. */
export function createJsonWriter(): JsonWriter {
  let buffer = Buffer.allocUnsafeSlow(FIRST_BYTES);
  let at = 0;

  function reserve(bytes: number): void {
    if (at + bytes <= buffer.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(buffer.length * 2, at + bytes));
    buffer.copy(grown, 0, 0, at);
    buffer = grown;
  }

  // Hot: most texts are short and plain, and a loop over them costs less than joining strings that are encoded afterwards.
  function quote(text: string): void {
    reserve(text.length + 2);
    const bytes = buffer;
    let end = at;
    bytes[end] = QUOTE;
    end += 1;
    for (let index = 0; index < text.length; index += 1) {
      const code = text.charCodeAt(index);
      if (code < 0x20 || code > 0x7e || code === QUOTE || code === BACKSLASH) return quoteAny(text);
      bytes[end] = code;
      end += 1;
    }
    bytes[end] = QUOTE;
    at = end + 1;
  }

  // Hot: times and durations are beyond what an engine makes texts of without searching for the shortest fraction.
  function integer(value: number): void {
    if (!(value >= 0 && value <= Number.MAX_SAFE_INTEGER)) return writer.raw(String(value));
    reserve(16);
    const high = Math.floor(value / NINE_DIGITS);
    const low = value - high * NINE_DIGITS;
    if (high === 0) return digits(low, digitsOf(low));
    digits(high, digitsOf(high));
    digits(low, 9);
  }

  function digits(value: number, count: number): void {
    const bytes = buffer;
    let rest = value | 0;
    for (let index = at + count - 1; index >= at; index -= 1) {
      const tenth = (rest / 10) | 0;
      bytes[index] = DIGIT_ZERO + rest - tenth * 10;
      rest = tenth;
    }
    at += count;
  }

  function quoteAny(text: string): void {
    const quoted = JSON.stringify(text);
    reserve(quoted.length * 3);
    at += buffer.write(quoted, at);
  }

  const writer: JsonWriter = {
    raw(ascii) {
      reserve(ascii.length);
      const bytes = buffer;
      for (let index = 0; index < ascii.length; index += 1) bytes[at + index] = ascii.charCodeAt(index);
      at += ascii.length;
    },
    integer,
    prepared(bytes) {
      reserve(bytes.length);
      buffer.set(bytes, at);
      at += bytes.length;
    },
    quote,
    member(name, text) {
      if (text === null || text === undefined) return;
      writer.raw(name);
      quote(text);
    },
    clear() {
      at = 0;
    },
    take() {
      const taken = buffer.subarray(0, at);
      at = 0;
      if (buffer.length > MAX_KEPT_BYTES) buffer = Buffer.allocUnsafeSlow(FIRST_BYTES);
      return taken;
    },
  };
  return writer;
}

function digitsOf(value: number): number {
  let count = 1;
  for (let limit = 10; count < 9 && value >= limit; limit *= 10) count += 1;
  return count;
}
