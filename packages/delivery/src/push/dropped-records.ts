// Records that are dropped after they were encoded: counted, reported and handed to onDrop.
import { setImmediate } from "node:timers/promises";
import type { Clock, DropReason } from "@eventmeter/core";
import {
  describeFailure,
  isThenable,
  type Ledger,
  onRejection,
  type Reporter,
  runDetached,
} from "@eventmeter/core/publisher";
import type { Batch } from "../queue/batch.ts";
import type { BatchStore, KeptBatch } from "../queue/batch-store.ts";
import type { DeliveryOptions } from "./delivery-options.ts";

/** Why records are dropped: the reason they are counted under, and a clause for people. */
interface DropCause {
  readonly countedAs: DropReason;
  readonly reason: string;
}

/** Longest time that onDrop is called without a break, in milliseconds: a full queue is hundreds of thousands of records. */
const SLICE_MS = 5;

/** Drops encoded records of one publisher. */
export class DroppedRecords {
  readonly #ledger: Ledger;
  readonly #reporter: Reporter;
  readonly #store: BatchStore;
  readonly #clock: Clock;
  readonly #onDrop: DeliveryOptions["onDrop"];
  /** Batches that onDrop has not been given yet. */
  readonly #backlog = new Map<KeptBatch, DropCause>();
  /** The end of everything that is to be handed out later. */
  #last = Promise.resolve();
  #sliceBegun = 0;
  #isHandling = false;

  constructor(parts: {
    readonly ledger: Ledger;
    readonly reporter: Reporter;
    readonly store: BatchStore;
    readonly clock: Clock;
    readonly onDrop: DeliveryOptions["onDrop"];
  }) {
    this.#ledger = parts.ledger;
    this.#reporter = parts.reporter;
    this.#store = parts.store;
    this.#clock = parts.clock;
    this.#onDrop = parts.onDrop;
  }

  /** How many batches wait to be handed out. */
  get waiting(): number {
    return this.#backlog.size;
  }

  /**
   * Drops one record.
   * @param reason one clause for people, without a payload
   * @param bytesOf returns a copy of the record's bytes, which the receiver may keep
   */
  dropRecord(countedAs: DropReason, reason: string, bytesOf: () => Uint8Array): void {
    const cause = { countedAs, reason };
    // Before any handler runs: a handler may publish, and what an encoder returned is valid only until its next call.
    const bytes = this.#onDrop === undefined ? undefined : bytesOf();
    this.#count(cause, 1);
    if (bytes === undefined) return;
    // A handler that publishes into a full queue would call itself without end.
    if (this.#isHandling) this.#doLater(() => this.#handOutLater(cause, bytes));
    else this.#handOut(cause, bytes);
  }

  /** Drops a batch that the queue no longer has; the store forgets it. */
  dropBatch(kept: KeptBatch, countedAs: DropReason, reason: string): void {
    const cause = { countedAs, reason };
    this.#count(cause, kept.count);
    if (this.#onDrop === undefined) return this.#store.forget(kept);
    if (this.#backlog.size === 0) this.#sliceBegun = this.#clock.monotonic();
    this.#backlog.set(kept, cause);
    // Later than the call: a publish that makes room for its record does not wait for a thousand calls of a handler.
    this.#doLater(() => this.#handOutOldest());
  }

  /** Hands out at most `batches` of those that wait, oldest first, as far as that can be done at once. */
  handOutNow(batches: number): void {
    // A handler that publishes adds to the backlog: handing out all of it might never end.
    for (const [kept, cause] of Array.from(this.#backlog).slice(0, batches)) {
      const batch = this.#isHandling ? undefined : this.#store.load(kept);
      if (batch === undefined || isThenable(batch)) return;
      this.#backlog.delete(kept);
      this.#handOutBatch(batch, cause);
      this.#store.forget(kept);
    }
  }

  /** Resolves when everything dropped so far has been handed out. */
  async settled(): Promise<void> {
    // A handler that publishes may add to what is handed out.
    for (let seen; seen !== this.#last;) {
      seen = this.#last;
      // oxlint-disable-next-line no-await-in-loop -- what comes next is known only then
      await seen;
    }
  }

  #doLater(work: () => Promise<void>): void {
    this.#last = runDetached(() => this.#last.then(work));
  }

  #count({ countedAs, reason }: DropCause, records: number): void {
    this.#ledger.drop(countedAs, records);
    const what = records === 1 ? "record" : `${records} records`;
    this.#reporter.drop("record-dropped", `${what} dropped (${countedAs}): ${reason}`, { count: records });
  }

  #handOut(cause: DropCause, bytes: Uint8Array): void {
    this.#isHandling = true;
    try {
      const returned: unknown = this.#onDrop?.({ ...cause, bytes });
      if (isThenable(returned)) onRejection(returned, (error) => this.#handlerFailed(error));
    } catch (error) {
      this.#handlerFailed(error);
    }
    this.#isHandling = false;
  }

  async #handOutLater(cause: DropCause, bytes: Uint8Array): Promise<void> {
    await setImmediate();
    this.#handOut(cause, bytes);
  }

  async #handOutOldest(): Promise<void> {
    if (this.#clock.monotonic() - this.#sliceBegun > SLICE_MS) {
      await setImmediate();
      this.#sliceBegun = this.#clock.monotonic();
    }
    const [oldest] = this.#backlog;
    if (oldest === undefined) return;
    const [kept, cause] = oldest;
    this.#backlog.delete(kept);
    try {
      this.#handOutBatch(await this.#store.load(kept), cause);
    } catch (error) {
      this.#reporter.error("callback-failed", "dropped records could not be read for onDrop", { cause: error });
    }
    this.#store.forget(kept);
  }

  #handOutBatch({ records, offsets, count }: Batch, cause: DropCause): void {
    for (let index = 0; index < count; index += 1)
      this.#handOut(cause, new Uint8Array(records.subarray(offsets[index], offsets[index + 1])));
  }

  #handlerFailed(cause: unknown): void {
    this.#reporter.error("callback-failed", `a handler of onDrop threw${describeFailure(cause)}`, { cause });
  }
}
