// Batches of one lane that wait or are in flight.
import type { KeptBatch } from "./batch-store.ts";

/** A batch in the queue, with its history. */
export interface QueuedBatch {
  readonly kept: KeptBatch;
  /** When its oldest record was published, on the monotonic clock. */
  readonly receivedAt: number;
  /** Which flush covers it: every flush ends one generation. */
  readonly generation: number;
  /** Place in the order in which batches came. */
  readonly order: number;
  /** Attempts so far. */
  attempts: number;
  /** When the next attempt may begin, on the monotonic clock. */
  notBefore: number;
  inFlight: boolean;
  /** Whether an attempt ended without success: a batch is sent at least once before it can expire. */
  wasSent: boolean;
}

/** The batches of one lane. */
export class LaneQueue {
  /** What is left of batches that were cut; older than any whole batch. */
  readonly parts: Set<QueuedBatch> = new Set();
  /** Oldest first. */
  readonly whole: Set<QueuedBatch> = new Set();
  /** Memory of all of them, in bytes. */
  memory = 0;

  get isEmpty(): boolean {
    return this.parts.size + this.whole.size === 0;
  }

  /** When the oldest record was published, on the monotonic clock; Infinity if there is none. */
  get oldest(): number {
    let oldest = Infinity;
    for (const { receivedAt } of this.parts) oldest = Math.min(oldest, receivedAt);
    for (const { receivedAt } of this.whole) return Math.min(oldest, receivedAt);
    return oldest;
  }

  /** Returns the oldest batch that is not in flight. */
  firstWaiting(): QueuedBatch | undefined {
    let first: QueuedBatch | undefined;
    for (const queued of this.parts)
      if (!queued.inFlight && (first === undefined || queued.order < first.order)) first = queued;
    if (first !== undefined) return first;
    for (const queued of this.whole) if (!queued.inFlight) return queued;
    return undefined;
  }

  /**
   * Returns the batch that may be sent at `now`: the smallest part, else the oldest whole batch.
   * @param fewestAttempts whether to prefer the batch with the fewest attempts
   */
  nextDue(now: number, fewestAttempts: boolean): QueuedBatch | undefined {
    let found: QueuedBatch | undefined;
    for (const queued of this.parts) {
      if (queued.inFlight || queued.notBefore > now) continue;
      if (found === undefined || precedes(queued, found, fewestAttempts)) found = queued;
    }
    if (found !== undefined && (!fewestAttempts || found.attempts === 0)) return found;
    for (const queued of this.whole) {
      if (queued.inFlight || queued.notBefore > now) continue;
      if (found === undefined || queued.attempts < found.attempts) found = queued;
      if (!fewestAttempts || found.attempts === 0) return found;
    }
    return found;
  }
}

// The smallest first: one batch is cut down to its records before the next is cut, so that few parts exist at a time.
function precedes(one: QueuedBatch, other: QueuedBatch, fewestAttempts: boolean): boolean {
  if (fewestAttempts && one.attempts !== other.attempts) return one.attempts < other.attempts;
  return one.kept.count < other.kept.count;
}
