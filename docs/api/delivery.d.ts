// Public surface of @eventmeter/delivery. Written by scripts/report-api.ts: do not edit.

import type { CheckReport, Clock, CommonOptions, DropReason, MetricsPublisher, WaitOptions } from "@eventmeter/core";
import type { EventFields, NetworkFields, OptionRule, OptionRules, RecordFields, Reporter } from "@eventmeter/core/publisher";

/** What a backend does around sending. */
export interface BackendHooks {
    /**
     * Makes the backend ready; nothing is sent before. A `PublisherError` with `retryable: false` is final. A start that takes
     * longer than `hookTimeoutMs` has failed, however it ends, and is called again: it must free what it opened when its `signal`
     * aborts.
     */
    readonly start?: ((context: StartContext) => unknown) | undefined;
    /** Probes the backend. */
    readonly check?: ((options: WaitOptions) => CheckReport | PromiseLike<CheckReport>) | undefined;
    /** Called by close() after the flush, and once more for each start that was under way and ends later: frees what the start opened. */
    readonly close?: ((options: WaitOptions) => unknown) | undefined;
    /** How long start and close may take, in milliseconds; one that takes longer has failed. @default 30000, or `sendTimeoutMs` if that is longer */
    readonly hookTimeoutMs?: number | undefined;
}

/** Reports to the listeners of the publisher: failures to `onError`, everything else to `onDiagnostic`. */
export type BackendReporter = Pick<Reporter, "error" | "diagnostic">;

/** Records of one lane that share a request. A half or a remainder is a new batch with a new id. */
export interface Batch {
    /** Unique, kept through every attempt: an idempotency key. */
    readonly id: string;
    /** Where the batch is sent; `""` unless `encode` names lanes. */
    readonly lane: string;
    /** Number of records. */
    readonly count: number;
    /** The encoded records back to back, without separators: record `i` is `records.subarray(offsets[i], offsets[i + 1])`. */
    readonly records: Uint8Array;
    /** `count + 1` positions in `records`. */
    readonly offsets: Uint32Array;
    /** Length of `body()` in bytes: what batch limits apply to. */
    readonly bytes: number;
    /** Returns the request body: the memory of `records`, or a copy with prefix, separators and suffix if the definition has a `wrap`. */
    body(): Uint8Array<ArrayBuffer>;
}

/** Text around and between the records of a request. */
export interface BatchWrap {
    readonly prefix?: string | undefined;
    readonly separator?: string | undefined;
    readonly suffix?: string | undefined;
}

/** Longest time of one attempt unless `sendTimeoutMs` is given, in milliseconds. */
export declare const DEFAULT_SEND_TIMEOUT_MS = 10000;

/** Options of waiting, sending and dropping. */
export interface DeliveryOptions {
    /** Most records in one batch. @default 1000 */
    readonly maxBatchRecords?: number | undefined;
    /** Most bytes of one request; a larger record is sent alone. @default 1048576 (1 MiB) */
    readonly maxBatchBytes?: number | undefined;
    /** Longest time that a record waits for others, in milliseconds. @default 1000 */
    readonly lingerMs?: number | undefined;
    /** Memory of all records that wait or are in flight, in bytes, from 16,384. @default 33554432 (32 MiB) */
    readonly maxQueueBytes?: number | undefined;
    /** What is dropped when the memory is full: the new record, or the oldest batch that is not in flight. @default "drop-newest" */
    readonly overflow?: "drop-newest" | "drop-oldest" | undefined;
    /** Most batches in flight at a time. @default 4 */
    readonly concurrency?: number | undefined;
    /** Most lanes that gather records at a time; one more sends the least recently used. @default 64 */
    readonly maxLanes?: number | undefined;
    /**
     * Age at which a batch that was sent at least once, without success, is dropped, in milliseconds; a batch is as old as its
     * oldest record. @default 900000 (15 minutes)
     */
    readonly maxAgeMs?: number | undefined;
    /** Longest time of one attempt, in milliseconds. @default 10000 */
    readonly sendTimeoutMs?: number | undefined;
    /** Receives each record that is dropped after encoding, once; close() waits until it has received all of them. @default none */
    readonly onDrop?: ((record: DroppedRecord) => void) | undefined;
}

/** A record that was dropped after it had been encoded. */
export interface DroppedRecord {
    /** The reason under which health() counts it in `droppedBy`. */
    readonly countedAs: DropReason;
    /** Why, in the words of the backend or of this library; never a payload. */
    readonly reason: string;
    /** The encoded record; the receiver may keep it. */
    readonly bytes: Uint8Array;
}

/** Context of `encode`. */
export interface EncodeContext {
    /** UUIDv7, assigned when the record is published; every attempt has the same one. */
    readonly id: string;
    /** When the record was published, in epoch milliseconds. */
    readonly receivedAt: number;
}

/** An encoded record. */
export interface EncodedRecord {
    /** A string is written as UTF-8; bytes are copied, so `encode` may reuse them in its next call. */
    readonly data: string | Uint8Array;
    /** Where it is sent: the records of one lane share requests. @default "" */
    readonly lane?: string | undefined;
}

/** A series that was excluded. */
export interface ExcludedSeries {
    /** What it is called, without values of its labels: such as the name of its family. */
    readonly name: string;
    /** Records that only it counts. */
    readonly records: number;
}

/**
 * Outcome of one request.
 * - `retry`: nothing was taken, as far as is known; all of it is sent again after a wait. With `atOnce` it is sent again without
 *   one, since the next attempt takes another way, such as to another host of the backend.
 * - `rejected`: the backend will never take any of it.
 * - `split`: the batch is halved. A single record is dropped as too large or rejected, or sent again if the backend is busy.
 *   `retryAfterMs` is for a busy backend.
 * - `hold`: credentials or configuration are wrong. The lane stops and is probed every 30 s; no record is dropped for it.
 * - `partial`: one outcome for each record, in order. `reason` is why some are sent again. With `alone` only these records wait,
 *   even if none was taken, since the backend is well. `hold`, a reason too, also stops the lane.
 */
export type Outcome = {
    readonly kind: "delivered";
} | (Retry & {
    readonly atOnce?: boolean | undefined;
}) | {
    readonly kind: "rejected";
    readonly reason: string;
} | {
    readonly kind: "split";
    readonly because: "too-large" | "rejected" | "busy";
    readonly retryAfterMs?: number | undefined;
    readonly reason?: string | undefined;
} | {
    readonly kind: "hold";
    readonly reason: string;
} | {
    readonly kind: "partial";
    readonly records: readonly RecordOutcome[];
    readonly retryAfterMs?: number | undefined;
    readonly reason?: string | undefined;
    readonly alone?: boolean | undefined;
    readonly hold?: string | undefined;
};

/** What a push publisher does itself. */
export interface PushDefinition extends BackendHooks {
    /** Default name, kebab-case. */
    readonly name: string;
    /** Encodes one record; the fields are valid during the call only. Null counts as `ignored.unsupported`, a throw as `dropped.encode`. */
    readonly encode: (record: RecordFields, context: EncodeContext) => EncodedRecord | null;
    /** Whether records without an `endTime` are encoded and sent like others, or are `ignored.unfinished`. @default "send" */
    readonly unfinished?: "send" | "ignore" | undefined;
    /** Sends one batch once and returns its outcome. A throw, or an outcome that cannot be read, is a retry. */
    readonly send: Send;
    /** Text around and between the records of a request. @default none */
    readonly wrap?: BatchWrap | undefined;
}

/** Options of a push publisher: the common ones and those of delivery. */
export type PushOptions = CommonOptions & DeliveryOptions;

/** Outcome of one record of a batch. */
export type RecordOutcome = "delivered" | "retry" | {
    readonly rejected: string;
};

/** Nothing was taken, as far as is known: all of it is sent again. The wait is at least `retryAfterMs`, up to 10 minutes. */
export interface Retry {
    readonly kind: "retry";
    readonly retryAfterMs?: number | undefined;
    readonly reason?: string | undefined;
}

/** Sends one batch and returns its outcome; a throw is a retry. */
export type Send = (batch: Batch, context: SendContext) => Outcome | PromiseLike<Outcome>;

/** Context of `send`. */
export interface SendContext {
    /** Aborts when the attempt has taken too long, or the publisher is closed. */
    readonly signal: AbortSignal;
    /** 1 for the first attempt. */
    readonly attempt: number;
    /** For what is worth reporting besides the outcome. */
    readonly report: BackendReporter;
}

/** Sends one encoded snapshot once; a throw is a retry. */
export type SendSnapshot = (body: Uint8Array<ArrayBuffer>, context: SendContext) => SnapshotOutcome | PromiseLike<SnapshotOutcome>;

/** What a series publisher does itself. */
export interface SeriesDefinition<Snapshot extends TimedSnapshot> extends BackendHooks {
    /** Default name, kebab-case. */
    readonly name: string;
    readonly series: SeriesSource<Snapshot>;
    /** Encodes a snapshot, or one part of it, for one request. */
    encode(snapshot: Snapshot): Uint8Array<ArrayBuffer> | PromiseLike<Uint8Array<ArrayBuffer>>;
    /** Sends what was encoded once and returns the outcome. A throw, or an outcome that cannot be read, is a retry. */
    readonly send: SendSnapshot;
}

/** When snapshots are sent. */
export interface SeriesDeliveryOptions {
    /** Time between two snapshots, in milliseconds. @default 60000 */
    readonly intervalMs?: number | undefined;
    /** Longest time of one attempt, in milliseconds. @default 10000 */
    readonly sendTimeoutMs?: number | undefined;
}

/** Options of a series publisher: the common ones and those of its delivery. */
export type SeriesPushOptions = CommonOptions & SeriesDeliveryOptions;

/** Takes records and returns snapshots of all of them since it was created, such as `SeriesStore` of `@eventmeter/aggregation`. */
export interface SeriesSource<Snapshot extends TimedSnapshot> {
    /** Adds a finished event; the fields are valid during the call only. */
    addEvent(fields: EventFields): void;
    /** Adds a finished network operation; the fields are valid during the call only. */
    addNetwork(fields: NetworkFields): void;
    /** Memory of everything that is kept for the series, in bytes; `pendingDetail` of health() shows it while records wait for an acknowledged snapshot. */
    readonly bytes?: number | undefined;
    /** Returns all series at this moment; what is added later does not change the snapshot. */
    snapshot(): Snapshot;
    /** Returns two snapshots of the same moment that hold the series between them; undefined if it cannot be split. */
    split?(snapshot: Snapshot): readonly [Snapshot, Snapshot] | undefined;
    /**
     * Leaves the series of a part that cannot be split out of all later snapshots, because the backend rejects it. Without this
     * function, a snapshot of which any series is rejected is never acknowledged.
     */
    exclude?(part: Snapshot): ExcludedSeries;
}

/**
 * Outcome of one request with a snapshot.
 * - `retry`: the newest snapshot is sent later instead.
 * - `rejected`: this snapshot will never be taken; the records wait for the snapshot of the next interval.
 * - `split`: the series are sent in two requests, from now on if they are too large or the backend is busy. If they are
 *   rejected, the halves are split again, until a series that is rejected alone is found: it is left out of all later
 *   snapshots, and its records are dropped as `rejected`. If the backend takes no part of a snapshot, no series is to blame.
 * - `hold`: credentials or configuration are wrong. The backend is probed every 30 s; no record is dropped for it.
 */
export type SnapshotOutcome = {
    readonly kind: "delivered";
} | Retry | {
    readonly kind: "rejected";
    readonly reason: string;
} | {
    readonly kind: "split";
    readonly because: "too-large" | "rejected" | "busy";
    readonly retryAfterMs?: number | undefined;
    readonly reason?: string | undefined;
} | {
    readonly kind: "hold";
    readonly reason: string;
};

/** Context of `start`. */
export interface StartContext {
    /** Aborts when the time of the start is over, or the publisher is closed. */
    readonly signal: AbortSignal;
    /** For what is worth reporting besides the success of the start. */
    readonly report: BackendReporter;
}

/** What delivery reads of a snapshot. */
export interface TimedSnapshot {
    /** When it was taken, in epoch milliseconds. */
    readonly time: number;
    /** Records of all series that are excluded from it, since the source was created. @default 0 */
    readonly excludedRecords?: number | undefined;
}

/** Creates a publisher that sends records in batches: bounded queue, retry, life cycle and numbers are included. */
export declare function createPushPublisher(definition: PushDefinition, options?: PushOptions): MetricsPublisher;

/** Creates a publisher that pushes series: the newest snapshot at an interval, with retry, life cycle and numbers. */
export declare function createSeriesPublisher<Snapshot extends TimedSnapshot>(definition: SeriesDefinition<Snapshot>, options?: SeriesPushOptions): MetricsPublisher;

/** Rules of `DeliveryOptions`, for publishers that take them. */
export declare const deliveryOptionRules: OptionRules;

/**
 * Reads a Retry-After header: seconds (also with a fraction) or an HTTP date (RFC 9110, section 10.2.3). Of several
 * headers with seconds, joined by commas, the longest time counts.
 * @param now epoch milliseconds
 * @returns milliseconds from 0 to 10 minutes, or undefined if the header has neither
 */
export declare function retryAfterMs(header: string | null | undefined, now: number): number | undefined;

/** Rule of `TlsOptions` whose certificates, key and passphrase have to fit together. Nothing of them is shown. */
export declare const secureContextRule: OptionRule;

/** Rules of `SeriesDeliveryOptions`, for publishers that take them. */
export declare const seriesDeliveryOptionRules: OptionRules;

/** Returns a time-ordered random id (UUID version 7, RFC 9562). @param now epoch milliseconds */
export declare function uuidV7(now: number): string;

/**
 * Runs `work` with a signal that aborts after `timeoutMs`, with a `TimeoutError` as its reason, or when `signal` aborts, with
 * that reason. Settles as `work` does.
 */
export declare function withTimeLimit<Result>({ clock, timeoutMs, signal, }: {
    readonly clock: Clock;
    /** In milliseconds. */
    readonly timeoutMs: number;
    readonly signal: WaitOptions["signal"];
}, work: (signal: AbortSignal) => Promise<Result>): Promise<Result>;
