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

/** The part of normalised fields that holds attributes and counts what was repaired. */
export interface AttributeSource {
    readonly attributes?: Attributes | undefined;
    repaired: number;
}

/** What an attribute may hold; anything else is left out. */
export type AttributeValue = string | number | boolean | null | undefined;

/** Further facts about a record, by name: stored in documents, and a label only where promoted by name. */
export type Attributes = Readonly<Record<string, AttributeValue>>;

/** What an active probe found. */
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

/** Time as a publisher sees it. */
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

/** When else to close, and how long that may take. */
export interface CloseOnExitOptions {
    /** Signals that close the publisher too, such as `SIGTERM`; the process then ends as the signal would have ended it. @default none */
    readonly signals?: readonly string[] | undefined;
    /** Milliseconds that the close may hold the process. @default 5000 */
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
    /** Receives what is no error but worth knowing. @default nothing */
    readonly onDiagnostic?: ((diagnostic: Diagnostic) => void) | undefined;
    /** Where times and timers come from. @default the system's */
    readonly clock?: Clock | undefined;
}

/** Totals since construction: received + recovered = delivered + dropped + ignored + pending. */
export interface Counts {
    /** Records handed to publish*, whatever became of them. */
    readonly received: number;
    /** Records taken over from an earlier process. */
    readonly recovered: number;
    /** Records that arrived; what that means for each publisher stands in its README. */
    readonly delivered: number;
    /** Records that will not arrive, for any reason. */
    readonly dropped: number;
    /** Records left aside by a rule. */
    readonly ignored: number;
    /** Records accepted and not yet settled. */
    readonly pending: number;
}

/** Every reason for which a record is dropped: it was accepted or refused, and will not arrive. */
export declare const DROP_REASONS: readonly ["invalid", "queue-full", "too-large", "rejected", "expired", "refused", "unconfirmed", "unexported", "failed", "encode", "overflow", "closed"];

/** Something worth knowing that is no error. */
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

/** Codes that the packages of this project use; a publisher may add its own. */
export type ErrorCode = "options" | "invalid-record" | "record-dropped" | "start-failed" | "publisher-failed" | "callback-failed" | (string & {});

/** An event after normalisation. Belongs to one publisher and is overwritten by its next record. */
export interface EventFields {
    readonly scope: FieldScope;
    eventName: string;
    taskId: string;
    /** Epoch milliseconds. */
    startTime: number;
    /** Epoch milliseconds, never before `startTime`; null while the execution runs. */
    endTime: number | null;
    status: string;
    /** The message, up to 8 KiB; null without an error. Not read in scope `series`. */
    error: string | null;
    errorType: string | null;
    retryCount: number;
    /** Not read in scope `series`. */
    processId: number | null;
    /** Not read in scope `series`. */
    pipelineId: string | null;
    traceId: string | null;
    /** Not read in scope `series`. */
    spanId: string | null;
    /** Not read in scope `series`. */
    recordId: string | undefined;
    /** The caller's own object, not yet checked: read it by `readAttributes` or `readAttribute` during the call only. */
    attributes: Attributes | undefined;
    readonly operation: undefined;
    /** How many fields of this record were repaired or left out. */
    repaired: number;
    /** Why the last record was refused: one clause that names field and fault, never a value. */
    problem: string;
}

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
    /** An Error, a message, anything caught. Never a label. */
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
    /** Set it when the same record may be published twice and must be stored once. */
    recordId?: string | undefined;
    /** Anything else. */
    attributes?: Attributes | undefined;
    /** Never set on an event: tells the two kinds apart. */
    operation?: undefined;
}

/** The states an execution is usually in; any other string is kept as it is. */
export type EventStatus = "pending" | "running" | "completed" | "failed" | "cancelled" | (string & {});

/** Which fields a reader fills: all of them, or only those that a time series is made of. */
export type FieldScope = "document" | "series";

/** How a flush or close ended. */
export interface FlushReport extends Counts {
    /** `complete`: every covered record is settled; `timeout`, `aborted`: the wait ended first. */
    readonly status: "complete" | "timeout" | "aborted";
    /** How many of the pending records are safe on disk. */
    readonly durable: number;
}

/** What the dictionaries of both kinds hold. */
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

/** What a ledger does not know of a publisher's health. */
export interface HealthDetail {
    readonly state: PublisherState;
    readonly pendingDetail?: PublisherHealth["pendingDetail"] | undefined;
    readonly lastError?: PublisherHealth["lastError"] | undefined;
    readonly children?: readonly PublisherHealth[] | undefined;
}

/** Every rule by which a record is left aside although nothing went wrong. */
export declare const IGNORE_REASONS: readonly ["unfinished", "filtered", "unsupported", "unwanted"];

/** Why a record was ignored. */
export type IgnoreReason = (typeof IGNORE_REASONS)[number];

/** The way of every record into a publisher: counted, refused after the close, read, and dropped with a reason if it is invalid. */
export interface Intake {
    readonly closed: boolean;
    readonly event: (record: Readonly<EventMetrics>) => void;
    readonly network: (record: Readonly<NetworkMetrics>) => void;
    /** Refuses every record from now on. */
    close(): void;
}

/** What an intake needs from its publisher. */
export interface IntakeInit {
    readonly scope: FieldScope;
    readonly ledger: Ledger;
    readonly reporter: Reporter;
    /**
     * Takes a valid event and settles it, or keeps it pending; the fields are valid during the call only.
     * A throw before that, as from a getter among the attributes, makes the record invalid. Absent: `ignored.unsupported`.
     */
    readonly event?: ((fields: EventFields) => void) | undefined;
    /** Takes a valid network operation in the same way. */
    readonly network?: ((fields: NetworkFields) => void) | undefined;
}

/**
 * Where each record of one publisher went. Pending is what was taken and is not settled yet:
 * received + recovered = delivered + dropped + ignored + pending holds at every moment.
 */
export interface Ledger {
    /** Records handed to publish*: count each one first. */
    received: number;
    /** Records taken over from an earlier process. */
    recovered: number;
    /** Records that arrived. */
    delivered: number;
    /** Fields repaired or left out. */
    repaired: number;
    /** Attempts beyond the first. */
    retries: number;
    /** When a record was last delivered, in epoch milliseconds. */
    lastSuccess: number | null;
    /** Settles records as dropped. */
    drop(reason: DropReason, count?: number): void;
    /** Settles records as ignored. */
    ignore(reason: IgnoreReason, count?: number): void;
    /** Gives the totals of this moment. */
    counts(): Counts;
    /** Gives the totals with everything that health() says besides. */
    health(name: string, detail: HealthDetail): PublisherHealth;
}

/** How many attributes of one record are kept. */
export declare const MAX_ATTRIBUTES = 64;

/** Longest attribute name that is kept, in UTF-16 code units. */
export declare const MAX_ATTRIBUTE_NAME_LENGTH = 128;

/** Longest delay that a timer takes: a longer one would fire at once. */
export declare const MAX_DELAY_MS = 2147483647;

/** What every publisher is: it takes records, never throws into the caller, and says where each record went. */
export interface MetricsPublisher extends AsyncDisposable {
    /** Name in errors, health and composites: kebab-case. */
    readonly name: string;
    /** Version of this contract that the object was written against. */
    readonly contract: 1;
    /** Takes one execution; returns at once and keeps nothing of the object. */
    publishEventMetrics(metrics: Readonly<EventMetrics>): void;
    /** Takes one network operation; returns at once and keeps nothing of the object. */
    publishNetworkMetrics(metrics: Readonly<NetworkMetrics>): void;
    /** Gives the standard dictionary of a record. */
    formatMetrics(metrics: Readonly<EventMetrics> | Readonly<NetworkMetrics>): FormattedMetrics;
    /** Makes the publisher ready; idempotent. Rejects with a `PublisherError` if it cannot. */
    start?(options?: WaitOptions): Promise<void>;
    /** Waits until every record accepted before the call is settled, or the time is over. Never rejects. */
    flush(options?: WaitOptions): Promise<FlushReport>;
    /** Stops accepting, flushes, frees everything; the same promise on every call. Never rejects. */
    close(options?: WaitOptions): Promise<FlushReport>;
    /** Gives the numbers of this moment, without I/O. */
    health(): PublisherHealth;
    /** Tries the backend for real and says what to do if it fails. */
    check?(options?: WaitOptions): Promise<CheckReport>;
}

/** A record of either kind. */
export type MetricsRecord = EventMetrics | NetworkMetrics;

/** A network operation after normalisation. Belongs to one publisher and is overwritten by its next record. */
export interface NetworkFields {
    readonly scope: FieldScope;
    operation: string;
    /** Not read in scope `series`. */
    host: string;
    /** Not read in scope `series`. */
    port: number | null;
    /** Epoch milliseconds. */
    startTime: number;
    /** Epoch milliseconds, never before `startTime`; null while the operation runs. */
    endTime: number | null;
    bytesSent: number;
    bytesReceived: number;
    /** The message, up to 8 KiB; null without an error. Not read in scope `series`. */
    error: string | null;
    errorType: string | null;
    taskId: string | undefined;
    /** Not read in scope `series`. */
    eventName: string | undefined;
    traceId: string | null;
    /** Not read in scope `series`. */
    spanId: string | null;
    /** Not read in scope `series`. */
    recordId: string | undefined;
    /** The caller's own object, not yet checked: read it by `readAttributes` or `readAttribute` during the call only. */
    attributes: Attributes | undefined;
    /** How many fields of this record were repaired or left out. */
    repaired: number;
    /** Why the last record was refused: one clause that names field and fault, never a value. */
    problem: string;
}

/** One network operation. */
export interface NetworkMetrics {
    /** Type of operation, as `GET` or `publish`: low cardinality, becomes a label. 1 to 512 characters. */
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
    /** An Error, a message, anything caught. Never a label. */
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
    /** Set it when the same record may be published twice and must be stored once. */
    recordId?: string | undefined;
    /** Anything else. */
    attributes?: Attributes | undefined;
}

/** Notes that a value is not what was expected; `path` names a part of it, as `.clock` or `[2]`. */
export type OptionFault = (expected: string, path?: string) => void;

/** Judges one given option; undefined never reaches a rule. Values are never shown, since any of them may be a secret. */
export type OptionRule = (value: unknown, fault: OptionFault) => void;

/** The rules that options are made of. */
export interface OptionRuleSet {
    boolean(): OptionRule;
    /** A whole number from `min` to `max`. */
    integer(min: number, max: number): OptionRule;
    /** A finite number from `min` to `max`. */
    number(min: number, max: number): OptionRule;
    /** A non-empty string. */
    string(limits?: StringLimits): OptionRule;
    function(): OptionRule;
    oneOf(values: readonly (string | number | boolean)[]): OptionRule;
    /** An array of which each element passes `rule`. */
    list(rule: OptionRule): OptionRule;
    /** An object of any names, of which each value passes `rule`. */
    record(rule: OptionRule): OptionRule;
    /** An object of known names. */
    group(rules: OptionRules): OptionRule;
    /** Anything that passes `test`. */
    instance(test: (value: unknown) => boolean, expected: string): OptionRule;
    /** The same rule for an option that must be given. */
    required(rule: OptionRule): OptionRule;
}

/** Rules by option name. */
export type OptionRules = Readonly<Record<string, OptionRule>>;

/** Publisher states from best to worst. */
export declare const PUBLISHER_STATES: readonly PublisherState[];

/** What a publisher does; everything else that the contract asks for comes from `createPublisher`. */
export interface PublisherDefinition {
    /** Default name, kebab-case. */
    readonly name: string;
    /** Takes the dictionary of an event, which is its own to keep. Delivered when it returns or resolves, `failed` when it throws or rejects. */
    readonly event?: ((data: FormattedEvent) => unknown) | undefined;
    /** Takes the dictionary of a network operation, in the same way. */
    readonly network?: ((data: FormattedNetwork) => unknown) | undefined;
    /** Makes it ready; until it has succeeded records wait. A `PublisherError` with `retryable: false` is final. */
    readonly start?: ((options: WaitOptions) => unknown) | undefined;
    /** Called by flush() when all handlers have settled. */
    readonly flush?: ((options: WaitOptions) => unknown) | undefined;
    /** Called by close() once, after the flush. */
    readonly close?: ((options: WaitOptions) => unknown) | undefined;
    /** Tries the backend for real. */
    readonly check?: ((options: WaitOptions) => CheckReport | PromiseLike<CheckReport>) | undefined;
    /** How many records may wait or be unsettled at a time; more are dropped as `overflow`. @default 1000 */
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

/** What a `PublisherError` is made of. */
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

/** Fields of either kind. */
export type RecordFields = EventFields | NetworkFields;

/** What becomes of the records of each kind; a kind without a function passes unchanged. */
export interface RecordMapping {
    /** Gives another event, or null to leave it out (`ignored.filtered`). */
    readonly event?: ((record: Readonly<EventMetrics>) => Readonly<EventMetrics> | null) | undefined;
    /** Gives another network operation, or null to leave it out (`ignored.filtered`). */
    readonly network?: ((record: Readonly<NetworkMetrics>) => Readonly<NetworkMetrics> | null) | undefined;
}

/** Tells whether a record goes on. One that throws lets the record pass: a broken filter loses nothing. */
export type RecordPredicate = (record: Readonly<EventMetrics> | Readonly<NetworkMetrics>) => boolean;

/** Carries a publisher's failures and news to whoever listens. Never throws. */
export interface Reporter {
    /** The last failure, for health(). */
    readonly lastError: PublisherHealth["lastError"];
    /** Reports a failure: `message` says what happened, to what, how much, without a secret, label value or payload. */
    error(code: ErrorCode, message: string, init?: Omit<PublisherErrorInit, "code" | "publisher">): void;
    /**
     * Reports dropped records: the first at once, those of the next second in one error with their number in `dropped`,
     * so that a flood of bad records costs no flood of errors.
     */
    drop(code: ErrorCode, message: string, init?: {
        readonly count?: number;
        readonly cause?: unknown;
    }): void;
    /** Reports what `drop` still holds back; a publisher calls it when it closes. Later drops are reported once a code. */
    settle(): void;
    /** Keeps a failure as the last one for health(), without a report: whoever caused it is told in another way. */
    note(error: PublisherError): void;
    /** Reports a failure that already is a `PublisherError`, as it is. */
    forward(error: PublisherError): void;
    /** Reports what is no failure. */
    diagnostic(code: string, message: string, count?: number): void;
}

/** Who is measuring: goes into documents, `target_info` and the OTLP resource. */
export interface Resource {
    readonly serviceName: string;
    readonly serviceVersion?: string | undefined;
    readonly serviceInstanceId?: string | undefined;
    readonly environment?: string | undefined;
    readonly attributes?: Readonly<Record<string, string | number | boolean>> | undefined;
}

/** Brings a publisher up: on demand, or in the background with the first record. */
export interface Starter {
    readonly state: "waiting" | "starting" | "started" | "refused" | "stopped";
    /** Starts now; idempotent, concurrent calls share one attempt. Rejects with a `PublisherError`. */
    start(options?: WaitOptions): Promise<void>;
    /** Starts in the background if nothing was started yet; failures, those of `start()` too, are tried again. */
    begin(): void;
    /** Ends every attempt to come; resolves when none is under way. */
    stop(): Promise<void>;
}

/** What a starter needs to know. */
export interface StarterInit {
    /** Name of the publisher. */
    readonly publisher: string;
    /** One attempt; a `PublisherError` with `retryable: false` is final, everything else is tried again. */
    readonly start: () => unknown;
    readonly clock: Clock;
    readonly reporter: Reporter;
    /** Called once, when an attempt succeeded. */
    readonly onStarted?: (() => void) | undefined;
    /** Called once, when an attempt failed for good. */
    readonly onRefused?: ((error: PublisherError) => void) | undefined;
}

/** What a publisher's state follows from. */
export interface StateInit {
    readonly closed: boolean;
    readonly received: number;
    /** Whether the backend refuses or cannot be reached at present. */
    readonly failing: boolean;
    /** When something last failed, in epoch milliseconds. */
    readonly lastErrorTime?: number | undefined;
    /** Now, in epoch milliseconds. */
    readonly now: number;
}

/** What a string option may be. */
export interface StringLimits {
    /** In UTF-16 code units. @default 4096 */
    readonly maxLength?: number | undefined;
    readonly pattern?: RegExp | undefined;
    /** What the message says was expected. @default a non-empty string */
    readonly expected?: string | undefined;
}

/** A moment: milliseconds since the Unix epoch, as `Date.now()` gives them, or a `Date`. */
export type Time = number | Date;

/** How long to wait. */
export interface WaitOptions {
    /** Milliseconds. @default 5000 */
    readonly timeoutMs?: number | undefined;
    /** Ends the wait early. */
    readonly signal?: AbortSignalLike | undefined;
}

/** How a wait ended. */
export type WaitStatus = "complete" | "timeout" | "aborted";

/** Options of `filtered` and `mapped`. */
export interface WrapperOptions extends Pick<CommonOptions, "onError" | "clock"> {
    /** @default the name of the publisher inside */
    readonly name?: string | undefined;
    /** Whether closing the wrapper closes the publisher inside. @default true */
    readonly owned?: boolean | undefined;
}

/**
 * Checks options as strictly from JavaScript as from TypeScript.
 * @param publisher name that the message begins with
 * @param together judges what single rules cannot, such as options that exclude each other; its `path` is a whole option name
 * @throws PublisherError `options`, once, listing every wrong field with what was expected
 */
export declare function checkOptions(publisher: string, options: unknown, rules: OptionRules, together?: (options: Readonly<Record<string, unknown>>, fault: OptionFault) => void): void;

/**
 * Closes a publisher at the natural end of the program and, if asked, on signals. Opt-in: nothing else in this library listens to the process.
 * A signal that the program handles itself closes the publisher and leaves the rest to the program.
 * @returns undoes it. Does nothing where there is no process.
 */
export declare function closeOnExit(publisher: MetricsPublisher, options?: CloseOnExitOptions): () => void;

/** Calls what a publisher closes last, with the time that a flush of `spentMs` left. A failure is reported; never rejects. */
export declare function closeWithin(close: ((options: WaitOptions) => unknown) | undefined, wait: WaitOptions | undefined, spentMs: number, { clock, reporter }: {
    readonly clock: Clock;
    readonly reporter: Reporter;
}): Promise<void>;

/** Gives the code of a failure in brackets, to be put behind a message, where it is a constant such as `ECONNREFUSED`; else nothing. */
export declare function codeText(caught: unknown): string;

/** Rules of `CommonOptions`. */
export declare const commonOptionRules: {
    readonly name: OptionRule;
    readonly resource: OptionRule;
    readonly onError: OptionRule;
    readonly onDiagnostic: OptionRule;
    readonly clock: OptionRule;
};

/** Makes the object that `readEvent` fills: one per publisher. @param scope `series` leaves out what only documents hold */
export declare function createEventFields(scope?: FieldScope): EventFields;

/** Opens the intake of one publisher. */
export declare function createIntake({ scope, ledger, reporter, event, network }: IntakeInit): Intake;

/** Opens the numbers of one publisher. */
export declare function createLedger(): Ledger;

/** Makes the object that `readNetwork` fills: one per publisher. @param scope `series` leaves out what only documents hold */
export declare function createNetworkFields(scope?: FieldScope): NetworkFields;

/** Makes a publisher from two functions: validation, numbers, errors, bounds and life cycle are all there. */
export declare function createPublisher(definition: PublisherDefinition, options?: CommonOptions): MetricsPublisher;

/** Makes the reporter of one publisher from its common options. */
export declare function createReporter(name: string, options?: Pick<CommonOptions, "onError" | "onDiagnostic" | "clock">): Reporter;

/** Makes the starter of one publisher. */
export declare function createStarter({ publisher, start, clock, reporter, onStarted, onRefused }: StarterInit): Starter;

/** Gives the message of anything that can be caught, at most 8 KiB of well-formed text; null for null and undefined. Never throws. */
export declare function errorMessage(caught: unknown): string | null;

/** Gives the low-cardinality type of an Error: its `code`, else its `name`; null for anything else. Never throws. */
export declare function errorTypeOf(caught: unknown): string | null;

/** Hands on the records for which `predicate` is true; the others are `ignored.filtered`. */
export declare function filtered(publisher: MetricsPublisher, predicate: RecordPredicate, options?: WrapperOptions): MetricsPublisher;

/** Gives the standard dictionary of a record: pure, total, JSON-safe; of an invalid record what can be said, with null for the rest. */
export declare function formatMetrics(record: Readonly<EventMetrics>): FormattedEvent;
export declare function formatMetrics(record: Readonly<NetworkMetrics>): FormattedNetwork;
export declare function formatMetrics(record: Readonly<EventMetrics> | Readonly<NetworkMetrics>): FormattedMetrics;

/** Tells whether a record describes a network operation; reads `operation` and nothing else. */
export declare function isNetwork(record: Readonly<EventMetrics> | Readonly<NetworkMetrics>): record is Readonly<NetworkMetrics>;

/** Tells whether a caught value is a `PublisherError`, also one made by another copy of this package. */
export declare function isPublisherError(caught: unknown): caught is PublisherError;

/** Tells whether a value has to be waited for. Never throws. */
export declare function isThenable(value: unknown): value is PromiseLike<unknown>;

/**
 * Changes records before they reach a publisher: redaction, sampling, renaming.
 * A mapping that throws, gives a promise or another kind of record drops it as `failed`: nothing unredacted ever passes.
 */
export declare function mapped(publisher: MetricsPublisher, mapping: RecordMapping, options?: WrapperOptions): MetricsPublisher;

/** Makes a publisher that takes every record and does nothing with it: for code whose metrics are switched off. */
export declare function noopPublisher(options?: CommonOptions): MetricsPublisher;

/** Makes the rules that options are checked by. */
export declare const option: OptionRuleSet;

/** Gives a publisher's state: `degraded` for a minute after a failure, `failing` while the publisher says so. */
export declare function publisherState({ closed, received, failing, lastErrorTime, now }: StateInit): PublisherState;

/**
 * Gives one attribute as a label value: `""` if the record has none of its own by that name, or none that can be used.
 * Throws what a getter of the caller's object throws: the record is then invalid.
 */
export declare function readAttribute(fields: AttributeSource, name: string): string;

/**
 * Gives every attribute that can be kept to `visit`, strings already cut; counts what is left out in `fields.repaired`.
 * Only own enumerable properties count. Throws what a getter of the caller's object throws: the record is then invalid.
 */
export declare function readAttributes(fields: AttributeSource, visit: (name: string, value: string | number | boolean) => void): void;

/**
 * Reads an event into `into`, each field once; false if the record is invalid: `into.problem` then names every wrong field.
 * Never throws, and never changes the record. Hot: nothing is allocated for a good record.
 */
export declare function readEvent(record: Readonly<EventMetrics>, into: EventFields): boolean;

/** Reads the health of a publisher that may be anybody's, each field once; undefined where it gives none. Never throws. */
export declare function readHealth(publisher: Pick<MetricsPublisher, "health">): PublisherHealth | undefined;

/**
 * Reads a network operation into `into`, each field once; false if the record is invalid: `into.problem` then names every wrong field.
 * Never throws, and never changes the record. Hot: nothing is allocated for a good record.
 */
export declare function readNetwork(record: Readonly<NetworkMetrics>, into: NetworkFields): boolean;

/** Reads the options of a wait; what cannot be used gives way to the default. Never throws. */
export declare function readWaitOptions(options: WaitOptions | undefined): {
    timeoutMs: number;
    signal: AbortSignalLike | undefined;
};

/** Gives the clock of an option: the system's without one, else one that survives what the given one throws or gives instead of numbers. */
export declare function resolveClock(given: Clock | undefined): Clock;

/** The runtime's own time; its timers never hold the process open. */
export declare const systemClock: Clock;

/**
 * Waits until `settled` resolves or rejects, the time is over, or the signal aborts. Never rejects.
 * On the system's clock the wait holds the process open: whoever waits for a flush is not idle.
 * @param graceMs what is given on top, in milliseconds, to something inside that was given the same options and ends just after
 */
export declare function waitWithin(settled: PromiseLike<unknown>, options: WaitOptions | undefined, clock: Clock, graceMs?: number): Promise<WaitStatus>;
