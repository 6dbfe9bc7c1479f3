// Public surface of @eventmeter/testkit. Written by scripts/report-api.ts: do not edit.

import type { Clock, CommonOptions, EventMetrics, FlushReport, FormattedEvent, FormattedMetrics, FormattedNetwork, MetricsPublisher, NetworkMetrics, PublisherHealth, Resource, WaitOptions } from "@eventmeter/core";

/** One rule, or a part of one, as a test: give `name` and `run` to any test runner. */
export interface ConformanceCase {
    readonly name: string;
    /** Rejects with an `AssertionError` that names the rule, what was seen and where the rule is explained. */
    readonly run: () => Promise<void>;
}

/** What the suite needs to know of a publisher; `create` alone already judges all thirteen rules. */
export interface ConformanceOptions {
    /** A publisher whose backend works. A wrapper or composite gives the options to the publishers inside too. */
    readonly create: CreatePublisher;
    /** The same over a backend that takes everything and never answers: judges timeouts, bounds and what a close leaves. */
    readonly stalled?: CreatePublisher | undefined;
    /** The same over a backend that refuses everything: judges what is reported and counted. */
    readonly failing?: CreatePublisher | undefined;
    /** Values that `create` puts into the publisher's options and nobody may see again. */
    readonly secrets?: readonly string[] | undefined;
    /** `mapped`: the publisher formats a changed record, so that only purity and shape are judged. @default "standard" */
    readonly format?: "standard" | "mapped" | undefined;
    /** Seed of malformed records and random schedules. @default 1 */
    readonly seed?: number | undefined;
}

/** Makes the publisher under test, with the options of the case spread into its own. */
export type CreatePublisher = (options: CommonOptions) => MetricsPublisher | Promise<MetricsPublisher>;

/** Makes a reply that repeats a request, in a form of one backend. */
export type EchoForm = (request: FaultRequest, status: number) => FaultReply;

/** A record as the vectors write it: JSON, with what JSON lacks in objects whose one key begins with `$`. */
export interface EncodedRecord {
    readonly [field: string]: unknown;
}

/** What goes wrong with a reply. */
export type Fault = 
/** The connection is taken and the request read; nothing ever comes. */
"hang"
/** The request is not read beyond its headers, so that an upload stalls; nothing ever comes. */
 | "stall"
/** The reply comes one byte at a time, every `intervalMs`. */
 | "drip"
/** The connection is reset once the request is read. */
 | "reset"
/** It is reset in the middle of the headers of the reply. */
 | "reset-in-headers"
/** It is reset after the headers, before the body. */
 | "reset-after-headers"
/** The body ends before its Content-Length. */
 | "cut-body"
/** The reply is fine; the connection is reset the moment it is used again. */
 | "reset-on-reuse"
/** 1,000 replies 102 come first. */
 | "flood"
/** The body goes on to 64 MiB, or for as long as the client reads. */
 | "endless-body"
/** The reply comes before the body of the request is read, and the connection is closed. */
 | "early"
/** What comes is no HTTP. */
 | "garbage";

/** How one request is answered; a plain one is a whole reply with keep-alive. */
export interface FaultReply {
    /** @default 200 */
    readonly status?: number | undefined;
    /** On top of Content-Length, or instead of it if named here; an array repeats a header. */
    readonly headers?: Readonly<Record<string, string | readonly string[]>> | undefined;
    /** @default empty */
    readonly body?: string | Uint8Array | undefined;
    /** How long the reply takes to begin, in real milliseconds. @default 0 */
    readonly delayMs?: number | undefined;
    /** Time between two bytes of a drip, in real milliseconds. @default 20 */
    readonly intervalMs?: number | undefined;
    readonly fault?: Fault | undefined;
}

/** A request as the server read it. */
export interface FaultRequest {
    readonly method: string;
    /** Path and query, as they were sent. */
    readonly path: string;
    /** Names in lower case; of a repeated header the last value. */
    readonly headers: Readonly<Record<string, string>>;
    /** The body so far: all of it, unless the reply does not wait for it. */
    readonly body: Uint8Array;
    /** Which connection it came over, counted from 1 for the first request on it. */
    readonly onConnection: number;
}

/**
 * What the server does with requests: always the same, one reply after the other and then plain 200s, or what a function
 * says. A function is asked once the whole request is read. @param index how many requests came before, over all connections
 */
export type FaultScript = FaultReply | readonly FaultReply[] | ((request: FaultRequest, index: number) => FaultReply | Promise<FaultReply>);

/** A server on 127.0.0.1 that fails on demand, over real sockets. */
export interface FaultServer extends AsyncDisposable {
    /** `http://127.0.0.1:<port>/`; the port stays the same through `refuse()` and `accept()`. */
    readonly url: string;
    readonly port: number;
    /** Every request that was read to its end, or that is answered without; oldest first. */
    readonly requests: readonly FaultRequest[];
    /** Connections taken so far, also those without a request. */
    readonly connections: number;
    /** Connections open now. */
    readonly open: number;
    /** Of these, the ones whose last request has not been answered to its end: what a client that gave up has to close. */
    readonly unanswered: number;
    /** Bytes of replies handed to the sockets so far, those on the way to the client included. */
    readonly bytesSent: number;
    /** Replaces the script; a list begins anew. */
    script(script: FaultScript): void;
    /** Resolves when so many requests have come in all; rejects after `timeoutMs` of real time, 5 s by default. */
    received(count: number, timeoutMs?: number): Promise<void>;
    /** Closes the port, and every connection with a reset: new ones are refused. */
    refuse(): Promise<void>;
    /** Opens the port again. */
    accept(): Promise<void>;
    /** Ends every connection and timer. */
    close(): Promise<void>;
}

/** What formatMetrics makes of one record. */
export interface FormatVector {
    readonly name: string;
    readonly kind: "event" | "network";
    readonly record: EncodedRecord;
    /** The whole dictionary. */
    readonly expect: EncodedRecord;
}

/** One way in which a server, or somebody before it, answers as it should not. */
export interface HostileReply {
    readonly name: string;
    /** For `createFaultServer`. */
    readonly script: FaultScript;
    /** Whether it repeats what was sent, credentials and records included. */
    readonly echoes: boolean;
}

/** What makes the replies look like those of a backend. */
export interface HostileReplyOptions {
    /** Content type of the backend's replies. @default "application/json" */
    readonly contentType?: string | undefined;
    /** Further headers of every reply that the backend itself might have sent. */
    readonly headers?: FaultReply["headers"];
    /** Headers of requests that hold a secret, in lower case, the first one above all. @default ["authorization"] */
    readonly credentials?: readonly string[] | undefined;
    /** Further forms in which the backend may repeat a request, by name; each comes with every status. */
    readonly forms?: Readonly<Record<string, EchoForm>> | undefined;
}

/** What becomes of a record by the table of normalisation; `either` where it depends on which fields a publisher reads. */
export type MalformedOutcome = "dropped" | "kept" | "either";

/** A record that a program should not publish and may. */
export interface MalformedRecord {
    /** Which method to give it to. */
    readonly kind: "event" | "network";
    /** The argument; anything at all. */
    readonly record: unknown;
    /** What is wrong with it, for a failure message. */
    readonly fault: string;
    /** Whether it must be dropped as `invalid`. */
    readonly outcome: MalformedOutcome;
}

/** How long to wait for a record. */
export interface NextOptions {
    /** Milliseconds of the publisher's clock. @default 1000 */
    readonly timeoutMs?: number | undefined;
}

/** What normalisation makes of one record. */
export interface NormaliseVector {
    readonly name: string;
    readonly kind: "event" | "network";
    readonly record: EncodedRecord;
    readonly expect: {
        readonly valid: true;
        /** How many fields were repaired or left out. */
        readonly repaired: number;
        /** Those fields that the vector is about. */
        readonly fields: EncodedRecord;
        /** All attributes that are kept, where the vector is about them. */
        readonly attributes?: EncodedRecord | undefined;
    } | {
        readonly valid: false;
        /** What the reason has to say. */
        readonly says?: string | undefined;
    };
}

/** What was recorded up to one moment. */
export interface RecordedMetrics {
    readonly events: readonly FormattedEvent[];
    readonly networks: readonly FormattedNetwork[];
}

/** Keeps every record as its dictionary, for the tests of a program that publishes. */
export declare class RecordingPublisher implements MetricsPublisher {
    #private;
    readonly name: string;
    readonly contract = 1;
    constructor(options?: CommonOptions);
    /** Dictionaries of the events so far, oldest first. */
    get events(): readonly FormattedEvent[];
    /** Dictionaries of the network operations so far, oldest first. */
    get networks(): readonly FormattedNetwork[];
    /** Gives the oldest event that was not given yet, or waits for it. Rejects when the time is over. */
    nextEvent(options?: NextOptions): Promise<FormattedEvent>;
    /** Gives the oldest network operation that was not given yet, or waits for it. Rejects when the time is over. */
    nextNetwork(options?: NextOptions): Promise<FormattedNetwork>;
    /** Gives a copy of everything recorded so far, which no later record changes. */
    snapshot(): RecordedMetrics;
    /** Forgets what was recorded; the numbers of `health()` go on. */
    reset(): void;
    publishEventMetrics(metrics: Readonly<EventMetrics>): void;
    publishNetworkMetrics(metrics: Readonly<NetworkMetrics>): void;
    formatMetrics(metrics: Readonly<EventMetrics> | Readonly<NetworkMetrics>): FormattedMetrics;
    flush(options?: WaitOptions): Promise<FlushReport>;
    close(options?: WaitOptions): Promise<FlushReport>;
    health(): PublisherHealth;
    [Symbol.asyncDispose](): Promise<void>;
}

/** A clock that stands still until it is told to go on. */
export interface VirtualClock extends Clock {
    /** Timers that are set and have neither run nor been cancelled. */
    readonly pendingTimers: number;
    /** Lets `ms` milliseconds pass: runs what falls due in order, and lets promises settle before, between and after. */
    advance(ms: number): Promise<void>;
}

/** Finished records, and who measures, with values that occur nowhere else: no message may repeat one of them. */
export declare const canaryRecords: {
    readonly event: EventMetrics;
    readonly network: NetworkMetrics;
    readonly resource: Resource;
    /** What `findSecrets` looks for, by where it stands; the attribute's has the form of a word of a server's own. */
    readonly values: Readonly<Record<"taskId" | "attribute" | "errorMessage" | "host" | "traceId" | "resource", string>>;
};

/** Gives the cases that a publisher has to pass, at least one for each of the thirteen rules of the contract. */
export declare function conformanceCases(options: ConformanceOptions): readonly ConformanceCase[];

/** Opens a fault server; without a script it answers every request with an empty 200. */
export declare function createFaultServer(script?: FaultScript): Promise<FaultServer>;

/** Makes a clock for tests. @param startMs wall time in epoch milliseconds to begin at; 1 January 2026 by default */
export declare function createVirtualClock(startMs?: number): VirtualClock;

/** Gives the record, or the expectation, that a vector stands for. */
export declare function decodeVector(encoded: EncodedRecord): Record<string, unknown>;

/** Gives all that a request said, in clear: its body unpacked, and what stands in base64 behind an authorization scheme. */
export declare function echoOf({ method, path, headers, body }: FaultRequest): string;

/**
 * Gives the names of the secrets that a value shows to those who print, serialize or take it apart: in clear (in any case),
 * in base64, base64url or hexadecimal, or escaped for a URL or for JSON; at any depth, in keys, causes, hidden properties and
 * bytes too. Getters, `toJSON` and `toString` are run. A secret has to be long and odd enough not to occur by chance: an
 * empty one is a RangeError, and so is a value of more than a million parts. @param secrets by what they are
 */
export declare function findSecrets(value: unknown, secrets: Readonly<Record<string, string>>): readonly string[];

/** The standard dictionary, rule by rule, with expectations written by hand. */
export declare const formatVectors: readonly FormatVector[];

/**
 * Gives what a publisher that pushes over HTTP has to live through without hanging, swelling or giving a secret away: broken
 * connections, bodies that unpack to 16 MiB, redirects with the credentials in their Location, and with every status replies
 * that repeat the request as text, HTML, JSON and headers. To be used with a short timeout: some never end.
 */
export declare function hostileReplies(options?: HostileReplyOptions): readonly HostileReply[];

/** A key that protects nothing, and its certificate for localhost and 127.0.0.1, valid for a hundred years: both are public. */
export declare const localhostTls: {
    readonly key: string;
    readonly cert: string;
};

/**
 * Gives records with wrong types, throwing getters, Proxies, cycles, symbols, huge strings, impossible numbers and times.
 * The same seed gives the same records.
 */
export declare function malformedRecords(seed: number, count: number): Generator<MalformedRecord, void, undefined>;

/** The table of normalisation, row by row, with expectations written by hand. */
export declare const normaliseVectors: readonly NormaliseVector[];
