// Batches from encoded records: whole, in parts, or with some of the records.
import type { Batch, BatchWrap } from "./batch.ts";
import { uuidV7 } from "../uuid-v7.ts";

/** Memory of a batch besides its bytes and offsets, in bytes: measured on Node 24 and rounded up. */
export const BATCH_OVERHEAD = 1_536;

/** Creates the batches of one publisher; prefix, separator and suffix are encoded once. */
export class BatchMaker {
  readonly #prefix: Buffer;
  readonly #separator: Buffer;
  readonly #suffix: Buffer;
  readonly #isWrapped: boolean;

  constructor({ prefix = "", separator = "", suffix = "" }: BatchWrap = {}) {
    this.#prefix = Buffer.from(prefix);
    this.#separator = Buffer.from(separator);
    this.#suffix = Buffer.from(suffix);
    this.#isWrapped = this.#prefix.length + this.#separator.length + this.#suffix.length > 0;
  }

  /** Returns the bytes that surround `count` records in a request. */
  overhead(count: number): number {
    return this.#prefix.length + this.#suffix.length + this.#separator.length * Math.max(count - 1, 0);
  }

  /** Creates a batch of records that stand back to back in `records`. @param now epoch milliseconds, for the id */
  create(lane: string, records: Uint8Array<ArrayBuffer>, offsets: Uint32Array, now: number): Batch {
    const count = offsets.length - 1;
    const bytes = records.length + this.overhead(count);
    const body = (): Uint8Array<ArrayBuffer> => (this.#isWrapped ? this.#surround(records, offsets, bytes) : records);
    return { id: uuidV7(now), lane, count, records, offsets, bytes, body };
  }

  /** Copies the records from `from` up to `to` into a batch of their own, so that no part keeps the memory of the whole. */
  slice(batch: Batch, from: number, to: number, now: number): Batch {
    const start = batch.offsets[from] ?? 0;
    const offsets = batch.offsets.slice(from, to + 1).map((offset) => offset - start);
    return this.create(batch.lane, new Uint8Array(batch.records.subarray(start, batch.offsets[to])), offsets, now);
  }

  /** Copies the records at the given positions into a batch of their own. */
  pick(batch: Batch, positions: readonly number[], now: number): Batch {
    const parts = positions.map((index) => batch.records.subarray(batch.offsets[index], batch.offsets[index + 1]));
    const offsets = new Uint32Array(parts.length + 1);
    parts.forEach((part, index) => (offsets[index + 1] = (offsets[index] ?? 0) + part.length));
    const records = new Uint8Array(offsets[parts.length] ?? 0);
    parts.forEach((part, index) => records.set(part, offsets[index]));
    return this.create(batch.lane, records, offsets, now);
  }

  /** Cuts a batch into two halves. */
  halve(batch: Batch, now: number): readonly Batch[] {
    const middle = Math.ceil(batch.count / 2);
    return [this.slice(batch, 0, middle, now), this.slice(batch, middle, batch.count, now)];
  }

  /** Cuts a batch into as few as fit into requests of `limit` bytes; a larger record stands alone. */
  fit(batch: Batch, limit: number, now: number): readonly Batch[] {
    const parts: Batch[] = [];
    let from = 0;
    for (let to = 1; to <= batch.count; to += 1) {
      const next = (batch.offsets[to + 1] ?? Infinity) - (batch.offsets[from] ?? 0);
      if (to < batch.count && next + this.overhead(to + 1 - from) <= limit) continue;
      parts.push(this.slice(batch, from, to, now));
      from = to;
    }
    return parts;
  }

  #surround(records: Uint8Array, offsets: Uint32Array, bytes: number): Uint8Array<ArrayBuffer> {
    const body = new Uint8Array(bytes);
    body.set(this.#prefix, 0);
    let at = this.#prefix.length;
    for (let index = 0; index + 1 < offsets.length; index += 1) {
      if (index > 0) {
        body.set(this.#separator, at);
        at += this.#separator.length;
      }
      const record = records.subarray(offsets[index], offsets[index + 1]);
      body.set(record, at);
      at += record.length;
    }
    body.set(this.#suffix, at);
    return body;
  }
}
