const MAX_LANES = 1_024;

/** What is known of the largest request that the backend takes, per lane. */
export interface SizeLimits {
  /** Largest request for a lane, in bytes. */
  readonly of: (lane: string) => number;
  /** Notes that a request of that size was refused for it. */
  tooLarge(lane: string, bytes: number): void;
}

/** Makes limits that begin with `maxBatchBytes` for every lane. */
export function createSizeLimits(maxBatchBytes: number): SizeLimits {
  const learned = new Map<string, number>();
  return {
    of: (lane) => learned.get(lane) ?? maxBatchBytes,
    tooLarge(lane, bytes) {
      // The number of lanes is the caller's: what was learned of the first is forgotten before it grows without bound.
      const first = learned.keys().next().value;
      if (learned.size >= MAX_LANES && first !== undefined && !learned.has(lane)) learned.delete(first);
      // Half of what was refused, as its halves are: no batch meets the limit twice, and none gets below half of it.
      learned.set(lane, Math.min(learned.get(lane) ?? maxBatchBytes, Math.max(Math.floor(bytes / 2), 1)));
    },
  };
}
