// Reader for the health of publishers that anyone may have written.
import type { MetricsPublisher, PublisherHealth } from "./contract.ts";
import {
  countOf,
  countsOf,
  createReadBudget,
  numberOrNull,
  type ReadBudget,
  readChildren,
  TOTALS,
} from "./foreign-values.ts";
import { PUBLISHER_STATES } from "./publisher-state.ts";
import { isThenable, onRejection } from "./thenable.ts";

/**
 * Reads the health of a publisher and of the publishers inside it, each field once. Returns undefined where health() throws,
 * or returns anything but a health: a known state and all six totals. A child with a name but without such a health is
 * shown as failing; a child without a name is left out. Never throws.
 */
export function readHealth(publisher: Pick<MetricsPublisher, "name" | "health">): PublisherHealth | undefined {
  try {
    const given: unknown = publisher.health();
    if (isThenable(given)) {
      onRejection(given);
      return undefined;
    }
    return copyHealth(given, publisher.name, createReadBudget());
  } catch {
    return undefined;
  }
}

function copyHealth(given: unknown, name: string, budget: ReadBudget): PublisherHealth | undefined {
  const copy = { ...(given as PublisherHealth) };
  const { state, droppedBy, ignoredBy, pendingDetail, repaired, retries, lastSuccess, lastError, children } = copy;
  if (!PUBLISHER_STATES.includes(state) || !TOTALS.every((total) => Number.isFinite(copy[total]))) return undefined;
  const { received, recovered, delivered, dropped, ignored, pending } = copy;
  return {
    name,
    state,
    received,
    recovered,
    delivered,
    dropped,
    ignored,
    pending,
    droppedBy: countsOf(droppedBy),
    ignoredBy: countsOf(ignoredBy),
    pendingDetail: { bytes: countOf(pendingDetail?.bytes), oldestAgeMs: numberOrNull(pendingDetail?.oldestAgeMs) },
    repaired: countOf(repaired),
    retries: countOf(retries),
    lastSuccess: numberOrNull(lastSuccess),
    lastError: copyError(lastError),
    ...(Array.isArray(children) ? { children: readChildren(children, budget, copyChild) } : {}),
  };
}

// A child that cannot be read must not cost its parent its health.
function copyChild(child: unknown, budget: ReadBudget): PublisherHealth | undefined {
  try {
    const { name } = child as { readonly name?: unknown };
    return typeof name === "string" ? copyOrStandIn(child, name, budget) : undefined;
  } catch {
    return undefined;
  }
}

function copyOrStandIn(child: unknown, name: string, budget: ReadBudget): PublisherHealth {
  try {
    return copyHealth(child, name, budget) ?? failingHealth(name);
  } catch {
    return failingHealth(name);
  }
}

/** Returns the health that stands in for one that cannot be read: failing, with all numbers at 0. */
export function failingHealth(name: string): PublisherHealth {
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

function copyError(given: unknown): PublisherHealth["lastError"] {
  if (typeof given !== "object" || given === null) return null;
  const { code, message, time } = given as {
    readonly code?: unknown;
    readonly message?: unknown;
    readonly time?: unknown;
  };
  return { code: String(code), message: String(message), time: typeof time === "number" ? time : Number.NaN };
}
