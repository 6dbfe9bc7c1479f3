// Flushes under way: each ends as soon as nothing can be settled within its time.

/** The flushes of one publisher that wait for records to be settled. Times are on the monotonic clock. */
export class WaitingFlushes {
  readonly #flushes = new Set<{ readonly until: number; readonly giveUp: () => void }>();

  /** Adds a flush that ends at `until` at the latest; returns a function that removes it. */
  add(until: number, giveUp: () => void): () => void {
    const flush = { until, giveUp };
    this.#flushes.add(flush);
    return () => void this.#flushes.delete(flush);
  }

  /** Ends the flushes whose time is over before `next`, which is when something may next be settled. */
  endBefore(next: number): void {
    for (const flush of this.#flushes) {
      if (flush.until >= next) continue;
      this.#flushes.delete(flush);
      flush.giveUp();
    }
  }
}
