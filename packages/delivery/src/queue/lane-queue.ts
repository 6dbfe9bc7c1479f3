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

/** Shared by all lanes without parts, which are most of many lanes. */
const NO_PARTS: ReadonlySet<QueuedBatch> = new Set();

/** The batches of one lane. */
export class LaneQueue {
  readonly name: string;
  /** Memory of all of them, in bytes. */
  memory = 0;
  #parts: Set<QueuedBatch> | undefined;
  readonly #whole = new Set<QueuedBatch>();

  constructor(name: string) {
    this.name = name;
  }

  get isEmpty(): boolean {
    return this.parts.size + this.whole.size === 0;
  }

  /** What is left of batches that were cut; older than any whole batch. */
  get parts(): ReadonlySet<QueuedBatch> {
    return this.#parts ?? NO_PARTS;
  }

  /** Whole batches, oldest first. */
  get whole(): ReadonlySet<QueuedBatch> {
    return this.#whole;
  }

  /** Adds a batch, whole or a part of one. */
  add(queued: QueuedBatch, isPart: boolean): void {
    (isPart ? (this.#parts ??= new Set()) : this.#whole).add(queued);
  }

  /** Removes a batch; returns false if the lane does not hold it. */
  delete(queued: QueuedBatch): boolean {
    return this.#whole.delete(queued) || this.#parts?.delete(queued) === true;
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
