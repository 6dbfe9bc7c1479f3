// Order of snapshots by their times, which receivers insist on.

/**
 * How far ahead of its own clock a receiver of series takes a sample, in milliseconds; samples further ahead are rejected:
 * Prometheus, https://github.com/prometheus/prometheus/blob/main/scrape/scrape.go (`maxAheadTime`), and Mimir's
 * `creation_grace_period`.
 */
const MAX_AHEAD_MS = 600_000;

/** Keeps snapshots in the order of their times: receivers reject samples that are older than the newest, or as old and different. */
export class SnapshotOrder {
  #newest = -Infinity;
  #waits = 0;

  /** Returns how long to wait before another snapshot may be sent instead of this one, in milliseconds; 0 if this one may be sent. */
  waitMs(time: number): number {
    const behindMs = this.#newest - time;
    // Further behind than any receiver that keeps an order could be ahead: then no order has to be kept.
    if (!(behindMs >= 0) || behindMs > MAX_AHEAD_MS) {
      this.#waits = 0;
      return 0;
    }
    // Longer each time: a clock may stand still.
    this.#waits += 1;
    return behindMs + 2 ** Math.min(this.#waits - 1, 31);
  }

  /** Records that a receiver has a snapshot of this time. */
  onAcknowledged(time: number): void {
    this.#newest = time;
  }
}
