// Public surface of @eventmeter/testkit. Written by scripts/report-api.ts: do not edit.

import type { Clock, CommonOptions, EventMetrics, FlushReport, FormattedEvent, FormattedMetrics, FormattedNetwork, MetricsPublisher, NetworkMetrics, PublisherHealth, Resource, WaitOptions } from "@eventmeter/core";

/** One rule, or a part of one, as a test: give `name` and `run` to any test runner. */
export interface ConformanceCase {
    readonly name: string;
    /** Rejects with an `AssertionError` that names the rule, what was seen and where the rule is explained. */
    readonly run: () => Promise<void>;
}

/** Publishers under test; with `create` alone, all thirteen rules are tested. */
export interface ConformanceOptions {
    /** A publisher whose backend works. A wrapper or composite gives the options to the publishers inside too. */
    readonly create: CreatePublisher;
    /** The same over a backend that takes everything and never answers, for timeouts, bounds and what a close leaves. */
    readonly stalled?: CreatePublisher | undefined;
    /** The same over a backend that rejects everything, for what is reported and counted. */
    readonly failing?: CreatePublisher | undefined;
    /** Values that `create` puts into the publisher's options and that must not appear anywhere. */
    readonly secrets?: readonly string[] | undefined;
    /** `mapped`: the publisher formats a changed record, so that only purity and shape are tested. @default "standard" */
    readonly format?: "standard" | "mapped" | undefined;
    /** Seed of malformed records and random schedules. @default 1 */
    readonly seed?: number | undefined;
}

/** Creates the publisher under test, with the options of the case spread into its own. */
export type CreatePublisher = (options: CommonOptions) => MetricsPublisher | Promise<MetricsPublisher>;

/** Creates a reply that repeats a request, in a form of one backend. */
export type EchoForm = (request: FaultRequest, status: number) => FaultReply;

/** A record as the vectors write it: JSON, with what JSON lacks in objects whose one key begins with `$`. */
export interface EncodedRecord {
    readonly [field: string]: unknown;
}

/** What goes wrong with a reply. */
export type Fault = 
/** The connection is accepted and the request read; nothing ever comes. */
"hang"
/** The request is not read beyond its headers, so that an upload stalls; nothing ever comes. */
 | "stall"
/** The reply comes one byte at a time, every `intervalMs`. */
 | "drip"
/** The connection is reset once the request is read. */
 | "reset"
/** The connection is reset in the middle of the headers of the reply. */
 | "reset-in-headers"
/** The connection is reset after the headers, before the body. */
 | "reset-after-headers"
/** The body ends before its Content-Length. */
 | "cut-body"
/** The reply is complete; the connection is reset when it is used again. */
 | "reset-on-reuse"
/** 1,000 replies with status 102 come first. */
 | "flood"
/** The body has 64 MiB, sent for as long as the client reads. */
 | "endless-body"
/** The reply comes before the body of the request is read, and the connection is closed. */
 | "early"
/** The reply is not HTTP. */
 | "garbage";

/** How one request is answered; without a fault, by a whole reply with keep-alive. */
export interface FaultReply {
    /** @default 200 */
    readonly status?: number | undefined;
    /** In addition to Content-Length, or instead of it if named here; an array repeats a header. */
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
    /** Path and query as they were sent. */
    readonly path: string;
    /** Names in lower case; of a repeated header the last value. */
    readonly headers: Readonly<Record<string, string>>;
    /** The body so far: all of it, unless the reply does not wait for it. */
    readonly body: Uint8Array;
    /** Which request on its connection it is, counted from 1. */
    readonly onConnection: number;
}

/**
 * How the server answers requests: always the same, one reply after the other and then plain 200s, or what a function
 * returns. A function is called once the whole request is read. @param index how many requests came before, over all connections
 */
export type FaultScript = FaultReply | readonly FaultReply[] | ((request: FaultRequest, index: number) => FaultReply | Promise<FaultReply>);

/** A server on 127.0.0.1 that fails on demand, over real sockets. */
export interface FaultServer extends AsyncDisposable {
    /** `http://127.0.0.1:<port>/`; the port stays the same through `refuse()` and `accept()`. */
    readonly url: string;
    readonly port: number;
    /** Every request that was read to its end, or that is answered before that; oldest first. */
    readonly requests: readonly FaultRequest[];
    /** Connections accepted so far, also those without a request. */
    readonly connections: number;
    /** Connections that are open. */
    readonly open: number;
    /** Open connections whose last request has not been answered to its end: a client that gave up has to close them. */
    readonly unanswered: number;
    /** Bytes of replies written to the sockets so far, those on the way to the client included. */
    readonly bytesSent: number;
    /** Replaces the script; a list begins at its first reply. */
    script(script: FaultScript): void;
    /** Resolves when so many requests have come in all; rejects after `timeoutMs` of real time, 5 s by default. */
    received(count: number, timeoutMs?: number): Promise<void>;
    /** Closes the port and resets every connection: further ones fail with ECONNREFUSED. */
    refuse(): Promise<void>;
    /** Opens the port again. */
    accept(): Promise<void>;
    /** Ends every connection and timer. */
    close(): Promise<void>;
}

/** A record, and its standard dictionary. */
export interface FormatVector {
    readonly name: string;
    readonly kind: "event" | "network";
    readonly record: EncodedRecord;
    /** The whole dictionary. */
    readonly expect: EncodedRecord;
}

/** One way in which a server, or a proxy in front of it, answers as it should not. */
export interface HostileReply {
    readonly name: string;
    /** For `createFaultServer`. */
    readonly script: FaultScript;
    /** Whether the reply repeats what was sent, credentials and records included. */
    readonly echoes: boolean;
}

/** Options that make the replies look like those of a backend. */
export interface HostileReplyOptions {
    /** Content type of the backend's replies. @default "application/json" */
    readonly contentType?: string | undefined;
    /** Further headers of every reply that the backend itself could have sent. */
    readonly headers?: FaultReply["headers"];
    /** Headers of requests that hold a secret, in lower case, the most important one first. @default ["authorization"] */
    readonly credentials?: readonly string[] | undefined;
    /** Further forms in which the backend may repeat a request, by name; each comes with every status. */
    readonly forms?: Readonly<Record<string, EchoForm>> | undefined;
}

/** What normalisation does with a record; `either` where it depends on which fields a publisher reads. */
export type MalformedOutcome = "dropped" | "kept" | "either";

/** A record that a program should not publish, although it can. */
export interface MalformedRecord {
    /** The method that takes it. */
    readonly kind: "event" | "network";
    /** The argument, which can be anything. */
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

/** A record, and what normalisation makes of it. */
export interface NormaliseVector {
    readonly name: string;
    readonly kind: "event" | "network";
    readonly record: EncodedRecord;
    readonly expect: {
        readonly valid: true;
        /** How many fields were repaired or left out. */
        readonly repaired: number;
        /** The fields that the vector is about. */
        readonly fields: EncodedRecord;
        /** All attributes that are kept, where the vector is about them. */
        readonly attributes?: EncodedRecord | undefined;
    } | {
        readonly valid: false;
        /** Text that the reason has to contain. */
        readonly says?: string | undefined;
    };
}

/** Everything that a publisher showed, by where it showed it. */
export interface PublisherOutput {
    readonly onError: readonly unknown[];
    readonly onDiagnostic: readonly unknown[];
    /** What `start()` rejected with. */
    readonly rejections: readonly unknown[];
    /** What `flush()` and `close()` resolved to. */
    readonly reports: readonly unknown[];
    /** What `check()` resolved to. */
    readonly checks: readonly unknown[];
    /** What `health()` returned. */
    readonly healths: readonly unknown[];
    /** The publisher itself. */
    readonly publishers: readonly unknown[];
}

/** Everything that was recorded up to one moment. */
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
    /** Returns the oldest event that was not returned yet, or waits for it. Rejects when the time is over. */
    nextEvent(options?: NextOptions): Promise<FormattedEvent>;
    /** Returns the oldest network operation that was not returned yet, or waits for it. Rejects when the time is over. */
    nextNetwork(options?: NextOptions): Promise<FormattedNetwork>;
    /** Returns a copy of everything recorded so far, which no later record changes. */
    snapshot(): RecordedMetrics;
    /** Removes what was recorded; the numbers of `health()` stay. */
    reset(): void;
    publishEventMetrics(metrics: Readonly<EventMetrics>): void;
    publishNetworkMetrics(metrics: Readonly<NetworkMetrics>): void;
    formatMetrics(metrics: Readonly<EventMetrics> | Readonly<NetworkMetrics>): FormattedMetrics;
    flush(options?: WaitOptions): Promise<FlushReport>;
    close(options?: WaitOptions): Promise<FlushReport>;
    health(): PublisherHealth;
    [Symbol.asyncDispose](): Promise<void>;
}

/** Random choices that a seed repeats. */
export interface SeededRandom {
    /** Returns a whole number from 0 to `below` - 1. */
    readonly integer: (below: number) => number;
    /** Returns true once in `many` times on average. */
    readonly once: (many: number) => boolean;
    /** Returns an element of a list that is not empty. */
    readonly pick: <Item>(items: readonly Item[]) => Item;
}

/** A clock that stands still until a test advances it. A plain object, so that a test can replace a method of a copy. */
export interface VirtualClock extends Clock {
    /** Timers that are set and have neither run nor been cancelled. */
    readonly pendingTimers: number;
    /** Lets `ms` milliseconds pass: runs due timers in order, and lets promises settle before, between and after them. */
    advance(ms: number): Promise<void>;
}

/** Finished records and a resource with values that occur nowhere else: no message may repeat one of them. */
export declare const canaryRecords: {
    readonly event: EventMetrics;
    readonly network: NetworkMetrics;
    readonly resource: Resource;
    /** The values for `findSecrets`, by field; that of the attribute has the form of a word that a server itself could use. */
    readonly values: Readonly<Record<"taskId" | "attribute" | "errorMessage" | "host" | "traceId" | "resource", string>>;
};

/**
 * Creates a publisher, publishes the canary records, flushes until the first failure, then checks, starts and closes it.
 * Returns everything that it showed on the way. Takes little more than 2 seconds, whatever the backend does.
 */
export declare function collectOutput(create: (options: Pick<CommonOptions, "onError" | "onDiagnostic">) => MetricsPublisher): Promise<PublisherOutput>;

/** Returns the cases that a publisher has to pass, at least one for each of the thirteen rules of the contract. */
export declare function conformanceCases(options: ConformanceOptions): readonly ConformanceCase[];

/** Creates a fault server and opens its port; without a script it answers every request with an empty 200. */
export declare function createFaultServer(script?: FaultScript): Promise<FaultServer>;

/** Creates a generator of random choices; the same seed gives the same choices. */
export declare function createSeededRandom(seed: number): SeededRandom;

/** Creates a clock for tests. @param startMs wall time to begin at, in epoch milliseconds; 1 January 2026 by default */
export declare function createVirtualClock(startMs?: number): VirtualClock;

/** Returns the record, or the expectation, that a vector describes. */
export declare function decodeVector(encoded: EncodedRecord): Record<string, unknown>;

/** Returns everything that a request contains, in clear text: its body unpacked, and the credentials of an authorization scheme decoded from base64. */
export declare function echoOf({ method, path, headers, body }: FaultRequest): string;

/**
 * Returns where an output shows which secret, such as `onError: password`; `[]` if it shows none. Takes any object with
 * lists of shown values, so that warnings, logs and further callbacks can be added to an output.
 * @param secrets by name, as for `findSecrets`
 */
export declare function findLeaks(output: object, secrets: Readonly<Record<string, string>>): readonly string[];

/**
 * Returns the names of the secrets that a value shows when it is printed, serialized or taken apart: in clear text (in any
 * case), in base64, base64url or hexadecimal, or escaped for a URL or for JSON; at any depth, also in keys, causes, hidden
 * properties and bytes. Getters, `toJSON` and `toString` are called. A secret has to be long and unusual enough not to occur
 * by chance. Throws a RangeError for an empty secret, and for a value of more than a million parts. @param secrets by name
 */
export declare function findSecrets(value: unknown, secrets: Readonly<Record<string, string>>): readonly string[];

/** The standard dictionary, rule by rule, with expectations written by hand. */
export declare const formatVectors: readonly FormatVector[];

/**
 * Returns replies that a publisher that pushes over HTTP has to survive without hanging, without holding much memory and
 * without showing a secret: broken connections, bodies that unpack to 16 MiB, redirects with the credentials in their
 * Location, and with every status replies that repeat the request as text, HTML, JSON and headers. Use a short timeout,
 * because some never end.
 */
export declare function hostileReplies(options?: HostileReplyOptions): readonly HostileReply[];

/** A key that protects nothing, and its certificate for localhost and 127.0.0.1, valid for a hundred years: both are public. */
export declare const localhostTls: {
    readonly key: string;
    readonly cert: string;
};

/**
 * Yields records with wrong types, throwing getters, Proxies, cycles, symbols, huge strings, impossible numbers and times.
 * The same seed gives the same records.
 */
export declare function malformedRecords(seed: number, count: number): Generator<MalformedRecord, void, undefined>;

/** The table of normalisation, row by row, with expectations written by hand. */
export declare const normaliseVectors: readonly NormaliseVector[];
