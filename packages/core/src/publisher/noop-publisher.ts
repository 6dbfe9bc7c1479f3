// `noopPublisher`: accepts every record and does nothing with it.
import type { CommonOptions, MetricsPublisher } from "./contract.ts";
import { createPublisher } from "./create-publisher.ts";

/** Creates a publisher that accepts every record and does nothing with it, for programs whose metrics are switched off. */
export function noopPublisher(options?: CommonOptions): MetricsPublisher {
  return createPublisher({ name: "noop", event: nothing, network: nothing }, options);
}

function nothing(): void {}
