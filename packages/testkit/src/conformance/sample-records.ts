// Records that the cases publish.
import type { EventMetrics, MetricsPublisher, NetworkMetrics } from "@eventmeter/core";

const START = Date.UTC(2026, 0, 1);

/** Returns a finished event. */
export function finishedEvent(id: number = 1): EventMetrics {
  return { eventName: "conformance", taskId: `task-${id}`, startTime: START, endTime: START + 250, retryCount: 1 };
}

/** Returns a finished network operation. */
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

/** Returns an event that still runs. */
export function unfinishedEvent(): EventMetrics {
  return { eventName: "conformance", taskId: 1, startTime: START };
}

/** Returns an event that has to be dropped: its times are in seconds, and milliseconds are expected. */
export function invalidEvent(): EventMetrics {
  return { ...finishedEvent(), startTime: START / 1_000 };
}

/** Returns a network operation that has to be dropped: it has no name. */
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
