// Records whose values occur nowhere else, to look for in messages.
import type { EventMetrics, NetworkMetrics, Resource } from "@eventmeter/core";

const values = {
  taskId: "Canary-Task-5d1x",
  attribute: "canary_attribute_7h2q",
  errorMessage: "Canary error message 8k3w",
  host: "canary-host-2m9v.internal",
  traceId: "ca0a12ca0a12ca0a12ca0a12ca0a1299",
  resource: "Canary-Resource-4r6t",
} as const;

const endTime = Date.UTC(2026, 10, 22, 12);

/** Finished records and a resource with values that occur nowhere else: no message may repeat one of them. */
export const canaryRecords: {
  readonly event: EventMetrics;
  readonly network: NetworkMetrics;
  readonly resource: Resource;
  /** The values for `findSecrets`, by field; that of the attribute has the form of a word that a server itself could use. */
  readonly values: Readonly<Record<"taskId" | "attribute" | "errorMessage" | "host" | "traceId" | "resource", string>>;
} = {
  event: {
    eventName: "import",
    taskId: values.taskId,
    startTime: endTime - 40,
    endTime,
    error: new Error(values.errorMessage),
    traceId: values.traceId,
    attributes: { tenant: values.attribute },
  },
  network: {
    operation: "fetch",
    host: values.host,
    port: 443,
    startTime: endTime - 40,
    endTime,
    bytesSent: 1,
    bytesReceived: 2,
    taskId: values.taskId,
    error: values.errorMessage,
    attributes: { tenant: values.attribute },
  },
  resource: { serviceName: "shop", attributes: { owner: values.resource } },
  values,
};
