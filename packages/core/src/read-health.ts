import type { MetricsPublisher, PublisherHealth, PublisherState } from "./contract.ts";
import { isThenable } from "./reporter.ts";

/** Publisher states from best to worst. */
export const PUBLISHER_STATES: readonly PublisherState[] = ["closed", "idle", "ok", "degraded", "failing"];

const TOTALS = ["received", "recovered", "delivered", "dropped", "ignored", "pending"] as const;

/** Reads the health of a publisher that may be anybody's, each field once; undefined where it gives none. Never throws. */
export function readHealth(publisher: Pick<MetricsPublisher, "health">): PublisherHealth | undefined {
  try {
    const given: unknown = publisher.health();
    if (isThenable(given)) given.then(undefined, () => undefined);
    const copy = { ...(given as PublisherHealth) };
    const { droppedBy, ignoredBy, pendingDetail, lastSuccess, lastError, children } = copy;
    if (!PUBLISHER_STATES.includes(copy.state) || !TOTALS.every((name) => Number.isFinite(copy[name])))
      return undefined;
    return {
      ...copy,
      droppedBy: { ...droppedBy },
      ignoredBy: { ...ignoredBy },
      pendingDetail: { ...pendingDetail },
      lastSuccess: typeof lastSuccess === "number" ? lastSuccess : null,
      lastError: typeof lastError === "object" && lastError !== null ? { ...lastError } : null,
      ...(Array.isArray(children) ? { children: [...children] } : {}),
    };
  } catch {
    return undefined;
  }
}
