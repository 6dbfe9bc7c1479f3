// Encoder of snapshots as OTLP requests.
import { runInSlices, type Snapshot } from "@eventmeter/aggregation";
import { encodeAttributes, type OtlpAttributes } from "./attributes.ts";
import { PointCaches } from "./point-cache.ts";
import { DELIMITED, encodeTextFields, tagOf } from "./protobuf-writer.ts";
import { encodeRequest } from "./request.ts";

/** What all requests of an encoder have in common. */
export interface MetricsEncoderInit {
  /** Attributes of the resource, such as those that `resourceAttributes` returns. */
  readonly resource: OtlpAttributes;
  /** The library that produced the numbers. */
  readonly scope: { readonly name: string; readonly version?: string | undefined };
}

/** Encodes snapshots. Keeps the bytes of the label sets that it has encoded as long as their store lives. */
export interface MetricsEncoder {
  /** Memory of the bytes that it keeps, in bytes. */
  readonly bytes: number;
  /**
   * Resolves to an ExportMetricsServiceRequest, which is empty and need not be sent for a snapshot without label sets. Works
   * in slices of a few milliseconds, in turn with all other work in slices.
   */
  encode(snapshot: Snapshot): Promise<Uint8Array<ArrayBuffer>>;
}

/** Tag of an attribute of a resource. */
const ATTRIBUTE = tagOf(1, DELIMITED);

/** Creates an encoder of snapshots as OTLP metrics: cumulative, and with the names unchanged, so that each receiver stores exactly these. */
export function createMetricsEncoder({ resource, scope }: MetricsEncoderInit): MetricsEncoder {
  const resourceBytes = encodeAttributes(ATTRIBUTE, resource);
  const scopeBytes = encodeTextFields(scope.name, scope.version ?? "");
  const caches = new PointCaches();
  return {
    get bytes() {
      return caches.bytes;
    },
    encode: (snapshot) => runInSlices(() => encodeRequest(snapshot, resourceBytes, scopeBytes, caches)),
  };
}
