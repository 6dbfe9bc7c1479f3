// Writer of JSON as UTF-8 into one buffer, which is used again for document after document.
const FIRST_BYTES = 4_096;
/** A larger buffer is released after the document that needed it. */
const MAX_KEPT_BYTES = 65_536;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const DIGIT_ZERO = 0x30;
/** Digits of a number below it are written with arithmetic on 32-bit integers. */
const NINE_DIGITS = 1e9;

/** Writes JSON as UTF-8 into one buffer. */
export class JsonWriter {
  #buffer = Buffer.allocUnsafeSlow(FIRST_BYTES);
  #length = 0;

  /** Writes ASCII as it is: names, punctuation, numbers. */
  writeAscii(ascii: string): void {
    this.#reserve(ascii.length);
    const bytes = this.#buffer;
    const start = this.#length;
    for (let index = 0; index < ascii.length; index += 1) bytes[start + index] = ascii.charCodeAt(index);
    this.#length = start + ascii.length;
  }

  /** Writes bytes as they are: longer parts that are the same in every document. */
  writeBytes(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#buffer.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  /** Writes a whole number. Hot: an engine formats numbers as large as times by searching for the shortest fraction. */
  writeInteger(value: number): void {
    if (!(value >= 0 && value <= Number.MAX_SAFE_INTEGER)) return this.writeAscii(String(value));
    this.#reserve(16);
    const high = Math.floor(value / NINE_DIGITS);
    const low = value - high * NINE_DIGITS;
    if (high === 0) return this.#writeDigits(low, countDigits(low));
    this.#writeDigits(high, countDigits(high));
    this.#writeDigits(low, 9);
  }

  /**
   * Writes a text in quotes; lone surrogates and control characters are escaped, so that a line stays a line of UTF-8.
   * Hot: most texts are short and plain, and a loop over them costs less than joining strings that are encoded afterwards.
   */
  writeText(text: string): void {
    this.#reserve(text.length + 2);
    const bytes = this.#buffer;
    let end = this.#length;
    bytes[end] = QUOTE;
    end += 1;
    for (let index = 0; index < text.length; index += 1) {
      const code = text.charCodeAt(index);
      if (code < 0x20 || code > 0x7e || code === QUOTE || code === BACKSLASH) return this.#writeEscaped(text);
      bytes[end] = code;
      end += 1;
    }
    bytes[end] = QUOTE;
    this.#length = end + 1;
  }

  /** Writes `,"name":"text"`, or nothing for null and undefined. @param name comma, quotes and colon included */
  writeTextMember(name: string, text: string | null | undefined): void {
    if (text === null || text === undefined) return;
    this.writeAscii(name);
    this.writeText(text);
  }

  /** Writes what another writer has written, and discards it there. */
  writeFrom(other: JsonWriter): void {
    const length = other.#length;
    this.#reserve(length);
    other.#buffer.copy(this.#buffer, this.#length, 0, length);
    this.#length += length;
    other.#length = 0;
  }

  /** Discards what was written and not taken. */
  discard(): void {
    this.#length = 0;
  }

  /** Returns what was written since the last call; valid until the next write. */
  take(): Uint8Array {
    const taken = this.#buffer.subarray(0, this.#length);
    this.#length = 0;
    if (this.#buffer.length > MAX_KEPT_BYTES) this.#buffer = Buffer.allocUnsafeSlow(FIRST_BYTES);
    return taken;
  }

  #writeDigits(value: number, count: number): void {
    const bytes = this.#buffer;
    const start = this.#length;
    let rest = value | 0;
    for (let index = start + count - 1; index >= start; index -= 1) {
      const tenth = (rest / 10) | 0;
      bytes[index] = DIGIT_ZERO + rest - tenth * 10;
      rest = tenth;
    }
    this.#length = start + count;
  }

  #writeEscaped(text: string): void {
    const escaped = JSON.stringify(text);
    this.#reserve(escaped.length * 3);
    this.#length += this.#buffer.write(escaped, this.#length);
  }

  #reserve(count: number): void {
    const needed = this.#length + count;
    if (needed <= this.#buffer.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(this.#buffer.length * 2, needed));
    this.#buffer.copy(grown, 0, 0, this.#length);
    this.#buffer = grown;
  }
}

function countDigits(value: number): number {
  let count = 1;
  for (let limit = 10; count < 9 && value >= limit; limit *= 10) count += 1;
  return count;
}
