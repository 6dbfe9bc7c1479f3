// Why a record was dropped or ignored: one closed table for all publishers.

/** Every reason why a record is dropped and will not arrive. */
export const DROP_REASONS = [
  // A required field is missing or wrong, or reading it threw.
  "invalid",
  // The queue has no room.
  "queue-full",
  // The record alone is larger than a request or the queue may be.
  "too-large",
  // The backend will never take it.
  "rejected",
  // It was older than the limit before it could be delivered.
  "expired",
  // The start failed permanently, or the publisher was closed before it succeeded.
  "refused",
  // The close ended before the backend answered: it may have arrived.
  "unconfirmed",
  // No snapshot with it was acknowledged before the close: it may have arrived.
  "unexported",
  // A handler or mapping threw or rejected.
  "failed",
  // It could not be encoded.
  "encode",
  // Too many earlier records were not settled.
  "overflow",
  // It was published after the close.
  "closed",
] as const;

/** Why a record was dropped. */
export type DropReason = (typeof DROP_REASONS)[number];

/** Every rule by which a record is left out although nothing went wrong. */
export const IGNORE_REASONS = [
  // It has no end, and the publisher counts finished records only.
  "unfinished",
  // A filter or mapping left it out.
  "filtered",
  // The publisher has no handler for its kind.
  "unsupported",
  // No child of a composite wanted it.
  "unwanted",
] as const;

/** Why a record was ignored. */
export type IgnoreReason = (typeof IGNORE_REASONS)[number];
