const MAX_LANES = 1_024;
/** So many requests near a learned size have to be taken before a larger one is tried; four times as many after each try that failed. */
const FIRST_TRY = 100;
const LAST_TRY = 100_000;

/** What is known of the largest request that the backend takes, per lane. */
export interface SizeLimits {
  /** Largest request for a lane, in bytes. */
  readonly of: (lane: string) => number;
  /** Notes that a request of that size was refused for it. */
  tooLarge(lane: string, bytes: number): void;
  /** Notes that a request of that size was taken. */
  taken(lane: string, bytes: number): void;
}

interface Learned {
  bytes: number;
  /** How many requests near it were taken since it was learned, or made larger. */
  taken: number;
  /** How many of them have to be before a larger one is tried. */
  nextTry: number;
  /** Whether it was made larger, and nothing was refused since. */
  isTried: boolean;
}

/** Makes limits that begin with `maxBatchBytes` for every lane. */
export function createSizeLimits(maxBatchBytes: number): SizeLimits {
  const learned = new Map<string, Learned>();
  const of = (lane: string): number => learned.get(lane)?.bytes ?? maxBatchBytes;
  return {
    of,
    tooLarge(lane, bytes) {
      // The number of lanes is the caller's: what was learned of the first is forgotten before it grows without bound.
      const first = learned.keys().next().value;
      if (learned.size >= MAX_LANES && first !== undefined && !learned.has(lane)) learned.delete(first);
      // Half of what was refused, as its halves are: no batch meets the limit twice, and none gets below half of it.
      const half = Math.min(of(lane), Math.max(Math.floor(bytes / 2), 1));
      const { nextTry = FIRST_TRY, isTried = false } = learned.get(lane) ?? {};
      learned.set(lane, {
        bytes: half,
        taken: 0,
        nextTry: isTried ? Math.min(nextTry * 4, LAST_TRY) : nextTry,
        isTried: false,
      });
    },
    taken(lane, bytes) {
      const limit = learned.get(lane);
      if (limit === undefined || bytes * 2 < limit.bytes) return;
      limit.taken += 1;
      if (limit.taken < limit.nextTry) return;
      // Whoever refused may have been in between for a while only.
      limit.taken = 0;
      limit.isTried = true;
      limit.bytes *= 2;
      if (limit.bytes >= maxBatchBytes) learned.delete(lane);
    },
  };
}
