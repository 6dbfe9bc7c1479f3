// The families of series and their names: the same for every backend, dashboard and alert.

/** Definition of one family. */
export interface FamilyDefinition {
  readonly name: string;
  readonly type: "counter" | "histogram";
  /** Base unit in Prometheus's spelling; empty for a plain number. */
  readonly unit: "seconds" | "bytes" | "";
  readonly help: string;
  /** Label names, without promoted ones; the first is the label with the most values. */
  readonly labelNames: readonly [string, ...string[]];
}

/** Duration of finished events. */
export const EVENT_DURATION: FamilyDefinition = {
  name: "event_duration_seconds",
  type: "histogram",
  unit: "seconds",
  help: "Time from the start to the end of finished events.",
  labelNames: ["event_name", "status"],
};

/** Retries of finished events. */
export const EVENT_RETRIES: FamilyDefinition = {
  name: "event_retries_total",
  type: "counter",
  unit: "",
  help: "Retries that finished events needed.",
  labelNames: ["event_name"],
};

/** Traffic of finished network operations. */
export const NETWORK_BYTES: FamilyDefinition = {
  name: "network_bytes_total",
  type: "counter",
  unit: "bytes",
  help: "Bytes that finished network operations sent and received.",
  labelNames: ["operation", "direction"],
};

/** Duration of finished network operations. */
export const NETWORK_LATENCY: FamilyDefinition = {
  name: "network_latency_seconds",
  type: "histogram",
  unit: "seconds",
  help: "Time from the start to the end of finished network operations.",
  labelNames: ["operation"],
};

/** Records beyond the limit of a family; in snapshots only once there is such a record. */
export const OVERFLOW: FamilyDefinition = {
  name: "eventmeter_overflow_total",
  type: "counter",
  unit: "",
  help: "Records added to the _overflow label set of a family that has as many label sets as it may have.",
  labelNames: ["family"],
};

/** The families of records, in the order of snapshots. */
export const CATALOGUE: readonly FamilyDefinition[] = [EVENT_DURATION, EVENT_RETRIES, NETWORK_BYTES, NETWORK_LATENCY];

/** Values of the label `direction`, in the order of their series. */
export const DIRECTIONS: readonly ["sent", "received"] = ["sent", "received"];

/** Value of all labels, except those with fixed values, of the label set that counts the records beyond the limit of a family. */
export const OVERFLOW_VALUE = "_overflow";

/**
 * Upper bounds of the buckets in seconds, without `+Inf`: those that OpenTelemetry recommends for durations
 * (https://opentelemetry.io/docs/specs/semconv/http/http-metrics/).
 */
export const DEFAULT_BOUNDS: readonly number[] = [
  0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10,
];

/** Returns the message of error code `series-overflow` for a family. */
export function overflowMessage(family: string): string {
  return `${family} has as many label sets as it may have; further ones are added to one label set ${OVERFLOW_VALUE}`;
}
