// Largest request that the backend takes, learned per lane from what it rejects for its size.

const MAX_LANES = 1_024;
/** So many requests near a learned size have to be taken before a larger one is tried; four times as many after each try that failed. */
const FIRST_RAISE_AFTER = 100;
const LAST_RAISE_AFTER = 100_000;

interface LearnedLimit {
  bytes: number;
  /** Requests near the limit that were taken since it was learned or raised. */
  taken: number;
  /** How many of them it takes before a larger request is tried. */
  raiseAfter: number;
  /** Whether the limit was raised and nothing was rejected since. */
  isRaised: boolean;
}

/** Size limits of all lanes; each begins with `maxBatchBytes`. */
export class SizeLimits {
  readonly #maxBatchBytes: number;
  readonly #learned = new Map<string, LearnedLimit>();

  constructor(maxBatchBytes: number) {
    this.#maxBatchBytes = maxBatchBytes;
  }

  /** Returns the largest request for a lane, in bytes. */
  of(lane: string): number {
    return this.#learned.get(lane)?.bytes ?? this.#maxBatchBytes;
  }

  /** Records that a request of `bytes` bytes was rejected for its size. */
  onTooLarge(lane: string, bytes: number): void {
    // The caller decides how many lanes there are: the first are forgotten before the map grows without bound.
    const first = this.#learned.keys().next().value;
    if (this.#learned.size >= MAX_LANES && first !== undefined && !this.#learned.has(lane)) this.#learned.delete(first);
    // Half of what was rejected, as its halves are: no batch is rejected twice for its size, and none gets below half of it.
    const half = Math.min(this.of(lane), Math.max(Math.floor(bytes / 2), 1));
    const { raiseAfter = FIRST_RAISE_AFTER, isRaised = false } = this.#learned.get(lane) ?? {};
    this.#learned.set(lane, {
      bytes: half,
      taken: 0,
      raiseAfter: isRaised ? Math.min(raiseAfter * 4, LAST_RAISE_AFTER) : raiseAfter,
      isRaised: false,
    });
  }

  /** Records that a request of `bytes` bytes was taken. */
  onTaken(lane: string, bytes: number): void {
    const limit = this.#learned.get(lane);
    if (limit === undefined || bytes * 2 < limit.bytes) return;
    limit.taken += 1;
    if (limit.taken < limit.raiseAfter) return;
    // The limit may have come from a proxy that is no longer in the path.
    limit.taken = 0;
    limit.isRaised = true;
    limit.bytes *= 2;
    if (limit.bytes >= this.#maxBatchBytes) this.#learned.delete(lane);
  }
}
