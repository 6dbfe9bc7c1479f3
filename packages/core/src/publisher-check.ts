import type { MetricsPublisher } from "./contract.ts";

const METHODS = ["publishEventMetrics", "publishNetworkMetrics", "formatMetrics", "flush", "close", "health"] as const;

/** Tells whether a value has everything that the contract asks for, in a version that this package knows. */
export function isPublisher(value: unknown): value is MetricsPublisher {
  if (typeof value !== "object" || value === null) return false;
  const publisher = value as Partial<MetricsPublisher>;
  return (
    publisher.contract === 1 &&
    typeof publisher.name === "string" &&
    METHODS.every((method) => typeof publisher[method] === "function")
  );
}
