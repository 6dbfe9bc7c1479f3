// `noopPublisher`: accepts every record and does nothing with it.
import type { CommonOptions, MetricsPublisher } from "../publisher/contract.ts";
import { createPublisher } from "../publisher/create-publisher.ts";

/** Creates a publisher that accepts every record and does nothing with it, for programs whose metrics are switched off. */
export function noopPublisher(options?: CommonOptions): MetricsPublisher {
  return createPublisher({ name: "noop", event: nothing, network: nothing }, options);
}

function nothing(): void {}
