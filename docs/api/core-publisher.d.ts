// Public surface of @eventmeter/core/publisher. Written by scripts/report-api.ts: do not edit.

/** The part of normalised fields that holds attributes and counts repairs. */
export interface AttributeSource {
    readonly attributes?: Attributes | undefined;
    repaired: number;
}

/** Codes of a `CheckReport`; a publisher may add its own. */
export declare const CHECK_CODES: readonly ["ok", "closed", "timeout", "aborted", "publisher-failed", "page-failed", "not-listening", "connection-refused", "unreachable", "unknown-host", "broken-off", "no-answer", "tls", "client", "client-options", "client-closed", "too-many-files", "unauthorized", "forbidden", "not-found", "redirected", "rejected", "too-large", "rate-limited", "unavailable", "media-type", "not-elasticsearch", "unsupported-version", "template-missing", "template-shadowed", "mappings-shadowed", "write-unknown", "not-otlp", "clock-ahead", "out-of-order", "label-limit", "series-limit", "exemplars", "credentials-failed", "temporality", "discovery-failed", "endpoint-unknown", "stack-unknown"];

/** Codes that `onDiagnostic` gets; a publisher may add its own. */
export declare const DIAGNOSTIC_CODES: readonly ["unfinished-records", "resumed", "endpoint-found", "template-installed", "template-kept", "template-not-allowed", "mappings-shadowed", "template-unknown", "numeric-labels-off", "proxy-not-used", "dropped-by-pipeline"];

/** The time that a flush gives to the records that it covers. */
export interface DrainWait extends WaitOptions {
    readonly timeoutMs: number;
    /** When the flush ends at the latest, on the monotonic clock. */
    readonly until: number;
}

/** Codes of `PublisherError`; a publisher may add its own. */
export declare const ERROR_CODES: readonly ["options", "start-failed", "invalid-record", "record-dropped", "encode-failed", "publisher-failed", "callback-failed", "credentials-failed", "send-failed", "held", "snapshot-rejected", "series-rejected", "clock-behind", "series-overflow", "bounds-in-milliseconds", "reply-unknown", "partial-success", "page-failed", "page-unread", "registry-failed", "metric-left-out", "watch-overflow", "template-failed", "template-shadowed", "retention-replaced", "failure-store"];

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
    /** The caller's own object, unchecked: read it with `readAttributes` or `readAttribute`, during the call only. */
    attributes: Attributes | undefined;
    readonly operation: undefined;
    /** How many fields of this record were repaired or left out. */
    repaired: number;
    /** Why the last record was invalid: one clause that names each wrong field, never a value. */
    problem: string;
}

/** Which fields a reader fills: all of them, or only those that series need. */
export type FieldScope = "document" | "series";

/**
 * What to use instead of options that users know from other libraries, by their names there, such as
 * `{ node: "hosts", apiKey: "auth.apiKey" }`. The message about the unknown option ends in "use" and the text.
 */
export type ForeignNames = Readonly<Record<string, string>>;

/** How long a hook may take unless its publisher says something else, in milliseconds. */
export declare const HOOK_TIMEOUT_MS = 30000;

/** Parts of a publisher's health that its ledger does not know. */
export interface HealthDetail {
    readonly state: PublisherState;
    readonly pendingDetail?: PublisherHealth["pendingDetail"] | undefined;
    readonly lastError?: PublisherHealth["lastError"] | undefined;
    readonly children?: readonly PublisherHealth[] | undefined;
}

/** The entrance of a publisher: counts each record, drops it after the close, reads it, and drops it if it is invalid. */
export interface Intake {
    readonly closed: boolean;
    readonly event: (record: Readonly<EventMetrics>) => void;
    readonly network: (record: Readonly<NetworkMetrics>) => void;
    /** Drops every further record as `closed`. */
    close(): void;
}

/** Parts of a publisher that its intake works with. */
export interface IntakeOptions {
    readonly scope: FieldScope;
    readonly ledger: Ledger;
    readonly reporter: Reporter;
    /**
     * Takes a valid event and settles it, or keeps it pending; the fields are valid during the call only.
     * A throw before that, as from a getter among the attributes, makes the record invalid. If absent, events are `ignored.unsupported`.
     */
    readonly event?: ((fields: EventFields) => void) | undefined;
    /** Takes a valid network operation in the same way. */
    readonly network?: ((fields: NetworkFields) => void) | undefined;
    /**
     * What becomes of valid records without an `endTime`: they are passed to `event` and `network`, or are `ignored.unfinished`.
     * Where their status says that the execution has ended, the diagnostic `unfinished-records` is given once. @default "accept"
     */
    readonly unfinished?: "accept" | "ignore" | undefined;
    /** Time of the diagnostic. @default the system's clock */
    readonly clock?: Clock | undefined;
}

/**
 * Counts where each record of one publisher went. A record that was accepted and is not settled is pending, so
 * received + recovered = delivered + dropped + ignored + pending holds at every moment.
 */
export interface Ledger {
    /** Records handed to publish*; count each one before anything else. */
    received: number;
    /** Records taken over from an earlier process. */
    recovered: number;
    /** Records that were delivered. */
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
    /** Returns the current totals. */
    counts(): Counts;
    /** Returns the current totals with everything else that health() reports. */
    health(name: string, detail: HealthDetail): PublisherHealth;
    /** Returns the current totals as a report of flush() or close(), for a publisher that keeps no records on disk. */
    report(name: string, status: FlushReport["status"], children?: readonly FlushReport[]): FlushReport;
}

/** Life cycle of one publisher, from its construction to its close. */
export interface LifeCycle {
    /** The publisher itself. */
    readonly publisher: MetricsPublisher;
    /** Whether anything may be sent. */
    readonly ready: boolean;
    /** Whether the start failed permanently. */
    readonly refused: boolean;
    /** Starts in the background unless a start succeeded, failed permanently, or is under way. */
    startInBackground(): void;
    /** Drops records as `refused`, since the start failed permanently. */
    dropRefused(count?: number): void;
}

/** What a backend does around publishing. */
export interface LifeCycleHooks {
    /** Makes the publisher ready to send. A `PublisherError` with `retryable: false` is final; after any other failure it is called again. */
    readonly start?: ((options: StartOptions) => unknown) | undefined;
    /** Probes the backend. One that does not end in the time of its options is a report with the code `timeout`. */
    readonly check?: ((options: WaitOptions) => CheckReport | PromiseLike<CheckReport>) | undefined;
    /**
     * Frees what the start opened. Called by close() after the flush, and once more for each start that was still under way
     * and ends later.
     */
    readonly close?: ((options: WaitOptions) => unknown) | undefined;
    /** How long start and close may take, in milliseconds. A start that takes longer has failed and is called again. @default 30000 */
    readonly timeoutMs?: number | undefined;
}

/** Parts of a publisher that its life cycle works with. */
export interface LifeCycleOptions {
    readonly name: string;
    readonly clock: Clock;
    readonly ledger: Ledger;
    readonly reporter: Reporter;
    readonly intake: Intake;
    readonly flow: RecordFlow;
    readonly hooks: LifeCycleHooks;
}

/** How many attributes of one record are kept. */
export declare const MAX_ATTRIBUTES = 64;

/** Longest attribute name that is kept, in UTF-16 code units. */
export declare const MAX_ATTRIBUTE_NAME_LENGTH = 128;

/** Longest delay of a timer, in milliseconds; a longer one would fire at once. */
export declare const MAX_DELAY_MS = 2147483647;

/** Longest wait that a backend may ask for, in milliseconds. */
export declare const MAX_RETRY_AFTER_MS = 600000;

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
    eventName: string | undefined;
    traceId: string | null;
    /** Not read in scope `series`. */
    spanId: string | null;
    /** Not read in scope `series`. */
    recordId: string | undefined;
    /** The caller's own object, unchecked: read it with `readAttributes` or `readAttribute`, during the call only. */
    attributes: Attributes | undefined;
    /** How many fields of this record were repaired or left out. */
    repaired: number;
    /** Why the last record was invalid: one clause that names each wrong field, never a value. */
    problem: string;
}

/** Validates one given option; undefined never reaches a rule. Values are never shown, since any of them may be a secret. */
export type OptionRule = (value: unknown, report: ReportOptionError) => void;

/** Creates the rules that options are validated by. */
export interface OptionRuleSet {
    boolean(): OptionRule;
    /** A whole number from `min` to `max`; the message has no limit that is `Number.MAX_SAFE_INTEGER` or more. */
    integer(min: number, max: number): OptionRule;
    /** A finite number from `min` to `max`; the message has no limit that is `Number.MAX_SAFE_INTEGER` or more. */
    number(min: number, max: number): OptionRule;
    /** A non-empty string. */
    string(limits?: StringLimits): OptionRule;
    function(): OptionRule;
    oneOf(values: readonly (string | number | boolean)[]): OptionRule;
    /** An array of which each element passes `rule`. */
    list(rule: OptionRule): OptionRule;
    /** An object with any names, of which each value passes `rule`. */
    record(rule: OptionRule): OptionRule;
    /** An object with known names. */
    group(rules: OptionRules, foreignNames?: ForeignNames): OptionRule;
    /**
     * Anything that passes `test`.
     * @param types results of `typeof` for which the message does not name the type, because the type is right. @default none
     */
    instance(test: (value: unknown) => boolean, expected: string, types?: readonly string[]): OptionRule;
    /** The same rule for an option that must be given. */
    required(rule: OptionRule): OptionRule;
}

/** Rules by option name. */
export type OptionRules = Readonly<Record<string, OptionRule>>;

/** Methods that every publisher has. */
export declare const PUBLISHER_METHODS: readonly (keyof MetricsPublisher)[];

/** Publisher states from best to worst. */
export declare const PUBLISHER_STATES: readonly PublisherState[];

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

/** Fields of either kind. */
export type RecordFields = EventFields | NetworkFields;

/** The records of one publisher between acceptance and settlement, as far as its life cycle has to know them. */
export interface RecordFlow {
    /** Whether the backend rejects requests, or cannot be reached, at the moment. */
    readonly failing: boolean;
    readonly pendingDetail?: PublisherHealth["pendingDetail"] | undefined;
    /** Sends what waited for the start; called when that succeeded. */
    onStarted?(): void;
    /** Drops what waits; called when the start failed permanently. */
    onRefused?(): void;
    /**
     * Sends everything accepted so far and calls `done` when all of it is settled, or `done("timeout")` as soon as nothing of
     * the rest can be settled before `wait.until`: the flush then ends at once. Returns a function that withdraws the call.
     * Absent where a record is settled when it is accepted.
     */
    drain?(done: (status?: "timeout") => void, wait: DrainWait): () => void;
    /** Ends sending, frees timers and drops what is left; resolves when that is done. A failure is reported. */
    stop?(): unknown;
}

/** Reports that a value is not what was expected; `path` names a part of the value, such as `.clock` or `[2]`. */
export type ReportOptionError = (expected: string, path?: string) => void;

/** Reports a publisher's failures and diagnostics. Never throws. */
export interface Reporter {
    /** The last failure, for health(). */
    readonly lastError: PublisherHealth["lastError"];
    /** Reports a failure. `message` says what happened, to what and how much, without a secret, label value or payload. */
    error(code: ErrorCode, message: string, init?: Omit<PublisherErrorInit, "code" | "publisher">): void;
    /**
     * Reports dropped records: the first at once, those of the next second in one error with their number in `dropped`,
     * so that many bad records do not cause as many errors.
     */
    drop(code: ErrorCode, message: string, init?: {
        readonly count?: number;
        readonly cause?: unknown;
    }): void;
    /**
     * Reports what `drop` and the limit of process warnings still hold back; a publisher awaits it when it closes. Each code is
     * then reported once more at most. Resolves when process warnings are written, so that the process can end.
     */
    settle(): Promise<void>;
    /** Records a failure as the last one for health() without reporting it, for callers that get it in another way. */
    note(error: PublisherError): void;
    /** Reports a failure that already is a `PublisherError`, unchanged. */
    forward(error: PublisherError): void;
    /** Reports something that is not a failure. */
    diagnostic(code: string, message: string, count?: number): void;
}

/** Reads one secret, and keeps it until it is rejected. */
export interface SecretReader {
    /**
     * Returns the secret: at once if it is a text or known already. Rejects with a retryable `PublisherError`, code
     * `credentials-failed`, if the function throws, returns anything but a valid text, or takes longer than 10 seconds.
     */
    read(): string | Promise<string>;
    /** Records that the backend rejected a secret: if it is the current one, the next read() calls the function again. */
    reject(rejected: string): void;
}

/** What a secret reader is created with. */
export interface SecretReaderOptions {
    readonly secret: Secret;
    /** Name of the option, for messages, such as `auth.apiKey`. */
    readonly name: string;
    /** What the text must be; the same rule that `secretRule` got. */
    readonly rule: OptionRule;
    /** Prepares a valid text for use. @default as it is */
    readonly normalise?: ((text: string) => string) | undefined;
    /** Name of the publisher. */
    readonly publisher: string;
    readonly clock: Clock;
}

/** Time and signal of an attempt to start. */
export interface StartOptions {
    /** How long it may take, in milliseconds. */
    readonly timeoutMs: number;
    /** Aborts when that time is over or the publisher is closed. The attempt has then failed and must free what it opened. */
    readonly signal: AbortSignalLike;
}

/** Starts a publisher, on demand or in the background. */
export interface Starter {
    readonly state: "waiting" | "starting" | "started" | "refused" | "stopped";
    /** Whether an attempt is under way and within its time; it may outlive `stop()`. */
    readonly isAttempting: boolean;
    /** Whether the last attempt failed. */
    readonly isFailing: boolean;
    /** Calls of the start function that have not ended, those that took too long included. None of them rejects. */
    readonly underWay: readonly Promise<unknown>[];
    /** When the next attempt begins, on the monotonic clock, if one is scheduled; otherwise 0. */
    readonly nextAttempt: number;
    /** Starts now; idempotent, concurrent calls share one attempt. Rejects with a `PublisherError`. */
    start(options?: WaitOptions): Promise<void>;
    /** Starts in the background if nothing was started yet. Failures are tried again with back-off, those of `start()` too. */
    startInBackground(): void;
    /** Prevents every further attempt and aborts the signal of the one under way; resolves when that has ended. */
    stop(): Promise<void>;
}

/** What a starter is created with. */
export interface StarterOptions {
    /** Name of the publisher. */
    readonly publisher: string;
    /** Makes one attempt to start. A `PublisherError` with `retryable: false` is final; any other failure is tried again. */
    readonly start: (options: StartOptions) => unknown;
    /**
     * How long an attempt may take, in milliseconds. One that takes longer has failed, however it ends, and is made again.
     * @default 30000
     */
    readonly timeoutMs?: number | undefined;
    readonly clock: Clock;
    readonly reporter: Reporter;
    /** Called once, when an attempt succeeded. */
    readonly onStarted?: (() => void) | undefined;
    /** Called once, when an attempt failed permanently. */
    readonly onRefused?: ((error: PublisherError) => void) | undefined;
    /** Called after each failed attempt that will be followed by another one, at `nextAttempt`. */
    readonly onRetryScheduled?: (() => void) | undefined;
}

/** Limits of a string option. */
export interface StringLimits {
    /** In UTF-16 code units. @default 4096 */
    readonly maxLength?: number | undefined;
    readonly pattern?: RegExp | undefined;
    /** What the message says was expected. @default a non-empty string */
    readonly expected?: string | undefined;
}

/** How a wait ended. */
export type WaitStatus = "complete" | "timeout" | "aborted";

/**
 * Returns how long to wait after `failures` failures in a row, in milliseconds: a random time below a ceiling that doubles
 * from 0.5 s to 30 s (full jitter, so that many clients of one backend do not return in step), and at least 0.1 s.
 *
 * The wait that the backend asked for comes first, and the ceiling is then at least half of it: clients that were all told
 * the same time must not return in step either. The sum is at most 10 minutes, so a backend that asks for 10 minutes gets
 * no jitter.
 * @param jitter where below the ceiling, from 0 to 1; callers that need one draw for several waits pass it
 */
export declare function backOffMs(failures: number, retryAfterMs?: number, jitter?: number): number;

/**
 * Gives an object its own bound copy of each method, inherited ones included; methods with a symbol as key stay as they are.
 * Call it in the constructor of a publisher that is a class: programs pass methods on without their publisher, as in
 * `emitter.on("done", metrics.publishEventMetrics)`. What is changed on the prototype later has no effect on the object.
 */
export declare function bindMethods(target: object): void;

/**
 * Validates options as strictly from JavaScript as from TypeScript.
 * @param publisher name that the message begins with
 * @param together validates what single rules cannot, such as options that exclude each other; its `path` is a whole option name
 * @param foreignNames what to use instead of options that users know from other libraries, by their names there
 * @throws PublisherError `options`, once, listing every wrong field with what was expected
 */
export declare function checkOptions(publisher: string, options: unknown, rules: OptionRules, together?: (options: Readonly<Record<string, unknown>>, report: ReportOptionError) => void, foreignNames?: ForeignNames): void;

/** Returns the code of a failure in brackets, to follow a message, if it is a constant such as `ECONNREFUSED`; otherwise `""`. */
export declare function codeText(caught: unknown): string;

/** Rules of `CommonOptions`. */
export declare const commonOptionRules: {
    readonly [Name in keyof CommonOptions]-?: OptionRule;
};

/**
 * Returns whether a publisher is `searched`, or passes its records to it through wrappers and composites, to any depth.
 * Publishers that do not declare what is inside them are taken for having nothing inside. Never throws.
 */
export declare function containsPublisher(publisher: MetricsPublisher, searched: MetricsPublisher): boolean;

/** Creates the object that `readEvent` fills, one per publisher. @param scope `series` leaves out what only documents hold */
export declare function createEventFields(scope?: FieldScope): EventFields;

/** Creates the intake of one publisher. */
export declare function createIntake({ scope, ledger, reporter, event, network, unfinished, clock, }: IntakeOptions): Intake;

/** Creates the ledger of one publisher. */
export declare function createLedger(): Ledger;

/** Creates the life cycle of one publisher, and the publisher itself. */
export declare function createLifeCycle(options: LifeCycleOptions): LifeCycle;

/** Creates the object that `readNetwork` fills, one per publisher. @param scope `series` leaves out what only documents hold */
export declare function createNetworkFields(scope?: FieldScope): NetworkFields;

/** Creates a publisher from one or two handlers: validation, numbers, errors, bounds and life cycle are included. */
export declare function createPublisher(definition: PublisherDefinition, options?: CommonOptions): MetricsPublisher;

/** Creates the reporter of one publisher from its common options. */
export declare function createReporter(name: string, options?: Pick<CommonOptions, "onError" | "onDiagnostic" | "clock">): Reporter;

/** Creates the reader of one secret. */
export declare function createSecretReader(options: SecretReaderOptions): SecretReader;

/** Creates the starter of one publisher. */
export declare function createStarter(options: StarterOptions): Starter;

/** Cuts a string to `max` bytes of UTF-8 without splitting a character. */
export declare function cutBytes(text: string, max: number): string;

/**
 * Declares the publishers that a wrapper or composite passes its records to, so that `containsPublisher` finds them.
 * @param read returns them; called for each search, since a composite's children change
 */
export declare function declareInnerPublishers(publisher: MetricsPublisher, read: () => readonly MetricsPublisher[]): void;

/**
 * Returns what can be shown of a failure, to follow a message: message and code of a `PublisherError`, which is written for
 * people; name and code of any other error, such as ` (TypeError)` or ` (ECONNREFUSED)`, since its message can repeat a payload
 * or a secret; otherwise `""`. Never throws.
 */
export declare function describeFailure(caught: unknown): string;

/**
 * Returns why a value is not a publisher of contract version 1, as one clause; undefined if it is one.
 * Throws what a getter of the value throws.
 */
export declare function describePublisher(value: unknown): string | undefined;

/** Returns the message of anything that can be thrown, at most 8 KiB of well-formed text; null for null and undefined. Never throws. */
export declare function errorMessage(caught: unknown): string | null;

/** Returns the low-cardinality type of an Error: its `code`, else its `name`; null for anything else. Never throws. */
export declare function errorTypeOf(caught: unknown): string | null;

/** Returns the health that stands in for one that cannot be read: failing, with all numbers at 0. */
export declare function failingHealth(name: string): PublisherHealth;

/**
 * Creates the rule of an object with header names and texts. Neither a text nor an invalid name is shown.
 * @param reserved lower-case names of the headers that the publisher sets itself
 * @param allowLists whether a header may have a list of texts, or none
 */
export declare function headersRule({ reserved, allowLists, }?: {
    readonly reserved?: ReadonlySet<string>;
    readonly allowLists?: boolean;
}): OptionRule;

/** Rule of the option `hookTimeoutMs` of a definition. */
export declare const hookTimeoutRule: OptionRule;

/** Returns whether a failure is recent enough to degrade a publisher. Both times are epoch milliseconds. */
export declare function isRecentFailure(time: number, now: number): boolean;

/** Returns whether a value has to be waited for. Never throws. */
export declare function isThenable(value: unknown): value is PromiseLike<unknown>;

/** Returns the kind of a value with an article, such as `an array`, `an empty string` or `NaN`. Never throws. */
export declare function kindOf(value: unknown): string;

/** Returns the status of a network operation, which its records do not state. */
export declare function networkStatus({ error, endTime }: {
    readonly error: unknown;
    readonly endTime: unknown;
}): string;

/** Calls `onRejected`, once at most, if `thenable` rejects; without it, what it rejects with is ignored. Never throws. */
export declare function onRejection(thenable: unknown, onRejected?: (cause: unknown) => void): void;

/** The rules that options are validated by. */
export declare const option: OptionRuleSet;

/**
 * Returns the same text in memory of its own. Engines represent a slice by a reference to the whole text, so whoever keeps
 * 40 characters of a document of 2 MB keeps 2 MB. Use it for every text of a caller that is kept after the call.
 */
export declare function ownText(text: string): string;

/** Replaces the texts of a standard dictionary, and of its attributes, by their `ownText`, for a publisher that keeps it. */
export declare function ownTexts(dictionary: object): void;

/** Rule of a password for HTTP basic authentication. */
export declare const passwordRule: OptionRule;

/**
 * Returns a promise of the runtime that settles as `thenable` does. A foreign `then` can throw, call both of its callbacks, or
 * call them at once and several times: this promise settles once, and later than the call. Never throws.
 */
export declare function promiseOf(thenable: unknown): Promise<unknown>;

/**
 * Returns a publisher's state: `failing` while the publisher says so, `degraded` for a minute after a failure.
 * @param failing whether the backend rejects requests, or cannot be reached, at the moment
 * @param lastErrorTime when something last failed, in epoch milliseconds
 * @param now epoch milliseconds
 */
export declare function publisherState({ closed, received, failing, lastErrorTime, now, }: {
    readonly closed: boolean;
    readonly received: number;
    readonly failing: boolean;
    readonly lastErrorTime?: number | undefined;
    readonly now: number;
}): PublisherState;

/**
 * Returns one attribute as a label value: `""` if the record has no own attribute of that name, or an invalid one.
 * Throws what a getter of the caller's object throws: the record is then invalid.
 */
export declare function readAttribute(fields: AttributeSource, name: string): string;

/**
 * Calls `visit` with every valid attribute, strings already cut; counts what is left out in `fields.repaired`.
 * Only own enumerable properties count. Throws what a getter of the caller's object throws: the record is then invalid.
 */
export declare function readAttributes(fields: AttributeSource, visit: (name: string, value: string | number | boolean) => void): void;

/**
 * Reads an event into `into`, each field once; false if the record is invalid: `into.problem` then names every wrong field.
 * Never throws, and never changes the record. Hot: nothing is allocated for a good record.
 */
export declare function readEvent(record: Readonly<EventMetrics>, into: EventFields): boolean;

/**
 * Reads the health of a publisher and of the publishers inside it, each field once. Returns undefined where health() throws,
 * or returns anything but a health: a known state and all six totals. A child with a name but without such a health is
 * shown as failing; a child without a name is left out. Never throws.
 */
export declare function readHealth(publisher: Pick<MetricsPublisher, "name" | "health">): PublisherHealth | undefined;

/**
 * Reads a network operation into `into`, each field once; false if the record is invalid: `into.problem` then names every wrong field.
 * Never throws, and never changes the record. Hot: nothing is allocated for a good record.
 */
export declare function readNetwork(record: Readonly<NetworkMetrics>, into: NetworkFields): boolean;

/**
 * Reads what flush() or close() of a publisher resolved with, and the reports inside it, each field once. Returns undefined for
 * anything but a report: a known status and all six totals. A child with a name but without such a report is shown as aborted
 * with all numbers at 0; anything else that is not a report is left out. A report without `droppedBy` gets that of the health
 * if the health has the same total, and a closed publisher that has dropped records since its report has the numbers of its
 * health. Never throws.
 */
export declare function readReport(publisher: Pick<MetricsPublisher, "name" | "health">, given: unknown): FlushReport | undefined;
/**
 * Reads a report in the same way, and makes one of the publisher's health where `given` is not a report.
 * @param status status of a report that is made of the health
 */
export declare function readReport(publisher: Pick<MetricsPublisher, "name" | "health">, given: unknown, status: FlushReport["status"]): FlushReport;

/** Reads the options of a wait; invalid ones are replaced by the defaults. Never throws. */
export declare function readWaitOptions(options: WaitOptions | undefined): {
    timeoutMs: number;
    signal: AbortSignalLike | undefined;
};

/** Returns the clock of an option, guarded: where it throws or returns something else than numbers, the system's clock takes over. */
export declare function resolveClock(given: Clock | undefined): Clock;

/**
 * Calls `run` and returns what it returns, in the context in which this package was loaded: timers, promises and sockets that
 * `run` creates see none of the caller's AsyncLocalStorage stores, and keep none of them in memory. A plain call where there is
 * no AsyncLocalStorage, for example in a browser. Call it when work begins, not for each record: it takes about 0.2
 * microseconds.
 *
 * If this package is first loaded inside a request, the stores of that request are kept.
 */
export declare function runDetached<Result>(run: () => Result): Result;

/** Creates the rule of an option that takes a `Secret`. @param rule what the text must be */
export declare function secretRule(rule: OptionRule): OptionRule;

/** The runtime's own time; its timers never hold the process open, and run outside of the context that set them. */
export declare const systemClock: Clock;

/** Rule of `TlsOptions`. Nothing of a key, certificate or passphrase is shown. */
export declare const tlsRule: OptionRule;

/** Creates the rule of a token or key that a header carries as it is. */
export declare function tokenRule({ maxLength, expected, }?: Pick<StringLimits, "maxLength" | "expected">): OptionRule;

/** Rule of a user name for HTTP basic authentication, where a colon would end the name. */
export declare const usernameRule: OptionRule;

/**
 * Waits until `settled` resolves or rejects, the time is over, or the signal aborts. Never rejects.
 * On the system's clock the wait holds the process open: a program that waits for a flush is not idle.
 * @param graceMs further milliseconds, for something inside that has the same options and ends just after
 */
export declare function waitWithin(settled: PromiseLike<unknown>, options: WaitOptions | undefined, clock: Clock, graceMs?: number): Promise<WaitStatus>;
