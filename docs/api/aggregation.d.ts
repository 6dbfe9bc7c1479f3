// Public surface of @eventmeter/aggregation. Written by scripts/report-api.ts: do not edit.

import type { Clock } from "@eventmeter/core";
import type { EventFields, NetworkFields, OptionRule } from "@eventmeter/core/publisher";

/** The families of records, in the order of snapshots. */
export declare const CATALOGUE: readonly FamilyDefinition[];

/** One counter. */
export interface CounterPoint {
    readonly labels: Record<string, string>;
    readonly value: number;
}

/** A counter family at one moment. */
export interface CounterSnapshot extends SnapshotBase {
    readonly type: "counter";
    /** Totals by index of label set. */
    readonly values: Float64Array;
    /** The same numbers as one object per label set. */
    readonly points: Iterable<CounterPoint>;
}

/**
 * Upper bounds of the buckets in seconds, without `+Inf`: those that OpenTelemetry recommends for durations
 * (https://opentelemetry.io/docs/specs/semconv/http/http-metrics/).
 */
export declare const DEFAULT_BOUNDS: readonly number[];

/** What was excluded. */
export interface ExcludedLabelSet {
    /** Name of its family. */
    readonly name: string;
    /** Records that it counted: those of its duration; 0 for a label set of a counter. */
    readonly records: number;
}

/** The record that a bucket counted last, as far as backends show it. */
export interface Exemplar {
    /** One label: `trace_id` or `task_id`. */
    readonly labels: Readonly<Record<string, string>>;
    /** Seconds. */
    readonly value: number;
    /** When it was counted, in epoch milliseconds. */
    readonly time: number;
}

/** Definition of one family. */
export interface FamilyDefinition {
    readonly name: string;
    readonly type: "counter" | "histogram";
    /** Base unit in Prometheus's spelling; empty for a plain number. */
    readonly unit: "seconds" | "bytes" | "";
    readonly help: string;
    /** Label names, without promoted ones; the first is the label with the most values. */
    readonly labelNames: readonly [string, ...string[]];
}

/** One family at one moment; `type` distinguishes the two kinds. */
export type FamilySnapshot = CounterSnapshot | HistogramSnapshot;

/** Upper bounds of the buckets by histogram family. */
export interface HistogramBounds {
    readonly event_duration_seconds?: readonly number[] | undefined;
    readonly network_latency_seconds?: readonly number[] | undefined;
}

/** One histogram. */
export interface HistogramPoint {
    readonly labels: Record<string, string>;
    /** Seconds. */
    readonly sum: number;
    readonly count: number;
    /** Records per bucket, not cumulative; the last bucket is above all bounds. */
    readonly bucketCounts: Float64Array;
    readonly bounds: readonly number[];
}

/** A histogram family at one moment. */
export interface HistogramSnapshot extends SnapshotBase {
    readonly type: "histogram";
    /** Upper bounds in seconds, inclusive, without `+Inf`. */
    readonly bounds: readonly number[];
    /** Records per bucket, not cumulative: `bounds.length + 1` for each label set. */
    readonly buckets: Float64Array;
    /** Seconds by index of label set. */
    readonly sums: Float64Array;
    /** Whether the store keeps exemplars. */
    readonly hasExemplars: boolean;
    /** Returns the exemplar of one bucket of one label set. */
    exemplar(index: number, bucket: number): Exemplar | undefined;
    /** The same numbers as one object per label set. */
    readonly points: Iterable<HistogramPoint>;
}

/** Records beyond the limit of a family; in snapshots only once there is such a record. */
export declare const OVERFLOW: FamilyDefinition;

/** Value of all labels, except those with fixed values, of the label set that counts the records beyond the limit of a family. */
export declare const OVERFLOW_VALUE = "_overflow";

/** Names of attributes that become labels, by kind of record. */
export interface PromotedLabels {
    readonly event?: readonly string[] | undefined;
    readonly network?: readonly string[] | undefined;
}

/** Keeps finished records as the series of the catalogue: bounded, cumulative since construction. */
export declare class SeriesStore {
    #private;
    /** @throws PublisherError `options`, listing every wrong field */
    constructor(options?: SeriesStoreOptions);
    /**
     * Adds one finished event. Hot: allocates nothing unless a label set is new or a promoted attribute is not a string.
     * @throws RangeError for fields without an end, and whatever a getter among the attributes throws; nothing is added then
     */
    addEvent(fields: EventFields): void;
    /**
     * Adds one finished network operation. Hot: allocates nothing unless a label set is new or a promoted attribute is not a string.
     * @throws RangeError for fields without an end, and whatever a getter among the attributes throws; nothing is added then
     */
    addNetwork(fields: NetworkFields): void;
    /** Memory that all series take, in bytes: their numbers, labels and exemplars. An estimate, near what V8 uses. */
    get bytes(): number;
    /** Returns all series at this moment; copies the numbers, which takes about 0.1 ms per 1,000 histograms. */
    snapshot(): Snapshot;
    /** Leaves the label sets of a snapshot out of all later ones; records are still added to them. */
    exclude(snapshot: Snapshot): ExcludedLabelSet;
    /**
     * Returns two snapshots of the same moment that together hold each label set once, as views of the same numbers;
     * undefined if there are fewer than two label sets.
     */
    split(snapshot: Snapshot): readonly [Snapshot, Snapshot] | undefined;
}

/** Options of a `SeriesStore`. */
export interface SeriesStoreOptions {
    /** Label sets per family, from 1 to 1,000,000; records beyond them are added to one label set `_overflow`. @default 2000 */
    readonly maxLabelSets?: number | undefined;
    /** Names of attributes that become labels. `errorType`, and `eventName` for `network`, are the record's own fields. @default none */
    readonly labels?: PromotedLabels | undefined;
    /** Upper bounds of the buckets by family, in seconds, ascending; `+Inf` is implied. @default 14 bounds from .005 to 10 */
    readonly bounds?: HistogramBounds | undefined;
    /** Whether each bucket keeps the trace id, or else the task id, of its last record. @default false */
    readonly exemplars?: boolean | undefined;
    /** Source of times. @default the system's clock */
    readonly clock?: Clock | undefined;
    /** Called once per family, with its name, when its first record is beyond `maxLabelSets`. @default nothing */
    readonly onOverflow?: ((family: string) => void) | undefined;
}

/** Limits of a slice. */
export interface SliceOptions {
    /**
     * How long the event loop is held at a time, in milliseconds. The step under way ends first, so a step should take far
     * less; garbage collection comes on top. @default 3
     */
    readonly sliceMs?: number | undefined;
    /** Lets everything else in the process run between two slices. @default one turn of the event loop by `setImmediate` */
    readonly pause?: (() => Promise<unknown>) | undefined;
}

/** All series at one moment. Records that are added later do not change it. */
export interface Snapshot {
    /** Epoch milliseconds. */
    readonly time: number;
    /** When counting began, in epoch milliseconds. */
    readonly startTime: number;
    /** Records of the label sets that are excluded from it, since construction. @default 0 */
    readonly excludedRecords?: number | undefined;
    /** The families of the catalogue, in its order, and `eventmeter_overflow_total` once a record was beyond a limit. */
    readonly families: readonly FamilySnapshot[];
}

/** What all families of a snapshot have in common. */
export interface SnapshotBase {
    readonly name: string;
    readonly help: string;
    readonly unit: FamilyDefinition["unit"];
    readonly labelNames: readonly string[];
    /** Number of label sets. */
    readonly size: number;
    /** Returns the values of one label set in the order of `labelNames`: the same array each time, in each snapshot. */
    labelValues(index: number): readonly string[];
}

/**
 * Returns any text as a valid label name: each character outside `[a-zA-Z0-9_]` becomes `_`, leading underscores are
 * removed, because OpenMetrics reserves them, and a leading digit gets the prefix `key_`, as in OTLP receivers.
 */
export declare function cleanLabelName(text: string): string;

/**
 * Returns a sentence about bounds that are probably milliseconds, for an error with code `bounds-in-milliseconds`; undefined
 * if there are none. Bounds in seconds that reach so far have fractions, or end at whole minutes or hours.
 */
export declare function describeMilliseconds(bounds: HistogramBounds | undefined): string | undefined;

/** Returns the message of error code `series-overflow` for a family. */
export declare function overflowMessage(family: string): string;

/**
 * Runs work that yields after each step: in slices of about 3 ms, and one work of this process after the other, so that many
 * works at once hold the event loop no longer than one. Resolves to what the work returns and rejects with what it throws.
 */
export declare function runInSlices<Result>(work: () => Generator<void, Result>, { sliceMs, pause }?: SliceOptions): Promise<Result>;

/** Rules of `SeriesStoreOptions`, for publishers that take these options among their own. */
export declare const seriesOptionRules: {
    readonly [Name in keyof SeriesStoreOptions]-?: OptionRule;
};

/** Returns a value with U+FFFD in place of what a metrics page cannot hold, cut to 2,048 bytes of UTF-8 between two characters. */
export declare function toLabelValue(value: string): string;

/** Returns a value with U+FFFD in place of what a metrics page cannot hold. */
export declare function toPageable(value: string): string;
