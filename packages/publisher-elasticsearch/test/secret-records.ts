import type { EventMetrics, NetworkMetrics, Resource } from "@eventmeter/core";
import type { Secrets } from "./secret-search.ts";

/** What records hold and no message may repeat; one of them has the form of a server's own words. */
export const payloads = {
  taskId: "Canary-Task-5d1x",
  attribute: "canary_attribute_7h2q",
  errorMessage: "Canary error message 8k3w",
  host: "canary-host-2m9v.internal",
  traceId: "ca0a12ca0a12ca0a12ca0a12ca0a1299",
  resource: "Canary-Resource-4r6t",
} as const satisfies Secrets;

/** Who measures. */
export const resource: Resource = { serviceName: "shop", attributes: { owner: payloads.resource } };

const endTime = Date.UTC(2026, 10, 22, 12);

/** A finished event that holds them. */
export const secretEvent: EventMetrics = {
  eventName: "import",
  taskId: payloads.taskId,
  startTime: endTime - 40,
  endTime,
  error: new Error(payloads.errorMessage),
  traceId: payloads.traceId,
  attributes: { tenant: payloads.attribute },
};

/** A network operation that holds them. */
export const secretOperation: NetworkMetrics = {
  operation: "fetch",
  host: payloads.host,
  port: 443,
  startTime: endTime - 40,
  endTime,
  bytesSent: 1,
  bytesReceived: 2,
  taskId: payloads.taskId,
  error: payloads.errorMessage,
  attributes: { tenant: payloads.attribute },
};
