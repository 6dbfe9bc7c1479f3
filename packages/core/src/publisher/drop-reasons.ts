// Why a record was dropped or ignored: one closed table for all publishers.

/** Every reason why a record is dropped and will not arrive. */
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

/** Every rule by which a record is left out although nothing went wrong. */
export const IGNORE_REASONS = ["unfinished", "filtered", "unsupported", "unwanted"] as const;

/** Why a record was ignored. */
export type IgnoreReason = (typeof IGNORE_REASONS)[number];
