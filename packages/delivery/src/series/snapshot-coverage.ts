// Which records are in an acknowledged snapshot, and who waits for that.
import type { Clock } from "@eventmeter/core";

/** Counts the records of one series publisher and how many of them an acknowledged snapshot covers. */
export class SnapshotCoverage {
  readonly #clock: Clock;
  readonly #waiters = new Set<{ readonly upTo: number; readonly done: () => void }>();
  #added = 0;
  #acknowledged = 0;
  /** When the oldest record was added that no acknowledged snapshot covers. */
  #oldest: number | undefined;
  /** When the first record was added that the snapshot in flight does not cover. */
  #oldestAfterSnapshot: number | undefined;
  #isStopped = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** When the oldest record was added that no acknowledged snapshot covers, on the monotonic clock; undefined if there is none. */
  get oldest(): number | undefined {
    return this.#oldest;
  }

  /** Records that a record was added to the series; returns whether it is the first since the last snapshot was taken. */
  onAdded(): boolean {
    this.#added += 1;
    if (this.#oldestAfterSnapshot !== undefined) return false;
    this.#oldestAfterSnapshot = this.#clock.monotonic();
    this.#oldest ??= this.#oldestAfterSnapshot;
    return true;
  }

  /** Records that a snapshot is taken now; returns how many records it covers. */
  onSnapshot(): number {
    this.#oldestAfterSnapshot = undefined;
    return this.#added;
  }

  /** Records that a snapshot of `covered` records was acknowledged; returns how many of them were not before. */
  onAcknowledged(covered: number): number {
    const delivered = covered - this.#acknowledged;
    this.#acknowledged = covered;
    this.#oldest = this.#oldestAfterSnapshot;
    return delivered;
  }

  /** Calls everyone whose records are covered; separate, so that the numbers are settled before. */
  callWaiters(): void {
    for (const waiter of this.#waiters) {
      if (waiter.upTo > this.#acknowledged) continue;
      this.#waiters.delete(waiter);
      waiter.done();
    }
  }

  /** Calls `done` when all records added so far are covered. Returns a function that withdraws the call; undefined if there is nothing to wait for. */
  onceCovered(done: () => void): (() => void) | undefined {
    if (this.#isStopped || this.#acknowledged === this.#added) {
      done();
      return undefined;
    }
    const waiter = { upTo: this.#added, done };
    this.#waiters.add(waiter);
    return () => void this.#waiters.delete(waiter);
  }

  /** Calls everyone who waits: no further snapshot will be acknowledged. */
  stop(): void {
    this.#isStopped = true;
    this.#oldest = undefined;
    for (const { done } of this.#waiters) done();
    this.#waiters.clear();
  }
}
