import type { KeptBatch } from "./batch-store.ts";

/** A batch in the queue with its history. */
export interface Queued {
  readonly kept: KeptBatch;
  /** When its oldest record was published, on the monotonic clock. */
  readonly receivedAt: number;
  /** Which flush covers it: every flush ends one epoch. */
  readonly epoch: number;
  /** Place in the order in which batches came. */
  readonly order: number;
  /** Attempts so far. */
  attempts: number;
  /** When the next attempt may begin, on the monotonic clock. */
  notBefore: number;
  inFlight: boolean;
}

/** Batches of one lane. */
export interface LaneQueue {
  /** What is left of batches: older than anything whole. */
  readonly parts: Set<Queued>;
  /** Oldest first. */
  readonly whole: Set<Queued>;
  /** Memory of all of them, in bytes. */
  memory: number;
}

/** Makes a lane without batches. */
export function createLaneQueue(): LaneQueue {
  return { parts: new Set(), whole: new Set(), memory: 0 };
}

/** Tells whether a lane has no batch. */
export function isEmpty({ parts, whole }: LaneQueue): boolean {
  return parts.size + whole.size === 0;
}

/** When the oldest record of a lane was published, on the monotonic clock. */
export function oldestOf({ parts, whole }: LaneQueue): number {
  let oldest = Infinity;
  for (const { receivedAt } of parts) oldest = Math.min(oldest, receivedAt);
  for (const { receivedAt } of whole) return Math.min(oldest, receivedAt);
  return oldest;
}

/** Gives the oldest batch of a lane that is not in flight. */
export function firstOf({ parts, whole }: LaneQueue): Queued | undefined {
  let first: Queued | undefined;
  for (const queued of parts)
    if (!queued.inFlight && (first === undefined || queued.order < first.order)) first = queued;
  if (first !== undefined) return first;
  for (const queued of whole) if (!queued.inFlight) return queued;
  return undefined;
}

/** Gives the batch of a lane that may go at `now`: the smallest part, else the oldest whole; or the one with the fewest attempts. */
export function candidate({ parts, whole }: LaneQueue, now: number, fewestAttempts: boolean): Queued | undefined {
  let found: Queued | undefined;
  for (const queued of parts) {
    if (queued.inFlight || queued.notBefore > now) continue;
    if (found === undefined || precedes(queued, found, fewestAttempts)) found = queued;
  }
  if (found !== undefined && (!fewestAttempts || found.attempts === 0)) return found;
  for (const queued of whole) {
    if (queued.inFlight || queued.notBefore > now) continue;
    if (found === undefined || queued.attempts < found.attempts) found = queued;
    if (!fewestAttempts || found.attempts === 0) return found;
  }
  return found;
}

// The smallest first: one batch is cut down to its records before the next is cut, so that few parts exist at a time.
function precedes(one: Queued, other: Queued, fewestAttempts: boolean): boolean {
  if (fewestAttempts && one.attempts !== other.attempts) return one.attempts < other.attempts;
  return one.kept.count < other.kept.count;
}
