import { BATCH_OVERHEAD } from "./sealed-batch.ts";

/** Capacity that a lane begins with, unless its last batch became full. */
export const FIRST_BYTES = 4_096;
const FIRST_RECORDS = 64;

/** Records of one lane that are being gathered: written straight into one growing buffer. */
export interface OpenLane {
  readonly lane: string;
  /** When the first record came, on the monotonic clock. */
  readonly openedAt: number;
  /** Order of the last use, for finding the least recently used. */
  lastUse: number;
  readonly count: number;
  /** Bytes written. */
  readonly length: number;
  /** Memory held. */
  readonly capacity: number;
  /** How much more memory `data` would need. */
  growthFor(data: string | Uint8Array): number;
  append(data: string | Uint8Array): void;
  /** Gives what was gathered, trimmed; the lane is not used afterwards. */
  take(): { records: Uint8Array<ArrayBuffer>; offsets: Uint32Array };
}

/** Gives the length of encoded data in bytes. */
function byteLength(data: string | Uint8Array): number {
  return typeof data === "string" ? Buffer.byteLength(data) : data.length;
}

/** Gives the memory of a lane that opens with `data`, in bytes. @param first capacity that it begins with */
export function openingBytes(data: string | Uint8Array, first: number = FIRST_BYTES): number {
  const fits = data.length * (typeof data === "string" ? 3 : 1) <= first;
  return (fits ? first : Math.max(first, byteLength(data))) + FIRST_RECORDS * 4 + BATCH_OVERHEAD;
}

/** Opens a lane. @param now monotonic milliseconds @param limit bytes that doubling need not go beyond @param first capacity that it begins with */
export function openLane(lane: string, now: number, limit: number, first: number = FIRST_BYTES): OpenLane {
  let buffer: Buffer<ArrayBuffer> = Buffer.alloc(0);
  let offsets = new Uint32Array(FIRST_RECORDS);
  let count = 0;
  let length = 0;

  // A character takes at most three bytes of UTF-8 per code unit; only where that bound does not fit the length is counted.
  function needed(data: string | Uint8Array): number {
    if (typeof data !== "string") return length + data.length;
    const bound = length + data.length * 3;
    return bound <= buffer.length ? bound : length + Buffer.byteLength(data);
  }

  function capacityFor(bytes: number): number {
    if (buffer.length === 0) return Math.max(first, bytes);
    // The limit may have risen since the lane was opened.
    const most = bytes > limit ? Infinity : Math.max(limit, FIRST_BYTES);
    return Math.max(Math.min(buffer.length * 2, most), bytes);
  }

  return {
    lane,
    openedAt: now,
    lastUse: 0,
    get count() {
      return count;
    },
    get length() {
      return length;
    },
    get capacity() {
      return count === 0 ? 0 : buffer.length + offsets.byteLength + BATCH_OVERHEAD;
    },
    growthFor(data) {
      if (count === 0) return openingBytes(data, first);
      const bytes = needed(data);
      const moreBytes = bytes <= buffer.length ? 0 : capacityFor(bytes) - buffer.length;
      return moreBytes + (count + 1 === offsets.length ? offsets.byteLength : 0);
    },
    append(data) {
      const bytes = needed(data);
      if (bytes > buffer.length || buffer.length === 0) {
        const grown = Buffer.allocUnsafeSlow(capacityFor(bytes));
        buffer.copy(grown, 0, 0, length);
        buffer = grown;
      }
      if (typeof data === "string") length += buffer.write(data, length);
      else {
        buffer.set(data, length);
        length += data.length;
      }
      count += 1;
      if (count === offsets.length) {
        const grown = new Uint32Array(offsets.length * 2);
        grown.set(offsets);
        offsets = grown;
      }
      offsets[count] = length;
    },
    take() {
      // Memory that is mostly empty is given back: a sealed batch may wait for long.
      const kept = new Uint8Array(buffer.buffer, 0, length);
      return { records: length * 2 < buffer.length ? kept.slice() : kept, offsets: offsets.slice(0, count + 1) };
    },
  };
}
