// Public surface of @eventmeter/otlp. Written by scripts/report-api.ts: do not edit.

import type { Snapshot } from "@eventmeter/aggregation";
import type { Resource } from "@eventmeter/core";

/** Answer to a request that a receiver accepted (https://opentelemetry.io/docs/specs/otlp/#partial-success-1); 0 and `""` if it took everything. */
export interface ExportResponse {
    /** As the receiver counts: some count samples, of which a data point has several, and more than were sent. */
    readonly rejectedDataPoints: number;
    /** At most 1,024 characters. */
    readonly errorMessage: string;
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

/** What all requests of an encoder have in common. */
export interface MetricsEncoderInit {
    /** Attributes of the resource, such as those that `resourceAttributes` returns. */
    readonly resource: OtlpAttributes;
    /** The library that produced the numbers. */
    readonly scope: {
        readonly name: string;
        readonly version?: string | undefined;
    };
}

/** Attributes of a resource by name; undefined and empty texts are left out. */
export type OtlpAttributes = Readonly<Record<string, string | number | boolean | undefined>>;

/** Creates an encoder of snapshots as OTLP metrics: cumulative, and with the names unchanged, so that each receiver stores exactly these. */
export declare function createMetricsEncoder({ resource, scope }: MetricsEncoderInit): MetricsEncoder;

/** Reads an ExportMetricsServiceResponse in protobuf; returns undefined if the body is not one. Never throws. */
export declare function readExportResponse(body: Uint8Array): ExportResponse | undefined;

/**
 * Returns a resource as attributes, under the names of https://opentelemetry.io/docs/specs/semconv/resource/: first those of
 * the fields, then `attributes`, except those of which a field has the name. Texts are cut as label values are: receivers
 * store them as `job`, `instance` and labels of `target_info`.
 */
export declare function resourceAttributes(resource: Resource): OtlpAttributes;
