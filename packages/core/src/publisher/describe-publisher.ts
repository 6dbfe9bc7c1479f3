// The check whether a value is a publisher.
import { kindOf } from "../options/kind-of.ts";
import type { OptionRule } from "../options/option-rules.ts";
import type { MetricsPublisher } from "./contract.ts";

/** Methods that every publisher has. */
export const PUBLISHER_METHODS: readonly (keyof MetricsPublisher)[] = [
  "publishEventMetrics",
  "publishNetworkMetrics",
  "formatMetrics",
  "flush",
  "close",
  "health",
];

/**
 * Returns why a value is not a publisher of contract version 1, as one clause; undefined if it is one.
 * Throws what a getter of the value throws.
 */
export function describePublisher(value: unknown): string | undefined {
  if (typeof value !== "object" || value === null) return `expected a publisher, got ${kindOf(value)}`;
  const { contract, name } = value as { readonly contract?: unknown; readonly name?: unknown };
  if (contract !== 1) {
    if (typeof contract === "number") return `expected a publisher of contract version 1, got version ${contract}`;
    const kind = kindOf(value);
    return `expected a publisher, ${kind === "an object" ? "whose property contract is 1" : `got ${kind}`}`;
  }
  const missing = PUBLISHER_METHODS.filter(
    (method) => typeof (value as Partial<MetricsPublisher>)[method] !== "function",
  );
  if (missing.length > 0) return `expected a publisher; ${missing.join(", ")} missing`;
  return typeof name === "string" && name !== "" ? undefined : "expected a publisher with a name";
}

/** Rule of an option that takes a publisher. */
export const publisherRule: OptionRule = (value, report) => {
  const problem = describePublisher(value);
  if (problem !== undefined) report(problem);
};
