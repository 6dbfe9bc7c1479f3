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

/** Batches that wait or are in flight. What is done for every batch looks neither at all batches nor at all lanes. */
export class BatchQueue {
  readonly #lanes = new Map<string, LaneQueue>();
  /** All batches, by when their oldest record was published. */
  readonly #byAge = new KeyedHeap<QueuedBatch>();
  /** Batches that wait, by their order. */
  readonly #waiting = new KeyedHeap<QueuedBatch>();
  /** Batches that wait and can expire, by when their oldest record was published. */
  readonly #aging = new KeyedHeap<QueuedBatch>();
  /** Batches that wait for a time of their own, by that time. */
  readonly #delayed = new KeyedHeap<QueuedBatch>();
  /** Lanes with a batch that may be sent, by the order of that batch. */
  readonly #ready = new KeyedHeap<LaneQueue>();
  /** Lanes of which `#ready` is out of date. */
  readonly #changed = new Set<LaneQueue>();
  #onLaneEmpty: (lane: string) => void = () => undefined;
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

  /** Whether any batch is in flight. */
  get hasInFlight(): boolean {
    return this.#waiting.size < this.#size;
  }

  /** The generation of a batch that is added now. */
  get generation(): number {
    return this.#generations.current;
  }

  /** When the oldest record was published, on the monotonic clock; undefined if the queue is empty. */
  get oldest(): number | undefined {
    return this.#byAge.size === 0 ? undefined : this.#byAge.firstKey;
  }

  *all(): Generator<QueuedBatch, void, undefined> {
    for (const { parts, whole } of this.#lanes.values()) {
      yield* parts;
      yield* whole;
    }
  }

  /** Calls `listener` with each lane that has no batches anymore. */
  onLaneEmpty(listener: (lane: string) => void): void {
    this.#onLaneEmpty = listener;
  }

  /** Records that `admits` or `failures` of the sending rules changed for a lane. */
  onLaneChanged(name: string): void {
    const lane = this.#lanes.get(name);
    if (lane !== undefined) this.#changed.add(lane);
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
    const lane = this.#lanes.get(kept.lane) ?? new LaneQueue(kept.lane);
    this.#lanes.set(kept.lane, lane);
    lane.add(queued, history.order !== undefined);
    this.#generations.add(queued.generation);
    this.#memory += kept.memory;
    lane.memory += kept.memory;
    this.#size += 1;
    this.#byAge.set(queued, queued.receivedAt);
    this.#wait(queued, lane);
  }

  /** Returns a batch to waiting that was in flight. */
  delay(queued: QueuedBatch, notBefore: number): void {
    queued.inFlight = false;
    queued.notBefore = notBefore;
    const lane = this.#lanes.get(queued.kept.lane);
    if (lane !== undefined) this.#wait(queued, lane);
  }

  /** Removes a batch; returns false if it was removed before. */
  remove(queued: QueuedBatch): boolean {
    const { kept, generation } = queued;
    const lane = this.#lanes.get(kept.lane);
    if (lane === undefined || !lane.delete(queued)) return false;
    this.#byAge.delete(queued);
    this.#endWait(queued, lane);
    this.#memory -= kept.memory;
    lane.memory -= kept.memory;
    this.#size -= 1;
    if (lane.isEmpty) this.#removeLane(lane);
    this.#generations.remove(generation);
    return true;
  }

  /** Returns the oldest batch that is not in flight. */
  firstWaiting(): QueuedBatch | undefined {
    return this.#waiting.first;
  }

  /** Takes the batch that is sent next, in flight from now on: the oldest, or the one least likely to be the cause of failures. */
  takeNext(rules: SendingRules): QueuedBatch | undefined {
    this.#wakeDelayed(rules.now);
    this.#updateReady(rules);
    const next = rules.probing ? this.#probe(rules) : this.#ready.first && nextOf(this.#ready.first, rules);
    const lane = next && this.#lanes.get(next.kept.lane);
    if (next === undefined || lane === undefined) return undefined;
    next.inFlight = true;
    this.#endWait(next, lane);
    return next;
  }

  /**
   * Returns the batch that has reached the age for the longest time; undefined if none has. Batches that are in flight, or
   * were never sent, do not expire.
   */
  firstExpired(now: number, maxAgeMs: number): QueuedBatch | undefined {
    return this.#aging.firstKey + maxAgeMs <= now ? this.#aging.first : undefined;
  }

  /** Returns when the next batch reaches the age, on the monotonic clock. */
  nextExpiry(maxAgeMs: number): number {
    return this.#aging.firstKey + maxAgeMs;
  }

  /** Returns when a batch may be sent or has reached the age, on the monotonic clock. */
  nextDue(now: number, maxAgeMs: number): number {
    this.#wakeDelayed(now);
    return Math.min(this.#delayed.firstKey, this.nextExpiry(maxAgeMs));
  }

  /** Calls `done` when nothing is left of what was added so far; returns what withdraws the call. */
  onceDrained(done: () => void): () => void {
    return this.#generations.end(done);
  }

  #wait(queued: QueuedBatch, lane: LaneQueue): void {
    this.#waiting.set(queued, queued.order);
    if (queued.wasSent) this.#aging.set(queued, queued.receivedAt);
    if (queued.notBefore > 0) this.#delayed.set(queued, queued.notBefore);
    this.#changed.add(lane);
  }

  #endWait(queued: QueuedBatch, lane: LaneQueue): void {
    this.#waiting.delete(queued);
    this.#aging.delete(queued);
    this.#delayed.delete(queued);
    this.#changed.add(lane);
  }

  #removeLane(lane: LaneQueue): void {
    this.#lanes.delete(lane.name);
    this.#ready.delete(lane);
    this.#changed.delete(lane);
    this.#onLaneEmpty(lane.name);
  }

  #wakeDelayed(now: number): void {
    while (this.#delayed.firstKey <= now) {
      const queued = this.#delayed.first as QueuedBatch;
      this.#delayed.delete(queued);
      this.onLaneChanged(queued.kept.lane);
    }
  }

  #updateReady(rules: SendingRules): void {
    for (const lane of this.#changed) {
      const next = rules.admits(lane.name) ? nextOf(lane, rules) : undefined;
      if (next === undefined) this.#ready.delete(lane);
      else this.#ready.set(lane, next.order);
    }
    this.#changed.clear();
  }

  /** Returns the batch to probe the backend with. It looks at every lane that is ready, and is called once per back-off. */
  #probe(rules: SendingRules): QueuedBatch | undefined {
    let probe: QueuedBatch | undefined;
    for (const lane of this.#ready.items) {
      const queued = lane.nextDue(rules.now, true);
      if (queued !== undefined && (probe === undefined || isBetterProbe(queued, probe, rules))) probe = queued;
    }
    return probe;
  }
}

function nextOf(lane: LaneQueue, { now, failures }: SendingRules): QueuedBatch | undefined {
  return lane.nextDue(now, failures(lane.name) > 0);
}

function isBetterProbe(one: QueuedBatch, other: QueuedBatch, { failures }: SendingRules): boolean {
  // A lane or batch that itself fails must not be the probe: the backend may be well.
  const order = failures(one.kept.lane) - failures(other.kept.lane) || one.attempts - other.attempts;
  return (order || one.order - other.order) < 0;
}
