// Where batches are kept until they are settled.
import type { Batch } from "./batch.ts";
import { BATCH_OVERHEAD } from "./batch-maker.ts";

/** A batch that is kept until it is settled. */
export interface KeptBatch {
  readonly lane: string;
  readonly count: number;
  /** Length of the request body in bytes. */
  readonly bytes: number;
  /** Memory that the batch takes while it waits, in bytes. */
  readonly memory: number;
}

/** Keeps batches: in memory, or on disk as well. */
export interface BatchStore {
  /** Takes a batch. */
  keep(batch: Batch): KeptBatch;
  /** Returns a batch that has not been forgotten. */
  load(kept: KeptBatch): Batch | Promise<Batch>;
  /** Replaces a batch with what is left of it; the parts are safe before the batch itself is forgotten. */
  replace(kept: KeptBatch, parts: readonly Batch[]): readonly KeptBatch[] | Promise<readonly KeptBatch[]>;
  /** Forgets a batch whose records are all settled. */
  forget(kept: KeptBatch): void;
}

/** Keeps batches in memory: they are lost when the process ends. */
export class MemoryStore implements BatchStore {
  readonly #batches = new WeakMap<KeptBatch, Batch>();

  keep(batch: Batch): KeptBatch {
    const { lane, count, bytes, records, offsets } = batch;
    const memory = records.buffer.byteLength + offsets.buffer.byteLength + BATCH_OVERHEAD;
    const kept = { lane, count, bytes, memory };
    this.#batches.set(kept, batch);
    return kept;
  }

  load(kept: KeptBatch): Batch {
    const batch = this.#batches.get(kept);
    if (batch === undefined) throw new Error("a batch was loaded after it had been forgotten");
    return batch;
  }

  replace(kept: KeptBatch, parts: readonly Batch[]): readonly KeptBatch[] {
    this.#batches.delete(kept);
    return parts.map((part) => this.keep(part));
  }

  forget(kept: KeptBatch): void {
    this.#batches.delete(kept);
  }
}
