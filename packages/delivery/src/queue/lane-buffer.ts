// Growing buffer for the records of one lane, until they become a batch.
import { ownText } from "@eventmeter/core/publisher";
import { BATCH_OVERHEAD } from "./batch-maker.ts";

/** Capacity of a new buffer in bytes, unless the lane's last buffer became full. */
export const FIRST_BYTES = 4_096;
const FIRST_RECORDS = 64;

/** Encoded records of one lane, back to back in one buffer. */
export class LaneBuffer {
  readonly lane: string;
  /** When the first record came, on the monotonic clock. */
  readonly openedAt: number;
  /** Order of the last use, for finding the least recently used buffer. */
  lastUse = 0;
  readonly #limit: number;
  readonly #firstBytes: number;
  #bytes: Buffer<ArrayBuffer> = Buffer.alloc(0);
  #offsets = new Uint32Array(FIRST_RECORDS);
  #count = 0;
  #length = 0;

  /**
   * @param now monotonic milliseconds
   * @param limit bytes that doubling need not exceed
   * @param firstBytes capacity to begin with
   */
  constructor(lane: string, now: number, limit: number, firstBytes: number = FIRST_BYTES) {
    // The lane's first buffer gives its name to all that is kept of the lane.
    this.lane = ownText(lane);
    this.openedAt = now;
    this.#limit = limit;
    this.#firstBytes = firstBytes;
  }

  get count(): number {
    return this.#count;
  }

  /** Bytes written. */
  get length(): number {
    return this.#length;
  }

  /** Memory held, in bytes. */
  get capacity(): number {
    return this.#count === 0 ? 0 : this.#bytes.length + this.#offsets.byteLength + BATCH_OVERHEAD;
  }

  /** Returns how much more memory `data` would need, in bytes. */
  growthFor(data: string | Uint8Array): number {
    if (this.#count === 0) return openingBytes(data, this.#firstBytes);
    const needed = this.#lengthWith(data);
    const moreBytes = needed <= this.#bytes.length ? 0 : this.#capacityFor(needed) - this.#bytes.length;
    return moreBytes + (this.#count + 1 === this.#offsets.length ? this.#offsets.byteLength : 0);
  }

  /** Hot: one call for each record. */
  append(data: string | Uint8Array): void {
    const needed = this.#lengthWith(data);
    if (needed > this.#bytes.length || this.#bytes.length === 0) this.#growBytes(needed);
    if (typeof data === "string") this.#length += this.#bytes.write(data, this.#length);
    else {
      this.#bytes.set(data, this.#length);
      this.#length += data.length;
    }
    this.#count += 1;
    if (this.#count === this.#offsets.length) this.#growOffsets();
    this.#offsets[this.#count] = this.#length;
  }

  /** Returns the records and their offsets, trimmed; the buffer is not used afterwards. */
  take(): { records: Uint8Array<ArrayBuffer>; offsets: Uint32Array } {
    const kept = new Uint8Array(this.#bytes.buffer, 0, this.#length);
    // A buffer that is mostly empty is copied: its batch may wait for long.
    const records = this.#length * 2 < this.#bytes.length ? kept.slice() : kept;
    return { records, offsets: this.#offsets.slice(0, this.#count + 1) };
  }

  /**
   * Returns an upper bound of the length once `data` is appended. A character takes at most three bytes of UTF-8 per code
   * unit; only where that bound does not fit is the length counted.
   */
  #lengthWith(data: string | Uint8Array): number {
    if (typeof data !== "string") return this.#length + data.length;
    const bound = this.#length + data.length * 3;
    return bound <= this.#bytes.length ? bound : this.#length + Buffer.byteLength(data);
  }

  #capacityFor(bytes: number): number {
    if (this.#bytes.length === 0) return Math.max(this.#firstBytes, bytes);
    // The limit may have risen since the buffer was opened.
    const most = bytes > this.#limit ? Infinity : Math.max(this.#limit, FIRST_BYTES);
    return Math.max(Math.min(this.#bytes.length * 2, most), bytes);
  }

  #growBytes(needed: number): void {
    const grown = Buffer.allocUnsafeSlow(this.#capacityFor(needed));
    this.#bytes.copy(grown, 0, 0, this.#length);
    this.#bytes = grown;
  }

  #growOffsets(): void {
    const grown = new Uint32Array(this.#offsets.length * 2);
    grown.set(this.#offsets);
    this.#offsets = grown;
  }
}

/** Returns the memory of a buffer that opens with `data`, in bytes. @param firstBytes capacity to begin with */
export function openingBytes(data: string | Uint8Array, firstBytes: number = FIRST_BYTES): number {
  const fits = data.length * (typeof data === "string" ? 3 : 1) <= firstBytes;
  return (fits ? firstBytes : Math.max(firstBytes, byteLength(data))) + FIRST_RECORDS * 4 + BATCH_OVERHEAD;
}

function byteLength(data: string | Uint8Array): number {
  return typeof data === "string" ? Buffer.byteLength(data) : data.length;
}
