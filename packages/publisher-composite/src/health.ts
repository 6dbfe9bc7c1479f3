import type { PublisherHealth, PublisherState } from "@eventmeter/core";
import { PUBLISHER_STATES, readHealth } from "@eventmeter/core/publisher";
import { type Child, MAX_UNSETTLED } from "./child.ts";

// As long as a failure of its own keeps any publisher from being `ok`.
const DEGRADED_MS = 60_000;

/** Gives the worst of some states; `idle` if there are none. */
export function worstState(states: readonly PublisherState[]): PublisherState {
  const ranks = states.map((state) => PUBLISHER_STATES.indexOf(state));
  return PUBLISHER_STATES[Math.max(...ranks)] ?? "idle";
}

/** Gives the later of two failures. */
export function laterError(
  one: PublisherHealth["lastError"],
  other: PublisherHealth["lastError"],
): PublisherHealth["lastError"] {
  if (one === null || other === null) return one ?? other;
  return other.time > one.time ? other : one;
}

/** Gives the later of two times. */
export function laterTime(one: number | null, other: number | null): number | null {
  return one === null || other === null ? (one ?? other) : Math.max(one, other);
}

/**
 * Gives a child's own health, with what only the composite knows: records it was not offered count as received and
 * dropped by `overflow`, and a failure that the composite caught shows in the state. A child that gives none gets a stand-in.
 */
export function childHealth(child: Child): PublisherHealth {
  const own = ownHealth(child) ?? standIn(child.name);
  const { skipped, reporter, clock } = child;
  const lastError = laterError(own.lastError, reporter.lastError);
  const seen =
    child.unsettled.size >= MAX_UNSETTLED
      ? "failing"
      : reporter.lastError !== null && clock.now() - reporter.lastError.time < DEGRADED_MS
        ? "degraded"
        : own.state;
  return {
    ...own,
    name: child.name,
    state: own.state === "closed" ? own.state : worstState([own.state, seen]),
    lastError,
    ...(skipped === 0
      ? {}
      : {
          received: own.received + skipped,
          dropped: own.dropped + skipped,
          droppedBy: { ...own.droppedBy, overflow: (own.droppedBy.overflow ?? 0) + skipped },
        }),
  };
}

function ownHealth({ publisher, reporter }: Child): PublisherHealth | undefined {
  const health = readHealth(publisher);
  if (health === undefined) reporter.drop("publisher-failed", "its health() gave no health", { count: 0 });
  return health;
}

function standIn(name: string): PublisherHealth {
  return {
    name,
    state: "failing",
    received: 0,
    recovered: 0,
    delivered: 0,
    dropped: 0,
    ignored: 0,
    pending: 0,
    droppedBy: {},
    ignoredBy: {},
    pendingDetail: { bytes: 0, oldestAgeMs: null },
    repaired: 0,
    retries: 0,
    lastSuccess: null,
    lastError: null,
  };
}
