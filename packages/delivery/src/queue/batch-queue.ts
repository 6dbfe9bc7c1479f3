// Queue of a push publisher: batches of all lanes that wait or are in flight.
import type { KeptBatch } from "./batch-store.ts";
import { FlushGenerations } from "./flush-generations.ts";
import { KeyedHeap } from "./keyed-heap.ts";
import { LaneQueue, type QueuedBatch } from "./lane-queue.ts";

/** History of a batch when it is added. The parts of a batch keep its order and are sent before younger batches. */
export type BatchHistory = Pick<QueuedBatch, "receivedAt" | "generation"> &
  Partial<Pick<QueuedBatch, "attempts" | "notBefore" | "order" | "wasSent">>;

/** What decides which batch is sent next. */
export interface SendingRules {
  /** Monotonic milliseconds. */
  readonly now: number;
  /** Returns whether a batch of a lane may be sent. */
  readonly admits: (lane: string) => boolean;
  /** Returns the failures in a row of a lane. */
  readonly failures: (lane: string) => number;
  /** Whether the next batch probes a backend that failed. */
  readonly probing: boolean;
}

/** Batches that wait or are in flight. What is done for every batch never looks at all batches. */
export class BatchQueue {
  readonly #lanes = new Map<string, LaneQueue>();
  readonly #delayed = new Set<QueuedBatch>();
  /** Batches that wait and can expire, by when their oldest record was published. */
  readonly #aging = new KeyedHeap<QueuedBatch>();
  readonly #generations = new FlushGenerations();
  #memory = 0;
  #size = 0;
  #order = 0;

  /** Memory of all batches, in bytes. */
  get memory(): number {
    return this.#memory;
  }

  get size(): number {
    return this.#size;
  }

  /** The generation of a batch that is added now. */
  get generation(): number {
    return this.#generations.current;
  }

  /** When the oldest record was published, on the monotonic clock; undefined if the queue is empty. */
  get oldest(): number | undefined {
    let oldest = Infinity;
    for (const lane of this.#lanes.values()) oldest = Math.min(oldest, lane.oldest);
    return oldest === Infinity ? undefined : oldest;
  }

  *all(): Generator<QueuedBatch, void, undefined> {
    for (const { parts, whole } of this.#lanes.values()) {
      yield* parts;
      yield* whole;
    }
  }

  hasLane(lane: string): boolean {
    return this.#lanes.has(lane);
  }

  /** Returns the memory of the batches of one lane, in bytes. */
  memoryOf(lane: string): number {
    return this.#lanes.get(lane)?.memory ?? 0;
  }

  add(kept: KeptBatch, history: BatchHistory): void {
    this.#order += 1;
    const queued: QueuedBatch = {
      attempts: 0,
      notBefore: 0,
      order: this.#order,
      wasSent: false,
      ...history,
      kept,
      inFlight: false,
    };
    const lane = this.#lanes.get(kept.lane) ?? new LaneQueue();
    this.#lanes.set(kept.lane, lane);
    (history.order === undefined ? lane.whole : lane.parts).add(queued);
    this.#generations.add(queued.generation);
    this.#memory += kept.memory;
    lane.memory += kept.memory;
    this.#size += 1;
    this.#wait(queued);
  }

  /** Returns a batch to waiting that was in flight. */
  delay(queued: QueuedBatch, notBefore: number): void {
    queued.inFlight = false;
    queued.notBefore = notBefore;
    this.#wait(queued);
  }

  /** Removes a batch; returns false if it was removed before. */
  remove(queued: QueuedBatch): boolean {
    const { kept, generation } = queued;
    const lane = this.#lanes.get(kept.lane);
    if (lane === undefined || !(lane.whole.delete(queued) || lane.parts.delete(queued))) return false;
    if (lane.isEmpty) this.#lanes.delete(kept.lane);
    this.#delayed.delete(queued);
    this.#aging.delete(queued);
    this.#memory -= kept.memory;
    lane.memory -= kept.memory;
    this.#size -= 1;
    this.#generations.remove(generation);
    return true;
  }

  /** Returns the oldest batch that is not in flight. */
  firstWaiting(): QueuedBatch | undefined {
    let first: QueuedBatch | undefined;
    for (const lane of this.#lanes.values()) {
      const queued = lane.firstWaiting();
      if (queued !== undefined && (first === undefined || queued.order < first.order)) first = queued;
    }
    return first;
  }

  /** Takes the batch that is sent next, in flight from now on: the oldest, or the one least likely to be the cause of failures. */
  takeNext(rules: SendingRules): QueuedBatch | undefined {
    let next: QueuedBatch | undefined;
    for (const [name, lane] of this.#lanes) {
      if (!rules.admits(name)) continue;
      const queued = lane.nextDue(rules.now, rules.probing || rules.failures(name) > 0);
      if (queued !== undefined && (next === undefined || precedes(queued, next, rules))) next = queued;
    }
    if (next === undefined) return undefined;
    next.inFlight = true;
    this.#delayed.delete(next);
    this.#aging.delete(next);
    return next;
  }

  /**
   * Returns the batch that has reached the age for the longest time; undefined if none has. Batches that are in flight, or
   * were never sent, do not expire.
   */
  firstExpired(now: number, maxAgeMs: number): QueuedBatch | undefined {
    return this.#aging.firstKey + maxAgeMs <= now ? this.#aging.first : undefined;
  }

  /** Returns when a batch may be sent or has reached the age, on the monotonic clock. */
  nextDue(now: number, maxAgeMs: number): number {
    let due = this.#aging.firstKey + maxAgeMs;
    for (const queued of this.#delayed) {
      if (queued.notBefore <= now) this.#delayed.delete(queued);
      else due = Math.min(due, queued.notBefore);
    }
    return due;
  }

  /** Calls `done` when nothing is left of what was added so far; returns what withdraws the call. */
  onceDrained(done: () => void): () => void {
    return this.#generations.end(done);
  }

  #wait(queued: QueuedBatch): void {
    if (queued.wasSent) this.#aging.set(queued, queued.receivedAt);
    if (queued.notBefore > 0) this.#delayed.add(queued);
  }
}

function precedes(one: QueuedBatch, other: QueuedBatch, { probing, failures }: SendingRules): boolean {
  if (probing) {
    // A lane or batch that itself fails must not be the probe: the backend may be well.
    const order = failures(one.kept.lane) - failures(other.kept.lane) || one.attempts - other.attempts;
    if (order !== 0) return order < 0;
  }
  return one.order < other.order;
}
