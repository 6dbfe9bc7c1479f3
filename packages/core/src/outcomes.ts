/** Every reason for which a record is dropped: it was accepted or refused, and will not arrive. */
export const DROP_REASONS = [
  "invalid",
  "queue-full",
  "too-large",
  "rejected",
  "expired",
  "refused",
  "unconfirmed",
  "unexported",
  "failed",
  "encode",
  "overflow",
  "closed",
] as const;

/** Why a record was dropped. */
export type DropReason = (typeof DROP_REASONS)[number];

/** Every rule by which a record is left aside although nothing went wrong. */
export const IGNORE_REASONS = ["unfinished", "filtered", "unsupported", "unwanted"] as const;

/** Why a record was ignored. */
export type IgnoreReason = (typeof IGNORE_REASONS)[number];
