// Health of the children of a composite: their own, with what only the composite knows.
import type { PublisherHealth, PublisherState } from "@eventmeter/core";
import { failingHealth, isRecentFailure, PUBLISHER_STATES, readHealth } from "@eventmeter/core/publisher";
import type { Child } from "./child.ts";

/**
 * Returns a child's own health, with what only the composite knows: records that the child did not get count as received and
 * dropped, and a failure that the composite caught shows in the state. A child without a health that can be read gets a
 * stand-in.
 */
export function childHealth(child: Child): PublisherHealth {
  const own = readOwnHealth(child) ?? failingHealth(child.name);
  const { reporter } = child;
  return {
    ...withUncounted(child, own, own.received),
    name: child.name,
    state: own.state === "closed" ? own.state : worstState([own.state, stateSeen(child) ?? own.state]),
    lastError: laterError(own.lastError, reporter.lastError),
  };
}

interface Numbers {
  readonly received: number;
  readonly dropped: number;
  readonly droppedBy?: PublisherHealth["droppedBy"] | undefined;
}

/**
 * Adds to numbers of a child the records that the child does not know of: those it was not offered because of too many
 * unsettled promises, and those its publish* methods lost without counting them.
 * @param received how many records its health has as received now
 */
export function withUncounted<Own extends Numbers>(child: Child, own: Own, received: number): Own {
  const { skipped } = child;
  const failed = child.uncounted(received);
  if (skipped === 0 && failed === 0) return own;
  const { overflow = 0, failed: ownFailed = 0 } = own.droppedBy ?? {};
  return {
    ...own,
    received: own.received + skipped + failed,
    dropped: own.dropped + skipped + failed,
    droppedBy: {
      ...own.droppedBy,
      ...(skipped === 0 ? {} : { overflow: overflow + skipped }),
      ...(failed === 0 ? {} : { failed: ownFailed + failed }),
    },
  };
}

/** Returns the state that the composite sees a child in; undefined if it has caught no recent failure. */
function stateSeen({ isFull, reporter: { lastError }, clock }: Child): PublisherState | undefined {
  if (isFull) return "failing";
  return lastError !== null && isRecentFailure(lastError.time, clock.now()) ? "degraded" : undefined;
}

function readOwnHealth({ publisher, reporter }: Child): PublisherHealth | undefined {
  const health = readHealth(publisher);
  if (health === undefined) reporter.drop("publisher-failed", "its health() gave no health", { count: 0 });
  return health;
}

/** Returns the worst of some states; `idle` if there are none. */
export function worstState(states: readonly PublisherState[]): PublisherState {
  const ranks = states.map((state) => PUBLISHER_STATES.indexOf(state));
  return PUBLISHER_STATES[Math.max(...ranks)] ?? "idle";
}

/** Returns the later of two failures. */
export function laterError(
  one: PublisherHealth["lastError"],
  other: PublisherHealth["lastError"],
): PublisherHealth["lastError"] {
  if (one === null || other === null) return one ?? other;
  return other.time > one.time ? other : one;
}

/** Returns the later of two times. */
export function laterTime(one: number | null, other: number | null): number | null {
  return one === null || other === null ? (one ?? other) : Math.max(one, other);
}
