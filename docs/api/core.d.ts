// Public surface of @eventmeter/core. Written by scripts/report-api.ts: do not edit.

/** The part of an `AbortSignal` that is used; every runtime's own is assignable to it. */
export interface AbortSignalLike {
    readonly aborted: boolean;
    readonly reason?: unknown;
    addEventListener(type: "abort", listener: () => void, options?: {
        once?: boolean;
    }): void;
    removeEventListener(type: "abort", listener: () => void): void;
}

/** Value of an attribute; anything else is left out. */
export type AttributeValue = string | number | boolean | null | undefined;

/** Further facts about a record, by name: stored in documents, and a label only where promoted by name. */
export type Attributes = Readonly<Record<string, AttributeValue>>;

/** Result of an active probe. */
export interface CheckReport {
    readonly ok: boolean;
    /** `ok`, or a documented code. */
    readonly code: string;
    /** One sentence. */
    readonly message: string;
    /** What a person can do about it. */
    readonly hint?: string | undefined;
    readonly children?: readonly CheckReport[] | undefined;
}

/** Source of times and timers. */
export interface Clock {
    /** Wall clock in epoch milliseconds. */
    readonly now: () => number;
    /** A clock that never steps, in milliseconds. */
    readonly monotonic: () => number;
    /** Runs `run` once after `ms` milliseconds; the timer does not hold the process open. */
    setTimeout(run: () => void, ms: number): {
        cancel(): void;
    };
}

/** Options of `closeOnExit`. */
export interface CloseOnExitOptions {
    /**
     * Signals that end the program. They never reach a worker thread, where only an empty list is allowed.
     * @default ["SIGTERM", "SIGINT"], and none in a worker thread
     */
    readonly signals?: readonly string[] | undefined;
    /** How long the close may hold the process, in milliseconds. @default 5000 */
    readonly timeoutMs?: number | undefined;
}

/** Options that mean the same in every publisher. */
export interface CommonOptions {
    /** Name in errors, health and composites: kebab-case, up to 64 characters. @default the backend's name */
    readonly name?: string | undefined;
    /** Who is measuring. */
    readonly resource?: Resource | undefined;
    /** Receives every failure. @default a process warning, at most one a minute per code */
    readonly onError?: ((error: PublisherError) => void) | undefined;
    /** Receives what is worth knowing and not a failure. @default none */
    readonly onDiagnostic?: ((diagnostic: Diagnostic) => void) | undefined;
    /** Source of times and timers. @default the system's clock */
    readonly clock?: Clock | undefined;
}

/** Totals since construction: received + recovered = delivered + dropped + ignored + pending. */
export interface Counts {
    /** Records handed to publish*, whatever happened to them. */
    readonly received: number;
    /** Records taken over from an earlier process. */
    readonly recovered: number;
    /** Records that were delivered; each publisher's README says what that means. */
    readonly delivered: number;
    /** Records that will not be delivered, for any reason. */
    readonly dropped: number;
    /** Records left out by a rule. */
    readonly ignored: number;
    /** Records accepted and not yet settled. */
    readonly pending: number;
}

/** Every reason why a record is dropped and will not arrive. */
export declare const DROP_REASONS: readonly ["invalid", "queue-full", "too-large", "rejected", "expired", "refused", "unconfirmed", "unexported", "failed", "encode", "overflow", "closed"];

/** Something worth knowing that is not a failure. */
export interface Diagnostic {
    readonly code: string;
    /** Name of the publisher. */
    readonly publisher: string;
    readonly message: string;
    /** How many records or things it is about. */
    readonly count?: number | undefined;
}

/** Why a record was dropped. */
export type DropReason = (typeof DROP_REASONS)[number];

/** The code of a `PublisherError`: one of `ERROR_CODES`, or one that a publisher adds. */
export type ErrorCode = (typeof ERROR_CODES)[number] | (string & {});

/** One execution of an event. */
export interface EventMetrics {
    /** Which event: low cardinality, becomes a label. 1 to 512 characters. */
    eventName: string;
    /** Which execution: never a label. */
    taskId: string | number;
    /** When the execution began. */
    startTime: Time;
    /** When it ended; absent while it still runs. */
    endTime?: Time | null | undefined;
    /** Absent: `failed` with an error, else `completed` with an end, else `running`. Becomes a label. */
    status?: EventStatus | undefined;
    /** An Error, a message, or anything else that was thrown. Never a label. */
    error?: unknown;
    /** Class or code of the error, low cardinality; absent: the Error's `code`, else its `name`. */
    errorType?: string | null | undefined;
    /** Retries that this execution needed in all. @default 0 */
    retryCount?: number | undefined;
    /** Operating-system id of the process that ran it. */
    processId?: number | null | undefined;
    /** The pipeline that the execution belongs to. */
    pipelineId?: string | null | undefined;
    /** Trace that the execution belongs to. */
    traceId?: string | null | undefined;
    /** Span that the execution belongs to. */
    spanId?: string | null | undefined;
    /** Set it if the same record can be published twice and must be stored once. */
    recordId?: string | undefined;
    /** Anything else. */
    attributes?: Attributes | undefined;
    /** Never set on an event: tells the two kinds apart. */
    operation?: undefined;
}

/** The states an execution is usually in; any other string is kept as it is. */
export type EventStatus = "pending" | "running" | "completed" | "failed" | "cancelled" | (string & {});

/** What `closeOnExit` returns. */
export interface ExitHandle {
    /** Resolves when the publisher was closed, by this handle or at the end of the process. Never rejects. */
    readonly closed: Promise<FlushReport>;
    /** Closes the publisher now, for a program that ends itself. The same promise on every call. Never rejects. */
    readonly close: (options?: WaitOptions) => Promise<FlushReport>;
    /** Forgets the publisher: it is not closed at the end of the process. */
    readonly remove: () => void;
}

/** How a flush or close ended. */
export interface FlushReport extends Counts {
    /** `complete`: every covered record is settled; `timeout`, `aborted`: the wait ended first. */
    readonly status: "complete" | "timeout" | "aborted";
    /** How many of the pending records are safe on disk. */
    readonly durable: number;
    /** Name of the publisher. */
    readonly name?: string | undefined;
    /** Records dropped, by reason; reasons that never occurred are absent. */
    readonly droppedBy?: Readonly<Partial<Record<DropReason, number>>> | undefined;
    /** Reports of the publishers inside, for a composite or a wrapper. */
    readonly children?: readonly FlushReport[] | undefined;
}

/** Keys of both kinds of dictionary. */
export interface FormattedBase {
    schema_version: 1;
    /** ISO 8601 in UTC: the end, else the start; null when neither is valid. */
    timestamp: string | null;
    /** Epoch seconds. */
    start_time: number | null;
    /** Epoch seconds, never before `start_time`; null while it runs. */
    end_time: number | null;
    status: string;
    error: string | null;
    error_type?: string;
    trace_id?: string;
    span_id?: string;
    record_id?: string;
    attributes?: Record<string, string | number | boolean>;
}

/** The standard dictionary of an event. */
export interface FormattedEvent extends FormattedBase {
    metric_type: "event";
    event_name: string | null;
    task_id: string | null;
    /** Seconds; null while the execution runs. */
    duration: number | null;
    retry_count: number;
    process_id: number | null;
    pipeline_id?: string;
}

/** The standard dictionary of either kind. */
export type FormattedMetrics = FormattedEvent | FormattedNetwork;

/** The standard dictionary of a network operation. */
export interface FormattedNetwork extends FormattedBase {
    metric_type: "network";
    operation: string | null;
    host: string;
    port: number | null;
    /** Seconds; null while the operation runs. */
    latency: number | null;
    bytes_sent: number;
    bytes_received: number;
    task_id?: string;
    event_name?: string;
}

/** Every rule by which a record is left out although nothing went wrong. */
export declare const IGNORE_REASONS: readonly ["unfinished", "filtered", "unsupported", "unwanted"];

/** Why a record was ignored. */
export type IgnoreReason = (typeof IGNORE_REASONS)[number];

/** A publisher: it accepts records, never throws into the caller, and counts where each record went. */
export interface MetricsPublisher extends AsyncDisposable {
    /** Name in errors, health and composites: kebab-case. */
    readonly name: string;
    /** Version of this contract that the object was written against. */
    readonly contract: 1;
    /** Accepts one execution; returns at once and keeps nothing of the object. */
    publishEventMetrics(metrics: Readonly<EventMetrics>): void;
    /** Accepts one network operation; returns at once and keeps nothing of the object. */
    publishNetworkMetrics(metrics: Readonly<NetworkMetrics>): void;
    /** Returns the standard dictionary of a record. */
    formatMetrics(metrics: Readonly<EventMetrics> | Readonly<NetworkMetrics>): FormattedMetrics;
    /** Makes the publisher ready; idempotent. Rejects with a `PublisherError` if it cannot. */
    start?(options?: WaitOptions): Promise<void>;
    /** Waits until every record accepted before the call is settled, or the time is over. Never rejects. */
    flush(options?: WaitOptions): Promise<FlushReport>;
    /** Stops accepting, flushes, frees everything; the same promise on every call. Never rejects. */
    close(options?: WaitOptions): Promise<FlushReport>;
    /** Returns the current numbers, without I/O. */
    health(): PublisherHealth;
    /** Probes the backend, and says what to do if that fails. */
    check?(options?: WaitOptions): Promise<CheckReport>;
}

/** A record of either kind. */
export type MetricsRecord = EventMetrics | NetworkMetrics;

/** One network operation. */
export interface NetworkMetrics {
    /** Type of operation, such as `GET` or `publish`: low cardinality, becomes a label. 1 to 512 characters. */
    operation: string;
    /** Remote end: never a label. */
    host: string;
    /** Port of the remote end, 0 to 65,535. */
    port: number | null;
    /** When the operation began. */
    startTime: Time;
    /** When it ended; absent while it still runs. */
    endTime?: Time | null | undefined;
    /** Bytes sent to the remote end. */
    bytesSent: number;
    /** Bytes received from the remote end. */
    bytesReceived: number;
    /** An Error, a message, or anything else that was thrown. Never a label. */
    error?: unknown;
    /** Class or code of the error, low cardinality; absent: the Error's `code`, else its `name`. */
    errorType?: string | null | undefined;
    /** The execution that caused the operation. */
    taskId?: string | number | undefined;
    /** The event that caused the operation. */
    eventName?: string | undefined;
    /** Trace that the operation belongs to. */
    traceId?: string | null | undefined;
    /** Span that the operation belongs to. */
    spanId?: string | null | undefined;
    /** Set it if the same record can be published twice and must be stored once. */
    recordId?: string | undefined;
    /** Anything else. */
    attributes?: Attributes | undefined;
}

/** What a publisher does itself; `createPublisher` adds everything else that the contract asks for. */
export interface PublisherDefinition {
    /** Default name, kebab-case. */
    readonly name: string;
    /** Takes the standard dictionary of an event and may keep it; to keep it after a return without a promise, use `ownTexts`. The record is delivered when it returns or resolves, and dropped as `failed` when it throws or rejects. */
    readonly event?: ((data: FormattedEvent) => unknown) | undefined;
    /** Takes the standard dictionary of a network operation in the same way. */
    readonly network?: ((data: FormattedNetwork) => unknown) | undefined;
    /**
     * Makes the publisher ready to send; records wait until it has succeeded. A `PublisherError` with `retryable: false` is final.
     * A start that takes longer than `hookTimeoutMs` has failed, however it ends, and is called again. Its `signal` aborts then,
     * and when the publisher is closed: the start must free what it opened.
     */
    readonly start?: ((options: StartOptions) => unknown) | undefined;
    /** Called by flush() when all handlers have settled. One that takes too long does not keep later flushes from being done. */
    readonly flush?: ((options: WaitOptions) => unknown) | undefined;
    /** Called by close() after the flush, and once more for each start that was still under way and ends later: frees what the start opened, if it did. */
    readonly close?: ((options: WaitOptions) => unknown) | undefined;
    /** Probes the backend. */
    readonly check?: ((options: WaitOptions) => CheckReport | PromiseLike<CheckReport>) | undefined;
    /** How long start, flush and close may take, in milliseconds; one that takes longer has failed. @default 30000 */
    readonly hookTimeoutMs?: number | undefined;
    /** How many records may wait or be unsettled at a time; more are dropped as `overflow`. @default 100000 */
    readonly maxUnsettled?: number | undefined;
    /** Memory that these may hold together, in bytes; more are dropped as `overflow`. @default 33554432 (32 MiB) */
    readonly maxUnsettledBytes?: number | undefined;
}

/** A failure of a publisher, with a documented code. Recognise it by `isPublisherError`, never by `instanceof`. */
export declare class PublisherError extends Error {
    readonly code: ErrorCode;
    readonly publisher: string;
    /** Whether the same thing may succeed later. */
    readonly retryable: boolean;
    /** How many records this failure cost. */
    readonly dropped: number;
    constructor(message: string, init: PublisherErrorInit);
}

/** Properties that a `PublisherError` is created with. */
export interface PublisherErrorInit {
    /** What happened, in kebab-case. */
    readonly code: ErrorCode;
    /** Name of the publisher. */
    readonly publisher: string;
    /** Whether the same thing may succeed later. @default false */
    readonly retryable?: boolean | undefined;
    /** How many records this failure cost. @default 0 */
    readonly dropped?: number | undefined;
    readonly cause?: unknown;
}

/** A cheap snapshot of one publisher. */
export interface PublisherHealth extends Counts {
    readonly name: string;
    readonly state: PublisherState;
    /** Records dropped, by reason; reasons that never occurred are absent. */
    readonly droppedBy: Readonly<Partial<Record<DropReason, number>>>;
    /** Records ignored, by reason; reasons that never occurred are absent. */
    readonly ignoredBy: Readonly<Partial<Record<IgnoreReason, number>>>;
    readonly pendingDetail: {
        /** Memory that the pending records hold, in bytes. */
        readonly bytes: number;
        /** Age of the oldest pending record in milliseconds; null when none is pending. */
        readonly oldestAgeMs: number | null;
    };
    /** Fields repaired or left out while reading records. */
    readonly repaired: number;
    /** Attempts beyond the first. */
    readonly retries: number;
    /** When a record was last delivered, in epoch milliseconds. */
    readonly lastSuccess: number | null;
    /** The last failure. */
    readonly lastError: {
        readonly code: string;
        readonly message: string;
        readonly time: number;
    } | null;
    /** Health of the publishers inside, for a composite or a wrapper. */
    readonly children?: readonly PublisherHealth[] | undefined;
}

/** From best to worst: closed, idle (nothing received yet), ok, degraded, failing. */
export type PublisherState = "closed" | "idle" | "ok" | "degraded" | "failing";

/** Functions that change records, per kind; a kind without a function passes unchanged. */
export interface RecordMapping {
    /** Returns another event, or null to leave it out (`ignored.filtered`). */
    readonly event?: ((record: Readonly<EventMetrics>) => Readonly<EventMetrics> | null) | undefined;
    /** Returns another network operation, or null to leave it out (`ignored.filtered`). */
    readonly network?: ((record: Readonly<NetworkMetrics>) => Readonly<NetworkMetrics> | null) | undefined;
}

/**
 * Returns whether a record is passed on. If it throws or returns a promise, the record is passed on, since a broken filter loses
 * nothing, and `onError` gets code `callback-failed`: once for promises.
 */
export type RecordPredicate = (record: Readonly<EventMetrics> | Readonly<NetworkMetrics>) => boolean;

/** Who is measuring: goes into documents, `target_info` and the OTLP resource. */
export interface Resource {
    readonly serviceName: string;
    readonly serviceVersion?: string | undefined;
    readonly serviceInstanceId?: string | undefined;
    readonly environment?: string | undefined;
    readonly attributes?: Readonly<Record<string, string | number | boolean>> | undefined;
}

/**
 * A secret text, such as an API key. A function returns the current one; it is called when the secret is first needed, and
 * again after the backend has rejected what it returned.
 */
export type Secret = string | (() => string | PromiseLike<string>);

/** Time and signal of an attempt to start. */
export interface StartOptions {
    /** How long it may take, in milliseconds. */
    readonly timeoutMs: number;
    /** Aborts when that time is over or the publisher is closed. The attempt has then failed and must free what it opened. */
    readonly signal: AbortSignalLike;
}

/** A time: milliseconds since the Unix epoch, as `Date.now()` returns them, or a `Date`. */
export type Time = number | Date;

/** TLS of the connections to a backend. Everything but the passphrase is the text of a PEM file, or its bytes. */
export interface TlsOptions {
    /** Certificates of the authorities that may sign the backend's certificate. @default the ones that Node.js trusts */
    readonly ca?: string | Uint8Array | readonly (string | Uint8Array)[] | undefined;
    /** Certificate that this program presents, for backends that ask for one; requires `key`. */
    readonly cert?: string | Uint8Array | undefined;
    /** Private key of `cert`. */
    readonly key?: string | Uint8Array | undefined;
    /** Passphrase of `key`. */
    readonly passphrase?: string | undefined;
}

/** How long to wait. */
export interface WaitOptions {
    /** Milliseconds. @default 5000 */
    readonly timeoutMs?: number | undefined;
    /** Ends the wait early. */
    readonly signal?: AbortSignalLike | undefined;
}

/** Options of `filtered` and `mapped`. */
export interface WrapperOptions extends Pick<CommonOptions, "onError" | "clock"> {
    /** @default the name of the publisher inside */
    readonly name?: string | undefined;
    /** Whether closing the wrapper closes the publisher inside. @default true */
    readonly owned?: boolean | undefined;
}

/**
 * Closes a publisher when the program ends: at its natural end, and on signals. Nothing else in this library listens to the
 * process.
 *
 * If the program listens to a signal itself, the publisher is flushed at once and keeps accepting records; it is closed at the
 * natural end, or with the handle. Otherwise it is closed, and the signal then ends the process as it would have without this
 * function; a second signal ends it at once. Records that are lost when the process ends are reported in one line on standard
 * error. Where there is no process, only the handle works.
 */
export declare function closeOnExit(publisher: MetricsPublisher, options?: CloseOnExitOptions): ExitHandle;

/** Creates a publisher from one or two handlers: validation, numbers, errors, bounds and life cycle are included. */
export declare function createPublisher(definition: PublisherDefinition, options?: CommonOptions): MetricsPublisher;

/** Passes on the records for which `predicate` returns true; the others are `ignored.filtered`. */
export declare function filtered(publisher: MetricsPublisher, predicate: RecordPredicate, options?: WrapperOptions): MetricsPublisher;

/** Returns the standard dictionary of a record: pure, total, JSON-safe. For an invalid record, the invalid fields are null. */
export declare function formatMetrics(record: Readonly<EventMetrics>): FormattedEvent;
export declare function formatMetrics(record: Readonly<NetworkMetrics>): FormattedNetwork;
export declare function formatMetrics(record: Readonly<EventMetrics> | Readonly<NetworkMetrics>): FormattedMetrics;

/** Returns whether a record describes a network operation; reads only `operation`. */
export declare function isNetwork(record: Readonly<EventMetrics> | Readonly<NetworkMetrics>): record is Readonly<NetworkMetrics>;

/** Returns whether a caught value is a `PublisherError`, including one of another copy of this package. */
export declare function isPublisherError(caught: unknown): caught is PublisherError;

/**
 * Changes records before they reach a publisher: redaction, sampling, renaming.
 * If a mapping throws, or returns a promise or a record of the other kind, the record is dropped as `failed`: nothing unredacted passes.
 */
export declare function mapped(publisher: MetricsPublisher, mapping: RecordMapping, options?: WrapperOptions): MetricsPublisher;

/** Creates a publisher that accepts every record and does nothing with it, for programs whose metrics are switched off. */
export declare function noopPublisher(options?: CommonOptions): MetricsPublisher;

/**
 * Returns the instance of a key, and creates it if there is none: one per process, however often and from how many bundles or
 * copies of a module it is called. Worker threads and other realms have instances of their own.
 *
 * Later calls get the first instance, with the options that it was created with. If `create` throws, nothing is kept. A promise
 * is kept as it is, and forgotten if it rejects. A publisher that was closed is replaced by a new one.
 * @param key unique in the process; begin it with the name of the program or package, such as `shop:metrics`
 * @throws PublisherError `options` if the key is empty or `create` asks for its own key; what `create` throws
 */
export declare function oncePerProcess<Instance>(key: string, create: () => Instance): Instance;
