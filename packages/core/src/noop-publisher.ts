import type { CommonOptions, MetricsPublisher } from "./contract.ts";
import { createPublisher } from "./create-publisher.ts";

/** Makes a publisher that takes every record and does nothing with it: for code whose metrics are switched off. */
export function noopPublisher(options?: CommonOptions): MetricsPublisher {
  return createPublisher({ name: "noop", event: nothing, network: nothing }, options);
}

function nothing(): void {}
