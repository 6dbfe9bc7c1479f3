// Public surface of @eventmeter/delivery. Written by scripts/report-api.ts: do not edit.

import type { CheckReport, CommonOptions, DropReason, MetricsPublisher, WaitOptions } from "@eventmeter/core";
import type { EventFields, NetworkFields, OptionRules, RecordFields, Reporter } from "@eventmeter/core/publisher";

/** What a backend does around sending. */
export interface BackendHooks {
    /** Makes it ready; nothing is sent before. A `PublisherError` with `retryable: false` is final. */
    readonly start?: ((context: StartContext) => unknown) | undefined;
    /** Tries the backend for real. */
    readonly check?: ((options: WaitOptions) => CheckReport | PromiseLike<CheckReport>) | undefined;
    /** Called by close() after the flush, and once more if a start that was under way ends later: frees what the start made, if it did. */
    readonly close?: ((options: WaitOptions) => unknown) | undefined;
}

/** Tells the publisher's own listeners of what happened: failures to `onError`, news to `onDiagnostic`. */
export type BackendReporter = Pick<Reporter, "error" | "diagnostic">;

/** Records of one lane that travel together. A split or a remainder is a new batch with a new id. */
export interface Batch {
    /** Unique, kept through every attempt: an idempotency key. */
    readonly id: string;
    /** Where the batch goes; `""` unless `encode` names lanes. */
    readonly lane: string;
    /** Number of records. */
    readonly count: number;
    /** The encoded records back to back, without separators: record `i` is `records.subarray(offsets[i], offsets[i + 1])`. */
    readonly records: Uint8Array;
    /** `count + 1` positions in `records`. */
    readonly offsets: Uint32Array;
    /** Length of `body()` in bytes: what batch limits apply to. */
    readonly bytes: number;
    /** What is sent: the memory of `records`, or a copy with prefix, separators and suffix where the definition has a `wrap`. */
    body(): Uint8Array<ArrayBuffer>;
}

/** What surrounds the records of a batch when it is sent. */
export interface BatchWrap {
    readonly prefix?: string | undefined;
    readonly separator?: string | undefined;
    readonly suffix?: string | undefined;
}

/** How records wait, travel and are given up. */
export interface DeliveryOptions {
    /** Records in one batch. @default 1000 */
    readonly maxBatchRecords?: number | undefined;
    /** Bytes of one request; a larger record travels alone. @default 1048576 (1 MiB) */
    readonly maxBatchBytes?: number | undefined;
    /** Longest time that a record waits for others, in milliseconds. @default 1000 */
    readonly lingerMs?: number | undefined;
    /** Memory of all records that wait or are in flight, in bytes, from 16,384. @default 33554432 (32 MiB) */
    readonly maxQueueBytes?: number | undefined;
    /** What goes when the memory is full: the new record, or the oldest batch that is not in flight. @default "drop-newest" */
    readonly overflow?: "drop-newest" | "drop-oldest" | undefined;
    /** Batches in flight at a time. @default 4 */
    readonly concurrency?: number | undefined;
    /** Open lanes at a time; one more sends off the least recently used. @default 64 */
    readonly maxLanes?: number | undefined;
    /** Age at which records are given up, in milliseconds; a batch is as old as its oldest record. @default 900000 (15 minutes) */
    readonly maxAgeMs?: number | undefined;
    /** Longest time of one attempt, in milliseconds. @default 10000 */
    readonly sendTimeoutMs?: number | undefined;
    /** Receives each record that is given up after encoding, once; a close waits until it has had all of them. @default nothing */
    readonly onDrop?: ((record: DroppedRecord) => void) | undefined;
}

/** A record that was given up after it had been encoded. */
export interface DroppedRecord {
    /** What it is counted as in `droppedBy` of the health. */
    readonly countedAs: DropReason;
    /** Why, in the words of the backend or of this library: never a payload. */
    readonly reason: string;
    /** The encoded record, the receiver's own. */
    readonly bytes: Uint8Array;
}

/** What is known of a record besides its fields. */
export interface EncodeContext {
    /** UUIDv7, stamped at publish and kept for ever. */
    readonly id: string;
    /** When the record was published, in epoch milliseconds. */
    readonly receivedAt: number;
}

/** A record as it travels. */
export interface EncodedRecord {
    /** A string is written straight into the lane's buffer as UTF-8; bytes are copied, and may stand until the next call of `encode`. */
    readonly data: string | Uint8Array;
    /** Where it goes: records of one lane travel together. @default "" */
    readonly lane?: string | undefined;
}

/**
 * What became of one request.
 * - `rejected`: the backend will never take any of it.
 * - `split`: the batch is halved; a single record is then too large, rejected, or tried again. `retryAfterMs` is for a busy backend.
 * - `hold`: credentials or configuration; the lane stops and is probed now and then, and nothing is lost.
 * - `partial`: one outcome for each record, in order; `reason` is why some are sent again, `alone` that these wait by themselves even
 *   if nothing was taken, since the backend is well, and `hold`, a reason too, also stops the lane.
 */
export type Outcome = {
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
} | {
    readonly kind: "partial";
    readonly records: readonly RecordOutcome[];
    readonly retryAfterMs?: number | undefined;
    readonly reason?: string | undefined;
    readonly alone?: boolean | undefined;
    readonly hold?: string | undefined;
};

/** What a publisher that pushes does itself. */
export interface PushDefinition extends BackendHooks {
    /** Default name, kebab-case. */
    readonly name: string;
    /** Encodes one record; the fields are valid during the call only. Null: `ignored.unsupported`; a throw: `dropped.encode`. */
    readonly encode: (record: RecordFields, context: EncodeContext) => EncodedRecord | null;
    /** Sends one batch once and says what became of it. A throw, or an outcome that cannot be read, is a retry. */
    readonly send: Send;
    /** What surrounds and separates records in a request. @default nothing */
    readonly wrap?: BatchWrap | undefined;
}

/** What a publisher that pushes takes: the common options and those of delivery. */
export type PushOptions = CommonOptions & DeliveryOptions;

/** What became of one record of a batch. */
export type RecordOutcome = "delivered" | "retry" | {
    readonly rejected: string;
};

/** Nothing was taken, as far as is known: all of it is tried again; `retryAfterMs` is a floor, and 10 minutes its ceiling. */
export interface Retry {
    readonly kind: "retry";
    readonly retryAfterMs?: number | undefined;
    readonly reason?: string | undefined;
}

/** Sends one batch and says what became of it; a throw is a retry. */
export type Send = (batch: Batch, context: SendContext) => Outcome | PromiseLike<Outcome>;

/** What `send` is given besides the batch. */
export interface SendContext {
    /** Aborts when the attempt has taken too long, or the publisher is closed. */
    readonly signal: AbortSignal;
    /** 1 for the first attempt. */
    readonly attempt: number;
    /** For what is worth telling of an answer besides its outcome. */
    readonly report: BackendReporter;
}

/** Sends one encoded snapshot once; a throw is a retry. */
export type SendSnapshot = (body: Uint8Array<ArrayBuffer>, context: SendContext) => SnapshotOutcome | PromiseLike<SnapshotOutcome>;

/** What a publisher that pushes series does itself. */
export interface SeriesDefinition<Snapshot extends TimedSnapshot> extends BackendHooks {
    /** Default name, kebab-case. */
    readonly name: string;
    readonly series: SeriesSource<Snapshot>;
    /** Encodes a snapshot, or one part of it, for one request. */
    encode(snapshot: Snapshot): Uint8Array<ArrayBuffer> | PromiseLike<Uint8Array<ArrayBuffer>>;
    /** Sends what was encoded once and says what became of it. A throw, or an outcome that cannot be read, is a retry. */
    readonly send: SendSnapshot;
}

/** When snapshots travel. */
export interface SeriesDeliveryOptions {
    /** Time between two snapshots, in milliseconds. @default 60000 */
    readonly intervalMs?: number | undefined;
    /** Longest time of one attempt, in milliseconds. @default 10000 */
    readonly sendTimeoutMs?: number | undefined;
}

/** What a publisher that pushes series takes: the common options and those of its delivery. */
export type SeriesPushOptions = CommonOptions & SeriesDeliveryOptions;

/** What takes records and gives snapshots of all of them since it was made, such as `SeriesStore` of `@eventmeter/aggregation`. */
export interface SeriesSource<Snapshot extends TimedSnapshot> {
    /** Adds a finished event; the fields are valid during the call only. */
    addEvent(fields: EventFields): void;
    /** Adds a finished network operation; the fields are valid during the call only. */
    addNetwork(fields: NetworkFields): void;
    /** Memory of the series in bytes, as health() shows it while records wait for an acknowledged snapshot. */
    readonly bytes?: number | undefined;
    /** Gives all series at this one moment; what is added later does not change it. */
    snapshot(): Snapshot;
    /** Gives two snapshots of the same moment that hold the series between them; undefined where there is nothing to split. */
    split?(snapshot: Snapshot): readonly [Snapshot, Snapshot] | undefined;
}

/**
 * What became of one request with a snapshot.
 * - `retry`: the newest snapshot is sent later in its place.
 * - `rejected`: this snapshot will never be taken; the records wait for the one of the next interval.
 * - `split`: the series travel in two requests from now on.
 * - `hold`: credentials or configuration; the backend is probed now and then, and nothing is lost.
 */
export type SnapshotOutcome = {
    readonly kind: "delivered";
} | Retry | {
    readonly kind: "rejected";
    readonly reason: string;
} | {
    readonly kind: "split";
    readonly because: "too-large" | "busy";
    readonly retryAfterMs?: number | undefined;
    readonly reason?: string | undefined;
} | {
    readonly kind: "hold";
    readonly reason: string;
};

/** What `start` is given. */
export interface StartContext {
    /** Aborts when the publisher is closed. */
    readonly signal: AbortSignal;
    /** For what is worth telling of the start besides its success. */
    readonly report: BackendReporter;
}

/** What every snapshot tells: when it was taken, in epoch milliseconds. */
export interface TimedSnapshot {
    readonly time: number;
}

/** Makes a publisher that pushes: bounded queue, batches, retry, life cycle and numbers are all there. */
export declare function createPushPublisher(definition: PushDefinition, options?: PushOptions): MetricsPublisher;

/** Makes a publisher that pushes series: the newest snapshot at an interval, with retry, life cycle and numbers. */
export declare function createSeriesPublisher<Snapshot extends TimedSnapshot>(definition: SeriesDefinition<Snapshot>, options?: SeriesPushOptions): MetricsPublisher;

/** Rules of `DeliveryOptions`, for the publishers that take them. */
export declare const deliveryOptionRules: OptionRules;

/**
 * Reads a Retry-After header: seconds (also with a fraction) or an HTTP date (RFC 9110, section 10.2.3). Of several
 * headers with seconds, joined by commas, the longest time counts.
 * @param now epoch milliseconds
 * @returns milliseconds from 0 to 10 minutes, or undefined where the header says nothing usable
 */
export declare function retryAfterMs(header: string | null | undefined, now: number): number | undefined;

/** Rules of `SeriesDeliveryOptions`, for the publishers that take them. */
export declare const seriesDeliveryOptionRules: OptionRules;

/** Gives a time-ordered random id (UUID version 7, RFC 9562). @param now epoch milliseconds */
export declare function uuidV7(now: number): string;
