import type { MetricsPublisher, PublisherError } from "@eventmeter/core";
import { PrometheusPublisher } from "@eventmeter/publisher-prometheus";
import type { DemoOptions } from "./arguments.ts";
import { ndjsonPublisher } from "./ndjson-publisher.ts";

/** Where the demo publishes to. */
export interface Backends {
  readonly page: PrometheusPublisher;
  readonly all: readonly MetricsPublisher[];
}

/** Makes the publishers: the page and the file always, further ones where the environment has their settings. */
export function createBackends({ port, ndjson }: DemoOptions, onError: (error: PublisherError) => void): Backends {
  const resource = { serviceName: "eventmeter-demo" };
  const page = new PrometheusPublisher({ port, resource, exemplars: true, processMetrics: true, onError });
  return { page, all: [page, ndjsonPublisher(ndjson, { onError })] };
}
