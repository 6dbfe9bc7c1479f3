import type { Snapshot } from "@eventmeter/aggregation";
import type { Resource } from "@eventmeter/core";
import { createMetricsEncoder, resourceAttributes } from "@eventmeter/otlp";
import { completeResource } from "./resource.ts";

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
