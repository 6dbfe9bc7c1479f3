import type { EventMetrics, MetricsPublisher, NetworkMetrics, PublisherHealth } from "@eventmeter/core";

const START = Date.UTC(2026, 0, 1);

/** A finished event. */
export function finishedEvent(id: number = 1): EventMetrics {
  return { eventName: "conformance", taskId: `task-${id}`, startTime: START, endTime: START + 250, retryCount: 1 };
}

/** A finished network operation. */
export function finishedNetwork(id: number = 1): NetworkMetrics {
  const times = { startTime: START, endTime: START + 12 };
  return {
    operation: "GET",
    host: "backend.example",
    port: 443,
    ...times,
    bytesSent: 312,
    bytesReceived: 18_220,
    taskId: `task-${id}`,
  };
}

/** An event that still runs. */
export function unfinishedEvent(): EventMetrics {
  return { eventName: "conformance", taskId: 1, startTime: START };
}

/** An event that has to be dropped: seconds where milliseconds are expected. */
export function invalidEvent(): EventMetrics {
  return { ...finishedEvent(), startTime: START / 1_000 };
}

/** A network operation that has to be dropped: it has no name. */
export function invalidNetwork(): NetworkMetrics {
  return { ...finishedNetwork(), operation: "" };
}

/** Publishes `count` finished records of each kind. */
export function publishGood(publisher: MetricsPublisher, count: number): void {
  for (let id = 0; id < count; id += 1) {
    publisher.publishEventMetrics(finishedEvent(id));
    publisher.publishNetworkMetrics(finishedNetwork(id));
  }
}

/** Publishes one record of each kind that has to be dropped. */
export function publishBad(publisher: MetricsPublisher): void {
  publisher.publishEventMetrics(invalidEvent());
  publisher.publishNetworkMetrics(invalidNetwork());
}

/** Gives a publisher's health and, for a wrapper or composite, that of every publisher inside. */
export function healthTree(health: PublisherHealth): readonly PublisherHealth[] {
  return [health, ...(health.children ?? []).flatMap(healthTree)];
}

/** Gives the health of the publishers that have none inside: they are the ones that read records. */
export function innermost(health: PublisherHealth): readonly PublisherHealth[] {
  return healthTree(health).filter(({ children }) => (children ?? []).length === 0);
}

/** Counts the records that are pending here or in a publisher inside. */
export function pendingInside(health: PublisherHealth): number {
  return healthTree(health).reduce((sum, { pending }) => sum + pending, 0);
}

/** Says what of a value JSON cannot hold; undefined if all of it can be. */
export function jsonFault(value: unknown, path: string = "", depth: number = 0): string | undefined {
  if (value === undefined || value === null || typeof value === "string" || typeof value === "boolean")
    return undefined;
  if (typeof value === "number") return Number.isFinite(value) ? undefined : `${path} is ${value}`;
  if (typeof value !== "object") return `${path} is a ${typeof value}`;
  const shape = Object.prototype.toString.call(value);
  if (shape !== "[object Object]" && shape !== "[object Array]") return `${path} is ${shape}`;
  if (depth > 20) return `${path} is nested too deeply`;
  const entries = Object.entries(value).map(([key, part]) => jsonFault(part, `${path}.${key}`, depth + 1));
  return entries.find((fault) => fault !== undefined);
}
