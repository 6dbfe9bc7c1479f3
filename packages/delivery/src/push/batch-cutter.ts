// Cuts batches that are already in the queue, and puts the parts in their place.
import type { Clock } from "@eventmeter/core";
import { isThenable } from "@eventmeter/core/publisher";
import type { Batch } from "../queue/batch.ts";
import type { BatchMaker } from "../queue/batch-maker.ts";
import type { BatchQueue } from "../queue/batch-queue.ts";
import type { BatchStore, KeptBatch } from "../queue/batch-store.ts";
import type { QueuedBatch } from "../queue/lane-queue.ts";

/** Replaces batches with their parts, in the store and in the queue. */
export class BatchCutter {
  readonly #queue: BatchQueue;
  readonly #store: BatchStore;
  readonly #maker: BatchMaker;
  readonly #clock: Clock;

  constructor(parts: {
    readonly queue: BatchQueue;
    readonly store: BatchStore;
    readonly maker: BatchMaker;
    readonly clock: Clock;
  }) {
    this.#queue = parts.queue;
    this.#store = parts.store;
    this.#maker = parts.maker;
    this.#clock = parts.clock;
  }

  /** Stores the halves of a batch, or the records at some positions, in its place. Returns nothing where nothing is left. */
  storeRemainder(
    { kept }: QueuedBatch,
    batch: Batch,
    remainder: "halves" | readonly number[],
  ): readonly KeptBatch[] | Promise<readonly KeptBatch[]> {
    if (remainder.length === 0) return [];
    const now = this.#clock.now();
    const parts = remainder === "halves" ? this.#maker.halve(batch, now) : [this.#maker.pick(batch, remainder, now)];
    return this.#store.replace(kept, parts);
  }

  /** Cuts a batch that was made before its lane was known to take less, into requests of at most `limit` bytes. */
  async cutToLimit(queued: QueuedBatch, limit: number, stopped: AbortSignal): Promise<void> {
    const batch = await this.#store.load(queued.kept);
    if (stopped.aborted) return;
    const replaced = this.#store.replace(queued.kept, this.#maker.fit(batch, limit, this.#clock.now()));
    const parts = isThenable(replaced) ? await replaced : replaced;
    // A close in between has counted the whole batch; from here on nothing is awaited.
    if (stopped.aborted) return;
    this.replaceWithParts(queued, parts, queued);
  }

  /** Puts parts in the place of a batch in the queue: they keep its age and order. */
  replaceWithParts(
    queued: QueuedBatch,
    parts: readonly KeptBatch[],
    { attempts, notBefore }: Pick<QueuedBatch, "attempts" | "notBefore">,
  ): void {
    const { receivedAt, generation, order, kept } = queued;
    // What counts as new was never sent.
    const wasSent = queued.wasSent && attempts > 0;
    for (const part of parts) this.#queue.add(part, { receivedAt, generation, order, attempts, notBefore, wasSent });
    this.#queue.remove(queued);
    if (parts.length === 0) this.#store.forget(kept);
  }
}
