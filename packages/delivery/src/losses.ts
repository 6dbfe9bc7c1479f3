import { setImmediate } from "node:timers/promises";
import type { Clock, DropReason } from "@eventmeter/core";
import { isThenable, type Ledger, type Reporter } from "@eventmeter/core/publisher";
import type { Batch } from "./batch.ts";
import type { BatchStore, KeptBatch } from "./batch-store.ts";
import type { DroppedRecord } from "./options.ts";

/** Counts, reports and hands out records that are given up after they were encoded. */
export interface Losses {
  /** Gives up one record. @param reason one clause for people, without a payload @param bytesOf gives its bytes, the receiver's own */
  record(countedAs: DropReason, reason: string, bytesOf: () => Uint8Array): void;
  /** Gives up a batch that the queue no longer has; the store forgets it. */
  batch(kept: KeptBatch, countedAs: DropReason, reason: string): void;
  /** How many batches wait to be handed out. */
  readonly waiting: number;
  /** Hands out so many batches of those that wait, oldest first, as far as that can be done at once. */
  handOutNow(batches: number): void;
  /** Resolves when everything given up so far has been handed out. */
  settled(): Promise<void>;
}

/** Why records are given up: the reason they are counted under, and a clause for people. */
interface Why {
  readonly countedAs: DropReason;
  readonly reason: string;
}

/** Longest time that a handler is called without a break, in milliseconds: a full queue is hundreds of thousands of records. */
const SLICE_MS = 5;

/** Makes the losses of one publisher. */
export function createLosses(
  ledger: Ledger,
  reporter: Reporter,
  store: BatchStore,
  clock: Clock,
  onDrop: ((record: DroppedRecord) => unknown) | undefined,
): Losses {
  // Batches that onDrop has not been told of.
  const backlog = new Map<KeptBatch, Why>();
  let last = Promise.resolve();
  let sliceBegun = 0;
  let handling = false;

  function handOut(why: Why, bytes: Uint8Array): void {
    handling = true;
    try {
      const returned = onDrop?.({ ...why, bytes });
      if (isThenable(returned)) returned.then(undefined, failed);
    } catch (cause) {
      failed(cause);
    }
    handling = false;
  }

  async function handOutLater(why: Why, bytes: Uint8Array): Promise<void> {
    await setImmediate();
    handOut(why, bytes);
  }

  function failed(cause: unknown): void {
    reporter.error("callback-failed", "a handler of onDrop threw", { cause });
  }

  function count({ countedAs, reason }: Why, records: number): void {
    ledger.drop(countedAs, records);
    const what = records === 1 ? "record" : `${records} records`;
    reporter.drop("record-dropped", `${what} dropped (${countedAs}): ${reason}`, { count: records });
  }

  // Later than the call: a publish that makes room for its record does not wait for a thousand calls of a handler.
  async function handOutNext(): Promise<void> {
    if (clock.monotonic() - sliceBegun > SLICE_MS) {
      await setImmediate();
      sliceBegun = clock.monotonic();
    }
    for (const [kept, why] of backlog) {
      backlog.delete(kept);
      try {
        // oxlint-disable-next-line no-await-in-loop -- it is left after the first
        handOutRecords(await store.load(kept), why);
      } catch (cause) {
        reporter.error("callback-failed", "dropped records could not be read for onDrop", { cause });
      }
      return store.forget(kept);
    }
  }

  function handOutRecords({ records, offsets, count: many }: Batch, why: Why): void {
    for (let index = 0; index < many; index += 1)
      handOut(why, new Uint8Array(records.subarray(offsets[index], offsets[index + 1])));
  }

  return {
    record(countedAs, reason, bytesOf) {
      const why = { countedAs, reason };
      // Before anybody hears of it: a handler may publish, and what an encoder gave stands until it is called again.
      const bytes = onDrop === undefined ? undefined : bytesOf();
      count(why, 1);
      if (bytes === undefined) return;
      // A handler that publishes into a full queue would call itself without end.
      if (handling) last = last.then(() => handOutLater(why, bytes));
      else handOut(why, bytes);
    },
    batch(kept, countedAs, reason) {
      const why = { countedAs, reason };
      count(why, kept.count);
      if (onDrop === undefined) return store.forget(kept);
      if (backlog.size === 0) sliceBegun = clock.monotonic();
      backlog.set(kept, why);
      last = last.then(handOutNext);
    },
    get waiting() {
      return backlog.size;
    },
    handOutNow(batches) {
      // A handler that publishes adds to it: with as much as it is given it would never end.
      for (const [kept, why] of Array.from(backlog).slice(0, batches)) {
        const batch = handling ? undefined : store.load(kept);
        if (batch === undefined || isThenable(batch)) return;
        backlog.delete(kept);
        handOutRecords(batch, why);
        store.forget(kept);
      }
    },
    async settled() {
      // A handler that publishes may add to what is handed out.
      for (let seen; seen !== last;) {
        seen = last;
        // oxlint-disable-next-line no-await-in-loop -- what comes next is known only then
        await seen;
      }
    },
  };
}
