// Health of the children of a composite: their own, with what only the composite knows.
import type { PublisherHealth, PublisherState } from "@eventmeter/core";
import { failingHealth, isRecentFailure, PUBLISHER_STATES, readHealth } from "@eventmeter/core/publisher";
import type { Child } from "./child.ts";

/**
 * Returns a child's own health, with what only the composite knows: records that the child was not offered count as
 * received and dropped by `overflow`, and a failure that the composite caught shows in the state. A child without a health
 * that can be read gets a stand-in.
 */
export function childHealth(child: Child): PublisherHealth {
  const own = readOwnHealth(child) ?? failingHealth(child.name);
  const { skipped, reporter } = child;
  return {
    ...own,
    name: child.name,
    state: own.state === "closed" ? own.state : worstState([own.state, stateSeen(child) ?? own.state]),
    lastError: laterError(own.lastError, reporter.lastError),
    ...(skipped === 0
      ? {}
      : {
          received: own.received + skipped,
          dropped: own.dropped + skipped,
          droppedBy: { ...own.droppedBy, overflow: (own.droppedBy.overflow ?? 0) + skipped },
        }),
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
