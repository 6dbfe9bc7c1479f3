// Series of one publisher: their store, the families that reached their limit, and the encoder of their snapshots.
import { overflowMessage, SeriesStore, type Snapshot } from "@eventmeter/aggregation";
import type { Clock, Resource } from "@eventmeter/core";
import type { BackendReporter, SeriesSource } from "@eventmeter/delivery";
import { createMetricsEncoder, type MetricsEncoder, resourceAttributes } from "@eventmeter/otlp";
import type { ResolvedOptions } from "./options.ts";

/** The series of one publisher. */
export class PushedSeries {
  readonly source: SeriesSource<Snapshot>;
  readonly encoder: MetricsEncoder;
  #unreportedOverflows: string[] = [];

  constructor({ labels, bounds, maxLabelSets, exemplars, common }: ResolvedOptions, clock: Clock) {
    const encoder = createEncoder(common.resource);
    const store = new SeriesStore({
      labels,
      bounds,
      maxLabelSets,
      exemplars,
      clock,
      onOverflow: (family) => this.#unreportedOverflows.push(family),
    });
    this.encoder = encoder;
    this.source = {
      addEvent: (fields) => store.addEvent(fields),
      addNetwork: (fields) => store.addNetwork(fields),
      get bytes() {
        return store.bytes + encoder.bytes;
      },
      snapshot: () => store.snapshot(),
      split: (snapshot) => store.split(snapshot),
      exclude: (part) => store.exclude(part),
    };
  }

  /**
   * Reports each family that has reached its limit of label sets since the last call. It is called with each request: between
   * two requests, no missing series can be seen.
   */
  reportOverflows(report: BackendReporter): void {
    const families = this.#unreportedOverflows;
    this.#unreportedOverflows = [];
    for (const family of families) report.error("series-overflow", overflowMessage(family));
  }
}

/** Creates the encoder of one publisher: its resource is the same in every request. */
function createEncoder(resource: Resource | undefined): MetricsEncoder {
  return createMetricsEncoder({
    resource: resourceAttributes(completeResource(resource)),
    scope: { name: "@eventmeter/publisher-grafana-cloud" },
  });
}

/**
 * Returns a resource that has a name and an instance. Two processes with the same name and instance would overwrite each
 * other's series, so each publisher is an instance of its own unless one is given. The name of an unnamed service is the one
 * of https://opentelemetry.io/docs/specs/semconv/resource/#service.
 */
function completeResource(resource: Resource | undefined): Resource {
  return {
    ...resource,
    serviceName: resource?.serviceName ?? "unknown_service:node",
    serviceInstanceId: resource?.serviceInstanceId ?? crypto.randomUUID(),
  };
}
