// Public surface of @eventmeter/publisher-elasticsearch. Written by scripts/report-api.ts: do not edit.

import type { CheckReport, CommonOptions, DropReason, EventMetrics, FlushReport, FormattedMetrics, MetricsPublisher, NetworkMetrics, PublisherHealth, Secret, TlsOptions, WaitOptions } from "@eventmeter/core";

/**
 * Credentials: an API key (the value `encoded` of the reply that created it), a user and a password, or a bearer token. Each
 * secret is a text, or a function that returns the current one and is called again after a 401. White space and line ends
 * around a key or token are removed, and the line end after a password.
 */
export type ElasticsearchAuth = {
    readonly apiKey: Secret;
    readonly username?: undefined;
    readonly password?: undefined;
    readonly bearer?: undefined;
} | {
    readonly username: string;
    readonly password: Secret;
    readonly apiKey?: undefined;
    readonly bearer?: undefined;
} | {
    readonly bearer: Secret;
    readonly apiKey?: undefined;
    readonly username?: undefined;
    readonly password?: undefined;
};

/** The part of an official client that is used. Clients of major 8 and 9 are assignable to it. */
export interface ElasticsearchClient {
    readonly transport: {
        request(params: ElasticsearchRequest, options: ElasticsearchRequestOptions): Promise<unknown>;
    };
    close(): Promise<unknown>;
}

/** A record that was given up after it had been encoded. */
export interface ElasticsearchDroppedRecord {
    /** Its reason in `droppedBy` of the health. */
    readonly countedAs: DropReason;
    /** Cause: the type of an Elasticsearch error, or a text of this library; never a payload. */
    readonly reason: string;
    /** The action line and the document, as they would have been sent. */
    readonly bytes: Uint8Array;
}

/**
 * Stores each record as a document in Elasticsearch.
 * Delivered means that Elasticsearch acknowledged the document, or has it already.
 */
export declare class ElasticsearchPublisher implements MetricsPublisher {
    #private;
    readonly name: string;
    readonly contract = 1;
    /** @throws PublisherError `options`, listing every wrong field */
    constructor(options: ElasticsearchPublisherOptions);
    publishEventMetrics(metrics: Readonly<EventMetrics>): void;
    publishNetworkMetrics(metrics: Readonly<NetworkMetrics>): void;
    formatMetrics(metrics: Readonly<EventMetrics> | Readonly<NetworkMetrics>): FormattedMetrics;
    /**
     * Loads the client, asks what answers, and installs the template. Rejects with the message of `check()`, for example if
     * nothing answers; records then wait, and the start is tried again.
     */
    start(options?: WaitOptions): Promise<void>;
    flush(options?: WaitOptions): Promise<FlushReport>;
    close(options?: WaitOptions): Promise<FlushReport>;
    health(): PublisherHealth;
    /** Asks the server what it is and whether these credentials may write. Stores nothing. Never rejects. */
    check(options?: WaitOptions): Promise<CheckReport>;
    [Symbol.asyncDispose](): Promise<void>;
}

/** Options of an `ElasticsearchPublisher`: one of `hosts`, `cloudId` and `client` is required. */
export interface ElasticsearchPublisherOptions extends CommonOptions {
    /** Addresses of the cluster, such as `https://es.example:9200`; credentials go into `auth`. */
    readonly hosts?: readonly string[] | undefined;
    /** Cloud ID of a deployment on Elastic Cloud, instead of `hosts`. */
    readonly cloudId?: string | undefined;
    /** Credentials. @default none */
    readonly auth?: ElasticsearchAuth | undefined;
    /** TLS of the connections. @default the authorities that Node.js trusts, and no certificate of its own */
    readonly tls?: TlsOptions | undefined;
    /** Further options of the official client, such as `{ caFingerprint }` or `{ proxy }`. @default none */
    readonly clientOptions?: Readonly<Record<string, unknown>> | undefined;
    /** An official client of your own instead of `hosts`, of major 8 or 9; it is never closed. */
    readonly client?: ElasticsearchClient | undefined;
    /** Ingest pipeline that all documents go through. @default the one that the index names */
    readonly pipeline?: string | undefined;
    /** Last part of the names of the data streams, `metrics-eventmeter.event-<namespace>`. @default "default" */
    readonly namespace?: string | undefined;
    /** Writes to daily indices instead, such as `<prefix>-event-2026.11.22`, with the standard dictionary (`formatMetrics`). @default data streams */
    readonly indexPrefix?: string | undefined;
    /** Whether to install an index template if there is none of that name, or an older one of this package. @default true */
    readonly templates?: boolean | undefined;
    /**
     * Whether records without an `endTime` are stored, which shows executions that have not ended, or are `ignored.unfinished`.
     * @default "store"
     */
    readonly unfinished?: "store" | "ignore" | undefined;
    /** How long the server keeps documents of data streams that are created from now on, such as `30d`. @default forever */
    readonly retention?: string | undefined;
    /** Whether requests are compressed: about 14 times smaller, for half as much CPU again. @default false */
    readonly compression?: boolean | undefined;
    /** Documents in one request. @default 1000 */
    readonly maxBatchRecords?: number | undefined;
    /** Bytes of one request before compression; a larger document is sent alone. @default 1048576 (1 MiB) */
    readonly maxBatchBytes?: number | undefined;
    /** Longest time that a record waits for others, in milliseconds. @default 1000 */
    readonly lingerMs?: number | undefined;
    /** Memory of all records that wait or are in flight, in bytes, from 16,384. @default 33554432 (32 MiB) */
    readonly maxQueueBytes?: number | undefined;
    /** What is dropped when the memory is full: the new record, or the oldest batch that is not in flight. @default "drop-newest" */
    readonly overflow?: "drop-newest" | "drop-oldest" | undefined;
    /** Requests in flight at a time. @default 4 */
    readonly concurrency?: number | undefined;
    /** Data streams or indices that records are gathered for at a time. @default 64 */
    readonly maxLanes?: number | undefined;
    /** Age at which a batch that was sent without success is dropped, in milliseconds. @default 900000 (15 minutes) */
    readonly maxAgeMs?: number | undefined;
    /** Longest time of one request, in milliseconds. @default 10000 */
    readonly sendTimeoutMs?: number | undefined;
    /** Receives each record that is given up after encoding, once. @default nothing */
    readonly onDrop?: ((record: ElasticsearchDroppedRecord) => void) | undefined;
}

/** Request that the official client's transport takes. */
export interface ElasticsearchRequest {
    readonly method: string;
    readonly path: string;
    readonly querystring?: string;
    readonly body?: string;
    readonly bulkBody?: Buffer;
}

/** Options of the official client's transport that are used. */
export interface ElasticsearchRequestOptions {
    readonly asStream: true;
    readonly meta: true;
    readonly maxRetries: 0;
    readonly compression: false;
    readonly redaction: {
        readonly type: "remove";
    };
    readonly headers: Record<string, string>;
    readonly context: Record<string, unknown>;
    readonly signal: AbortSignal;
}
