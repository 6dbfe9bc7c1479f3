// Public surface of @eventmeter/publisher-grafana-cloud. Written by scripts/report-api.ts: do not edit.

import type { CheckReport, CommonOptions, EventMetrics, FlushReport, FormattedMetrics, MetricsPublisher, NetworkMetrics, PublisherHealth, Secret, TlsOptions, WaitOptions } from "@eventmeter/core";

/** Bucket bounds in seconds, by histogram family. */
export interface GrafanaCloudBounds {
    readonly event_duration_seconds?: readonly number[] | undefined;
    readonly network_latency_seconds?: readonly number[] | undefined;
}

/** Attributes that become labels, by kind of record. */
export interface GrafanaCloudLabels {
    readonly event?: readonly string[] | undefined;
    readonly network?: readonly string[] | undefined;
}

/** A stack, by its organisation and region; its endpoint is looked up once. */
export interface GrafanaCloudOrganisationOptions extends GrafanaCloudSeriesOptions {
    /** Name of the organisation: `<name>` in `grafana.com/orgs/<name>`. */
    readonly orgSlug: string;
    /** Region or cluster of the stack, such as `eu` or `prod-eu-west-0`. */
    readonly region: string;
    /** Token of an access policy with scopes `metrics:write` and `stacks:read`; a function returns the current one, and is called again after a 401. */
    readonly apiKey: Secret;
    /** Name of the stack: `<name>` in `<name>.grafana.net`. Required if the region has several. @default the only one */
    readonly stackSlug?: string | undefined;
    /** Address of the Cloud API. @default "https://grafana.com/api" */
    readonly apiUrl?: string | undefined;
    readonly endpoint?: undefined;
    readonly instanceId?: undefined;
    readonly headers?: undefined;
}

/**
 * Keeps finished records as series and pushes all of them at an interval, on flush and on close, to Grafana Cloud or to any
 * other OTLP receiver. A record is delivered when a request that contains it was acknowledged.
 */
export declare class GrafanaCloudPublisher implements MetricsPublisher {
    #private;
    readonly name: string;
    readonly contract = 1;
    /** @throws PublisherError `options`, listing every wrong field */
    constructor(options: GrafanaCloudPublisherOptions);
    publishEventMetrics(metrics: Readonly<EventMetrics>): void;
    publishNetworkMetrics(metrics: Readonly<NetworkMetrics>): void;
    formatMetrics(metrics: Readonly<EventMetrics> | Readonly<NetworkMetrics>): FormattedMetrics;
    /** Looks up the endpoint if only the organisation was given. Rejects with a `PublisherError` whose message says what to do. */
    start(options?: WaitOptions): Promise<void>;
    flush(options?: WaitOptions): Promise<FlushReport>;
    close(options?: WaitOptions): Promise<FlushReport>;
    health(): PublisherHealth;
    /** Sends a request without series, which every receiver takes and none stores. Never rejects. */
    check(options?: WaitOptions): Promise<CheckReport>;
    [Symbol.asyncDispose](): Promise<void>;
}

/** Options of a `GrafanaCloudPublisher`: where series are sent, in one of three shapes, and how. */
export type GrafanaCloudPublisherOptions = GrafanaCloudTileOptions | GrafanaCloudOrganisationOptions | OtlpReceiverOptions;

/** Options that do not depend on where the series go. */
export interface GrafanaCloudSeriesOptions extends CommonOptions {
    /** Time between two requests with all series, in milliseconds. Grafana Cloud bills a stack by how often it gets them. @default 60000 */
    readonly intervalMs?: number | undefined;
    /** Longest time of one request, and of one look-up of the endpoint, in milliseconds. @default 10000 */
    readonly sendTimeoutMs?: number | undefined;
    /** Attributes that become labels, by name. `errorType`, and `eventName` for `network`, are the record's own fields. @default none */
    readonly labels?: GrafanaCloudLabels | undefined;
    /** Upper bounds of the buckets in seconds, ascending, by family; `+Inf` is implied. @default .005 to 10 in 14 steps */
    readonly bounds?: GrafanaCloudBounds | undefined;
    /** Most label sets per family; further ones are added to one set `_overflow`. One label set of a histogram is 17 series. @default 500 */
    readonly maxLabelSets?: number | undefined;
    /** TLS of the connections: an authority of your own, a certificate for receivers that ask for one. @default what Node.js trusts, and no certificate */
    readonly tls?: TlsOptions | undefined;
    /** Whether each bucket carries the trace id, or without one the task id, of its last record. @default false */
    readonly exemplars?: boolean | undefined;
}

/** A stack, by the three values that its OpenTelemetry tile shows. */
export interface GrafanaCloudTileOptions extends GrafanaCloudSeriesOptions {
    /** Address of the stack's OTLP endpoint, with or without `/otlp` and `/v1/metrics`. */
    readonly endpoint: string;
    /** The number that the tile shows. */
    readonly instanceId: string | number;
    /** Token of an access policy with scope `metrics:write`; a function returns the current one, and is called again after a 401. */
    readonly apiKey: Secret;
    readonly orgSlug?: undefined;
    readonly region?: undefined;
    readonly stackSlug?: undefined;
    readonly apiUrl?: undefined;
    readonly headers?: undefined;
}

/** Any receiver of OTLP over HTTP: a Collector, Prometheus 3, Mimir. */
export interface OtlpReceiverOptions extends GrafanaCloudSeriesOptions {
    /** Base address, to which `/v1/metrics` is added, or the whole address. */
    readonly endpoint: string;
    /**
     * Headers of every request, such as credentials or a tenant; a function returns the current text, and is called again after
     * a 401. Over plain `http:` everybody on the way can read them. @default none
     */
    readonly headers?: Readonly<Record<string, Secret>> | undefined;
    readonly instanceId?: undefined;
    readonly apiKey?: undefined;
    readonly orgSlug?: undefined;
    readonly region?: undefined;
    readonly stackSlug?: undefined;
    readonly apiUrl?: undefined;
}
