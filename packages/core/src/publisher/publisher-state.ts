// The state of a publisher in health(): which ones there are, and how one follows from what happened.
import type { PublisherState } from "./contract.ts";

/** Publisher states from best to worst. */
export const PUBLISHER_STATES: readonly PublisherState[] = ["closed", "idle", "ok", "degraded", "failing"];

/** How long a failure keeps a publisher from being `ok`, in milliseconds. */
const DEGRADED_MS = 60_000;

/** Returns whether a failure is recent enough to degrade a publisher. Both times are epoch milliseconds. */
export function isRecentFailure(time: number, now: number): boolean {
  return now - time < DEGRADED_MS;
}

/**
 * Returns a publisher's state: `failing` while the publisher says so, `degraded` for a minute after a failure.
 * @param failing whether the backend rejects requests, or cannot be reached, at the moment
 * @param lastErrorTime when something last failed, in epoch milliseconds
 * @param now epoch milliseconds
 */
export function publisherState({
  closed,
  received,
  failing,
  lastErrorTime,
  now,
}: {
  readonly closed: boolean;
  readonly received: number;
  readonly failing: boolean;
  readonly lastErrorTime?: number | undefined;
  readonly now: number;
}): PublisherState {
  if (closed) return "closed";
  if (failing) return "failing";
  if (lastErrorTime !== undefined && isRecentFailure(lastErrorTime, now)) return "degraded";
  return received === 0 ? "idle" : "ok";
}
