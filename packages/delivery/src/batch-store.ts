import type { Batch } from "./batch.ts";
import { BATCH_OVERHEAD } from "./sealed-batch.ts";

/** A batch that is kept until it is settled. */
export interface KeptBatch {
  readonly lane: string;
  readonly count: number;
  /** Length of the request body in bytes. */
  readonly bytes: number;
  /** Memory that it takes while it waits, in bytes. */
  readonly memory: number;
}

/** Where sealed batches are kept: in memory, or on disk as well. */
export interface BatchStore {
  /** Takes a sealed batch. */
  keep(batch: Batch): KeptBatch;
  /** Gives a batch that has not been forgotten. */
  load(kept: KeptBatch): Batch | Promise<Batch>;
  /** Puts what is left of a batch in its place; the parts are safe before the batch itself is forgotten. */
  replace(kept: KeptBatch, parts: readonly Batch[]): readonly KeptBatch[] | Promise<readonly KeptBatch[]>;
  /** Forgets a batch whose records are all settled. */
  forget(kept: KeptBatch): void;
}

/** Keeps batches in memory: what is queued there dies with the process. */
export function createMemoryStore(): BatchStore {
  const batches = new WeakMap<KeptBatch, Batch>();
  function keep(batch: Batch): KeptBatch {
    const { lane, count, bytes, records, offsets } = batch;
    const memory = records.buffer.byteLength + offsets.buffer.byteLength + BATCH_OVERHEAD;
    const kept = { lane, count, bytes, memory };
    batches.set(kept, batch);
    return kept;
  }
  return {
    keep,
    load(kept) {
      const batch = batches.get(kept);
      if (batch === undefined) throw new Error("a batch was loaded after it had been forgotten");
      return batch;
    },
    replace(kept, parts) {
      batches.delete(kept);
      return parts.map(keep);
    },
    forget: (kept) => void batches.delete(kept),
  };
}
