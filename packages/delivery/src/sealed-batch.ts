import type { Batch, BatchWrap } from "./batch.ts";
import { uuidV7 } from "./uuid.ts";

/** What a batch takes besides its bytes and offsets, in bytes: measured on Node 24 and rounded up. */
export const BATCH_OVERHEAD = 1_536;

/** Makes batches of one definition: the surroundings are encoded once. */
export interface BatchMaker {
  /** Bytes that surround `count` records in a request. */
  readonly overhead: (count: number) => number;
  /** Seals records that stand back to back in `records`. @param now epoch milliseconds, for the id */
  seal(lane: string, records: Uint8Array<ArrayBuffer>, offsets: Uint32Array, now: number): Batch;
  /** Gives the records from `from` up to `to` as a batch of their own, copied: no part keeps the memory of the whole. */
  slice(batch: Batch, from: number, to: number, now: number): Batch;
  /** Cuts a batch into as few as fit into requests of `limit` bytes; a record that is larger stands alone. */
  fit(batch: Batch, limit: number, now: number): readonly Batch[];
  /** Gives the records at the given positions as a batch of their own, copied. */
  pick(batch: Batch, positions: readonly number[], now: number): Batch;
}

/** Makes the batch maker of a publisher. */
export function createBatchMaker(wrap: BatchWrap = {}): BatchMaker {
  const prefix = Buffer.from(wrap.prefix ?? "");
  const separator = Buffer.from(wrap.separator ?? "");
  const suffix = Buffer.from(wrap.suffix ?? "");
  const overhead = (count: number): number => prefix.length + suffix.length + separator.length * Math.max(count - 1, 0);
  const wrapped = prefix.length + separator.length + suffix.length > 0;

  function seal(lane: string, records: Uint8Array<ArrayBuffer>, offsets: Uint32Array, now: number): Batch {
    const count = offsets.length - 1;
    const bytes = records.length + overhead(count);
    return {
      id: uuidV7(now),
      lane,
      count,
      records,
      offsets,
      bytes,
      body: () => (wrapped ? surround(records, offsets, bytes) : records),
    };
  }

  function surround(records: Uint8Array, offsets: Uint32Array, bytes: number): Uint8Array<ArrayBuffer> {
    const body = new Uint8Array(bytes);
    body.set(prefix, 0);
    let at = prefix.length;
    for (let index = 0; index + 1 < offsets.length; index += 1) {
      if (index > 0) {
        body.set(separator, at);
        at += separator.length;
      }
      const record = records.subarray(offsets[index], offsets[index + 1]);
      body.set(record, at);
      at += record.length;
    }
    body.set(suffix, at);
    return body;
  }

  function slice(batch: Batch, from: number, to: number, now: number): Batch {
    const start = batch.offsets[from] ?? 0;
    const offsets = batch.offsets.slice(from, to + 1).map((offset) => offset - start);
    return seal(batch.lane, new Uint8Array(batch.records.subarray(start, batch.offsets[to])), offsets, now);
  }

  return {
    overhead,
    seal,
    slice,
    fit(batch, limit, now) {
      const parts: Batch[] = [];
      let from = 0;
      for (let to = 1; to <= batch.count; to += 1) {
        const next = (batch.offsets[to + 1] ?? Infinity) - (batch.offsets[from] ?? 0);
        if (to < batch.count && next + overhead(to + 1 - from) <= limit) continue;
        parts.push(slice(batch, from, to, now));
        from = to;
      }
      return parts;
    },
    pick(batch, positions, now) {
      const parts = positions.map((index) => batch.records.subarray(batch.offsets[index], batch.offsets[index + 1]));
      const offsets = new Uint32Array(parts.length + 1);
      parts.forEach((part, index) => (offsets[index + 1] = (offsets[index] ?? 0) + part.length));
      const records = new Uint8Array(offsets[parts.length] ?? 0);
      parts.forEach((part, index) => records.set(part, offsets[index]));
      return seal(batch.lane, records, offsets, now);
    },
  };
}
