import { SeriesStore, type Snapshot } from "@eventmeter/aggregation";
import type { Clock, Resource } from "@eventmeter/core";
import { createMetricsEncoder, resourceAttributes } from "@eventmeter/otlp";
import type { ResolvedOptions } from "./resolved-options.ts";

/** The series of one publisher. */
export interface Series {
  readonly store: SeriesStore;
  /** Gives the families that have come to their bound since the last call. */
  takeOverflows(): readonly string[];
}

/** Makes the series of one publisher. */
export function createSeries({ labels, bounds, maxLabelSets, exemplars }: ResolvedOptions, clock: Clock): Series {
  let overflows: string[] = [];
  const store = new SeriesStore({
    labels,
    bounds,
    maxLabelSets,
    exemplars,
    clock,
    onOverflow: (family) => overflows.push(family),
  });
  return {
    store,
    takeOverflows() {
      const taken = overflows;
      overflows = [];
      return taken;
    },
  };
}

/** Encodes a snapshot as one `ExportMetricsServiceRequest`. */
export type Encode = (snapshot: Snapshot) => Promise<Uint8Array<ArrayBuffer>>;

/** Makes the encoder of one publisher: its resource is the same in every request. */
export function createEncode(resource: Resource | undefined): Encode {
  const encoder = createMetricsEncoder({
    resource: resourceAttributes(completeResource(resource)),
    scope: { name: "@eventmeter/publisher-grafana-cloud" },
  });
  return (snapshot) => encoder.encode(snapshot);
}

/**
 * Completes who is measuring. Two processes of one name and instance would overwrite each other's series, so each publisher
 * has an instance of its own unless it is given one; the name of an unnamed service is the one that
 * https://opentelemetry.io/docs/specs/semconv/resource/#service asks for.
 */
function completeResource(resource: Resource | undefined): Resource {
  return {
    ...resource,
    serviceName: resource?.serviceName ?? "unknown_service:node",
    serviceInstanceId: resource?.serviceInstanceId ?? crypto.randomUUID(),
  };
}
