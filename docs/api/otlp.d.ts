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

/** Encodes snapshots; keeps the bytes of the label sets that it has seen as long as their store lives. */
export interface MetricsEncoder {
    /**
     * Gives an ExportMetricsServiceRequest, of no bytes for a snapshot without label sets, which need not be sent. Works in
     * slices of a few milliseconds and lets others run between them.
     */
    encode(snapshot: Snapshot): Promise<Uint8Array<ArrayBuffer>>;
}

/** Who measures, and with what. */
export interface MetricsEncoderInit {
    /** Attributes of the resource, such as `resourceAttributes` gives. */
    readonly resource: OtlpAttributes;
    /** The library that made the numbers. */
    readonly scope: {
        readonly name: string;
        readonly version?: string | undefined;
    };
}

/** Attributes of a resource by name; what is undefined or an empty text is left out. */
export type OtlpAttributes = Readonly<Record<string, string | number | boolean | undefined>>;

/** Makes an encoder of snapshots as OTLP metrics: cumulative, with the names as they are, so that each receiver stores these. */
export declare function createMetricsEncoder({ resource, scope }: MetricsEncoderInit): MetricsEncoder;

/** Reads an ExportMetricsServiceResponse in protobuf; returns undefined if the body is not one. Never throws. */
export declare function readExportResponse(body: Uint8Array): ExportResponse | undefined;

/**
 * Gives who is measuring as attributes by the names of https://opentelemetry.io/docs/specs/semconv/resource/: those of the
 * fields first, then `attributes` as they are, except where a field has said the same.
 */
export declare function resourceAttributes(resource: Resource): OtlpAttributes;
