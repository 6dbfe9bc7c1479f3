import type { KeptBatch } from "./batch-store.ts";
import { candidate, createLaneQueue, firstOf, isEmpty, type LaneQueue, oldestOf, type Queued } from "./lane-queue.ts";

/** What is known of a batch when it comes; the parts of one keep its order, and go before younger batches. */
export type History = Pick<Queued, "receivedAt" | "epoch"> & Partial<Pick<Queued, "attempts" | "notBefore" | "order">>;

/** Whose turn it is. */
export interface Turn {
  readonly now: number;
  readonly admits: (lane: string) => boolean;
  /** Failures in a row of a lane. */
  readonly failures: (lane: string) => number;
  /** Whether one batch is to find out how the backend is. */
  readonly probing: boolean;
}

/** Batches that wait or are in flight. */
export interface Queue {
  /** Memory of all batches, in bytes. */
  readonly memory: number;
  readonly size: number;
  readonly epoch: number;
  /** When the oldest record was published, on the monotonic clock; undefined when empty. */
  readonly oldest: number | undefined;
  readonly all: Iterable<Queued>;
  readonly hasLane: (lane: string) => boolean;
  /** Memory of the batches of one lane, in bytes. */
  memoryOf(lane: string): number;
  add(kept: KeptBatch, history: History): void;
  /** Lets a batch wait that was in flight. */
  delay(queued: Queued, notBefore: number): void;
  /** Takes a batch out, whatever became of its records; false if it is out already. */
  remove(queued: Queued): boolean;
  /** Gives the oldest batch that is not in flight. */
  first(): Queued | undefined;
  /** Gives the batch that goes next, in flight from now on: the oldest, or the one least likely to be the trouble itself. */
  depart(turn: Turn): Queued | undefined;
  /** Gives what waits and has reached the age. */
  expired(now: number, maxAgeMs: number): readonly Queued[];
  /** When to look again on the monotonic clock: a batch may go then, or has reached the age. */
  nextDue(now: number, maxAgeMs: number): number;
  /** Ends an epoch and calls `done` when nothing of it, or of one before, is left; gives what takes the call back. */
  endEpoch(done: () => void): () => void;
}

/** Makes an empty queue. What is done for every batch never looks at all batches. */
export function createQueue(): Queue {
  const lanes = new Map<string, LaneQueue>();
  const delayed = new Set<Queued>();
  const sizes = new Map<number, number>();
  let memory = 0;
  let size = 0;
  let epoch = 0;
  let order = 0;
  // No batch that waits is older; the oldest may be younger.
  let oldestWaiting = Infinity;
  // The oldest epoch that something is left of, and who waits for the end of which.
  let oldestEpoch = 0;
  const waiters = new Map<number, Set<() => void>>();

  function* all(): Generator<Queued, void, undefined> {
    for (const { parts, whole } of lanes.values()) {
      yield* parts;
      yield* whole;
    }
  }

  function wait(queued: Queued): void {
    oldestWaiting = Math.min(oldestWaiting, queued.receivedAt);
    if (queued.notBefore > 0) delayed.add(queued);
  }

  function release(): void {
    for (; oldestEpoch < epoch && !sizes.has(oldestEpoch); oldestEpoch += 1) {
      for (const done of waiters.get(oldestEpoch) ?? []) done();
      waiters.delete(oldestEpoch);
    }
  }

  return {
    get memory() {
      return memory;
    },
    get size() {
      return size;
    },
    get epoch() {
      return epoch;
    },
    get oldest() {
      let oldest = Infinity;
      for (const lane of lanes.values()) oldest = Math.min(oldest, oldestOf(lane));
      return oldest === Infinity ? undefined : oldest;
    },
    get all() {
      return all();
    },
    hasLane: (lane) => lanes.has(lane),
    memoryOf: (lane) => lanes.get(lane)?.memory ?? 0,
    add(kept, history) {
      const queued: Queued = { attempts: 0, notBefore: 0, order: (order += 1), ...history, kept, inFlight: false };
      const lane = lanes.get(kept.lane) ?? createLaneQueue();
      lanes.set(kept.lane, lane);
      (history.order === undefined ? lane.whole : lane.parts).add(queued);
      sizes.set(queued.epoch, (sizes.get(queued.epoch) ?? 0) + 1);
      memory += kept.memory;
      lane.memory += kept.memory;
      size += 1;
      wait(queued);
    },
    delay(queued, notBefore) {
      queued.inFlight = false;
      queued.notBefore = notBefore;
      wait(queued);
    },
    remove(queued) {
      const lane = lanes.get(queued.kept.lane);
      if (lane === undefined || !(lane.whole.delete(queued) || lane.parts.delete(queued))) return false;
      if (isEmpty(lane)) lanes.delete(queued.kept.lane);
      delayed.delete(queued);
      memory -= queued.kept.memory;
      lane.memory -= queued.kept.memory;
      size -= 1;
      const left = (sizes.get(queued.epoch) ?? 0) - 1;
      if (left > 0) sizes.set(queued.epoch, left);
      else {
        sizes.delete(queued.epoch);
        release();
      }
      return true;
    },
    first() {
      let first: Queued | undefined;
      for (const lane of lanes.values()) {
        const queued = firstOf(lane);
        if (queued !== undefined && (first === undefined || queued.order < first.order)) first = queued;
      }
      return first;
    },
    depart(turn) {
      let next: Queued | undefined;
      for (const [lane, batches] of lanes) {
        if (!turn.admits(lane)) continue;
        const queued = candidate(batches, turn.now, turn.probing || turn.failures(lane) > 0);
        if (queued !== undefined && (next === undefined || precedes(queued, next, turn))) next = queued;
      }
      if (next === undefined) return undefined;
      next.inFlight = true;
      delayed.delete(next);
      return next;
    },
    expired(now, maxAgeMs) {
      if (oldestWaiting + maxAgeMs > now) return [];
      const found: Queued[] = [];
      oldestWaiting = Infinity;
      for (const { parts, whole } of lanes.values()) {
        for (const queued of parts) look(queued);
        // Whole batches of a lane stand in the order of their age.
        for (const queued of whole) if (!look(queued)) break;
      }
      return found;

      function look(queued: Queued): boolean {
        if (queued.inFlight) return true;
        const old = queued.receivedAt + maxAgeMs <= now;
        if (old) found.push(queued);
        else oldestWaiting = Math.min(oldestWaiting, queued.receivedAt);
        return old;
      }
    },
    nextDue(now, maxAgeMs) {
      let due = oldestWaiting + maxAgeMs;
      for (const queued of delayed) {
        if (queued.notBefore <= now) delayed.delete(queued);
        else due = Math.min(due, queued.notBefore);
      }
      return due;
    },
    endEpoch(done) {
      // One that nothing has come into is not ended anew: who flushes again and again waits for the same end.
      if (sizes.has(epoch)) epoch += 1;
      const ended = epoch - 1;
      if (ended < oldestEpoch) {
        done();
        return () => undefined;
      }
      const waiting = waiters.get(ended) ?? new Set();
      waiters.set(ended, waiting.add(done));
      return () => {
        waiting.delete(done);
        if (waiting.size === 0 && waiters.get(ended) === waiting) waiters.delete(ended);
      };
    },
  };
}

function precedes(one: Queued, other: Queued, { probing, failures }: Turn): boolean {
  if (probing) {
    // A lane or batch that is the trouble itself must not be the one that finds out whether the backend is back.
    const trouble = failures(one.kept.lane) - failures(other.kept.lane) || one.attempts - other.attempts;
    if (trouble !== 0) return trouble < 0;
  }
  return one.order < other.order;
}
