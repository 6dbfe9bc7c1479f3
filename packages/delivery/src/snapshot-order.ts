/**
 * How far ahead of its own clock a receiver of series takes a sample, in milliseconds; what is further ahead is refused:
 * Prometheus, https://github.com/prometheus/prometheus/blob/main/scrape/scrape.go (`maxAheadTime`), and Mimir's
 * `creation_grace_period`.
 */
const MAX_AHEAD_MS = 600_000;

/** Keeps snapshots in the order of their times: receivers refuse samples that are older than the newest, or as old and different. */
export interface SnapshotOrder {
  /** How long a snapshot has to wait before one may be sent in its place, in milliseconds; 0 if it may go now. */
  waitMs(time: number): number;
  /** Notes that a receiver has a snapshot. */
  acknowledged(time: number): void;
}

/** Makes an order without a snapshot yet. */
export function createSnapshotOrder(): SnapshotOrder {
  let newest = -Infinity;
  let waits = 0;
  return {
    waitMs(time) {
      const behindMs = newest - time;
      // Further behind than any receiver that keeps an order could be ahead: then there is none to keep.
      if (!(behindMs >= 0) || behindMs > MAX_AHEAD_MS) {
        waits = 0;
        return 0;
      }
      // Longer each time: a clock may stand still.
      waits += 1;
      return behindMs + 2 ** Math.min(waits - 1, 31);
    },
    acknowledged(time) {
      newest = time;
    },
  };
}
