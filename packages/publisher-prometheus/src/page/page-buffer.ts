// Buffer of a page: a list of chunks, so that nothing large is ever built or copied in one go.

/** The bytes of a page while it is written. */
export interface PageBuffer {
  /** Chunks that are full. */
  readonly chunks: Buffer[];
  /** The chunk that is being filled. */
  chunk: Buffer;
  /** Where the next byte goes in `chunk`. */
  at: number;
}

/** Small enough to come from the allocator's own pool again and again, large enough for some 40 histograms. */
const CHUNK_BYTES = 64 * 1024;

/** Digits of the largest count that is exact, 2^53. */
export const MAX_COUNT_BYTES = 16;

/** Creates the buffer of a page. */
export function createPageBuffer(): PageBuffer {
  return { chunks: [], chunk: Buffer.allocUnsafeSlow(CHUNK_BYTES), at: 0 };
}

/** Reserves room for the next `bytes` bytes in one chunk. */
export function reserve(page: PageBuffer, bytes: number): void {
  if (page.at + bytes <= page.chunk.length) return;
  page.chunks.push(page.chunk.subarray(0, page.at));
  page.chunk = Buffer.allocUnsafeSlow(Math.max(bytes, CHUNK_BYTES));
  page.at = 0;
}

/** Appends text as UTF-8. */
export function appendText(page: PageBuffer, text: string): void {
  // No UTF-16 code unit takes more than three bytes.
  reserve(page, text.length * 3);
  page.at += page.chunk.write(text, page.at);
}

/** Appends bytes where room is reserved. Hot: faster than a native copy for the few bytes that it is used for. */
export function appendBytes(page: PageBuffer, bytes: Uint8Array): void {
  const { chunk, at } = page;
  for (let index = 0; index < bytes.length; index += 1) chunk[at + index] = bytes[index] as number;
  page.at = at + bytes.length;
}

/** Appends a whole number from 0 to 2^53 where room is reserved. Hot. */
export function appendCount(page: PageBuffer, count: number): void {
  const { chunk } = page;
  let digits = 1;
  for (let power = 10; power <= count; power *= 10) digits += 1;
  let rest = count;
  for (let at = page.at + digits - 1; at >= page.at; at -= 1) {
    const tens = Math.floor(rest / 10);
    chunk[at] = 48 + rest - tens * 10;
    rest = tens;
  }
  page.at += digits;
}

/** Returns the bytes of a page in order. */
export function finishPage({ chunks, chunk, at }: PageBuffer): Buffer[] {
  return [...chunks, chunk.subarray(0, at)];
}
