// Public surface of @eventmeter/publisher-prometheus. Written by scripts/report-api.ts: do not edit.

import type { CheckReport, CommonOptions, EventMetrics, FlushReport, MetricsPublisher, NetworkMetrics, PublisherHealth, Secret, WaitOptions } from "@eventmeter/core";
import type { IncomingMessage, ServerResponse } from "node:http";

/** Options of `metrics()`. */
export interface MetricsOptions {
    /** Format of the page. @default "text" */
    readonly format?: PageFormat | undefined;
}

/** The two formats of a metrics page: Prometheus text 0.0.4 and OpenMetrics 1.0. */
export type PageFormat = "text" | "openmetrics";

/** Keeps finished records as time series and serves them as a metrics page for Prometheus. Delivered means added to the series. */
export declare class PrometheusPublisher implements MetricsPublisher {
    #private;
    readonly name: string;
    readonly contract = 1;
    /** Answers a request of any Node server with the metrics page: `node:http`, Express; in Fastify pass `request.raw, reply.raw`. */
    readonly handler: (req: IncomingMessage, res: ServerResponse) => void;
    /** Answers a fetch-style request with the metrics page. Never rejects. */
    readonly fetch: (request: Request) => Promise<Response>;
    /** Returns the metrics page as a string. Rejects with a `PublisherError` `page-failed` if the page cannot be rendered. */
    readonly metrics: (options?: MetricsOptions) => Promise<string>;
    /** @throws PublisherError `options`, listing every wrong field */
    constructor(options?: PrometheusPublisherOptions);
    /** URL of the metrics page on the publisher's own server; undefined while the server does not listen. */
    get url(): string | undefined;
    publishEventMetrics(metrics: Readonly<EventMetrics>): void;
    publishNetworkMetrics(metrics: Readonly<NetworkMetrics>): void;
    readonly formatMetrics: MetricsPublisher["formatMetrics"];
    /**
     * Resolves when the server listens, at once without a server. Rejects with a `PublisherError` that says in one sentence
     * what to do, for example if the port is taken.
     */
    start(options?: WaitOptions): Promise<void>;
    /** Takes a renewed certificate and key for new connections, where there is the option `tls`. @throws PublisherError `options` */
    setTls(tls: ScrapeTls): void;
    /**
     * Shows the health of a publisher, and of those inside it, on the metrics page, in the families `eventmeter_publisher_*`.
     * After its close it is shown on one more page. The page has room for 1,000; more call `onError` with `watch-overflow`.
     */
    watch(publisher: Watched): void;
    /** Takes a watched publisher off the metrics page. */
    unwatch(publisher: Watched): void;
    /**
     * Adds the families of records to the pages of a foreign registry until the close. Throws what the registry throws, for
     * example for a name that is taken. @throws PublisherError `options` for anything but a registry
     */
    registerInto(registry: WritableRegistry): void;
    /** Resolves at once: a record is settled when it is added to its series. */
    flush(options?: WaitOptions): Promise<FlushReport>;
    close(options?: WaitOptions): Promise<FlushReport>;
    health(): PublisherHealth;
    /** Scrapes the publisher's own page; without a server it only renders the page. Never rejects. */
    check(options?: WaitOptions): Promise<CheckReport>;
    [Symbol.asyncDispose](): Promise<void>;
}

/** Options of a `PrometheusPublisher`. */
export interface PrometheusPublisherOptions extends CommonOptions {
    /** Port of the publisher's own server; 0 takes any free port. @default 9464 */
    readonly port?: number | undefined;
    /** Address that the server binds to. Set it, for example to `0.0.0.0`, if scrapers on other machines must reach the server. @default "127.0.0.1" */
    readonly host?: string | undefined;
    /** Path of the metrics page on the publisher's own server. @default "/metrics" */
    readonly path?: string | undefined;
    /** Whether the publisher has a server of its own; `handler`, `fetch` and `metrics` serve the page in any case. @default true */
    readonly server?: boolean | undefined;
    /** Whether the server keeps the process running. @default false */
    readonly holdProcess?: boolean | undefined;
    /**
     * Host names, without port, that are allowed in the Host header on the publisher's own server.
     * @default loopback names on a loopback address, any name on other addresses
     */
    readonly allowedHosts?: readonly string[] | undefined;
    /** Credentials that scrapers must send, on every way to the page except `metrics()`. @default none */
    readonly auth?: ScrapeAuth | undefined;
    /** Certificate and key, to serve the page over TLS 1.2 or newer. @default plain HTTP */
    readonly tls?: ScrapeTls | undefined;
    /** Names of attributes that become labels; `errorType` means the record's own field. @default none */
    readonly labels?: ScrapeLabels | undefined;
    /** Upper bounds of the buckets by family, in seconds, rising, without `+Inf`. @default 14 bounds from .005 to 10 */
    readonly bounds?: ScrapeBounds | undefined;
    /** Label sets per family; records beyond them are added to one label set `_overflow`. @default 2000 */
    readonly maxLabelSets?: number | undefined;
    /** Whether OpenMetrics pages show the trace id, or else the task id, of the last record in each bucket. @default false */
    readonly exemplars?: boolean | undefined;
    /** Whether OpenMetrics pages have `_created` lines, which scrapers store as further series. @default false */
    readonly createdLines?: boolean | undefined;
    /** Whether the page has prom-client's default metrics of the process and its Node.js. @default false */
    readonly processMetrics?: boolean | undefined;
    /** Registry of prom-client, `@prometheus-io/client` or a similar library whose metrics are served on the same page. @default none */
    readonly registry?: ReadableRegistry | undefined;
}

/** A registry that can be read: one of prom-client, of `@prometheus-io/client`, or of your own. */
export interface ReadableRegistry {
    /** Returns each metric as `{ name, help, type, values: { metricName?, labels, value, exemplar? }[] }`. */
    getMetricsAsJSON(): PromiseLike<readonly unknown[]>;
    /** Media type that the registry renders itself. */
    readonly contentType?: string | undefined;
}

/**
 * Credentials that a scraper must send: a user name and a password, or a bearer token. A function returns the current
 * secret; it is called when a scrape does not match what it returned before, every 10 s at most.
 */
export type ScrapeAuth = {
    readonly username: string;
    readonly password: Secret;
    readonly bearer?: undefined;
} | {
    readonly bearer: Secret;
    readonly username?: undefined;
    readonly password?: undefined;
};

/** Upper bounds of the buckets by histogram family. */
export interface ScrapeBounds {
    readonly event_duration_seconds?: readonly number[] | undefined;
    readonly network_latency_seconds?: readonly number[] | undefined;
}

/** Names of attributes that become labels, by kind of record. */
export interface ScrapeLabels {
    readonly event?: readonly string[] | undefined;
    readonly network?: readonly string[] | undefined;
}

/** Certificate and key of the server, as PEM texts. */
export interface ScrapeTls {
    readonly key: string | Uint8Array;
    /** Certificate of the server, followed by the certificates between it and a known authority. */
    readonly cert: string | Uint8Array;
    /** Passphrase of the key. */
    readonly passphrase?: string | undefined;
    /** Authorities of clients: if given, a scraper must present a certificate that one of them signed. */
    readonly clientCa?: string | Uint8Array | undefined;
}

/** What can be watched: a publisher, or anything else with a name and a health. */
export interface Watched {
    readonly name: string;
    health(): PublisherHealth;
}

/** A registry that metrics can be added to: one of prom-client, of `@prometheus-io/client`, or of your own. */
export interface WritableRegistry {
    registerMetric(metric: never): void;
    removeSingleMetric?(name: string): void;
    getSingleMetric?(name: string): unknown;
}
