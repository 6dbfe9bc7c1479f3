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
    /** The same as one object per label set. */
    readonly points: Iterable<CounterPoint>;
}

/**
 * Upper bounds of the buckets in seconds, `+Inf` implied: those that OpenTelemetry advises for durations
 * (https://opentelemetry.io/docs/specs/semconv/http/http-metrics/).
 */
export declare const DEFAULT_BOUNDS: readonly number[];

/** The record that a bucket last counted, as far as a page says it. */
export interface Exemplar {
    /** One label: `trace_id` or `task_id`. */
    readonly labels: Readonly<Record<string, string>>;
    /** Seconds. */
    readonly value: number;
    /** When it was counted, in epoch milliseconds. */
    readonly time: number;
}

/** What a family of series is: the same words for every backend, dashboard and alert. */
export interface FamilyDefinition {
    readonly name: string;
    readonly type: "counter" | "histogram";
    /** Base unit in Prometheus's words; empty for a plain number. */
    readonly unit: "seconds" | "bytes" | "";
    readonly help: string;
    /** Label names before promoted ones; the first is the label that has most values. */
    readonly labelNames: readonly [string, ...string[]];
}

/** One family at one moment; `type` tells which. */
export type FamilySnapshot = CounterSnapshot | HistogramSnapshot;

/** Bounds per histogram family. */
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
    /** Records per bucket, not cumulative, the last one above all bounds. */
    readonly bucketCounts: Float64Array;
    readonly bounds: readonly number[];
}

/** A histogram family at one moment. */
export interface HistogramSnapshot extends SnapshotBase {
    readonly type: "histogram";
    /** Upper bounds in seconds, inclusive, `+Inf` implied. */
    readonly bounds: readonly number[];
    /** Records per bucket, not cumulative: `bounds.length + 1` for each label set. */
    readonly buckets: Float64Array;
    /** Seconds by index of label set. */
    readonly sums: Float64Array;
    /** Whether there may be exemplars. */
    readonly hasExemplars: boolean;
    /** Gives the exemplar of one bucket of one label set. */
    exemplar(index: number, bucket: number): Exemplar | undefined;
    /** The same as one object per label set. */
    readonly points: Iterable<HistogramPoint>;
}

/** Records that exceeded the bound of a family; on snapshots only once there is one. */
export declare const OVERFLOW: FamilyDefinition;

/** Value of every open label of what exceeds the bound of a family. */
export declare const OVERFLOW_VALUE = "_overflow";

/** Attributes that become labels, per kind of record. */
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
     * Adds one finished event. Hot: allocates nothing unless a label set is new or a promoted attribute is no string.
     * @throws RangeError for fields without an end, and whatever a getter among the attributes throws; nothing was added then
     */
    addEvent(fields: EventFields): void;
    /**
     * Adds one finished network operation. Hot: allocates nothing unless a label set is new or a promoted attribute is no string.
     * @throws RangeError for fields without an end, and whatever a getter among the attributes throws; nothing was added then
     */
    addNetwork(fields: NetworkFields): void;
    /** Memory of the numbers of all series, in bytes; the texts of their labels come on top. */
    get bytes(): number;
    /** Gives all series at this one moment; costs a copy of the numbers, about 0.1 ms per 1,000 histograms. */
    snapshot(): Snapshot;
    /**
     * Gives two snapshots of the same moment that hold each label set once between them, as views of the same numbers;
     * undefined where there are less than two label sets in all.
     */
    split(snapshot: Snapshot): readonly [Snapshot, Snapshot] | undefined;
}

/** What a store keeps. */
export interface SeriesStoreOptions {
    /** Label sets per family; what exceeds it is added to one set `_overflow`. 1 to 1,000,000. @default 2000 */
    readonly maxLabelSets?: number | undefined;
    /** Attributes that become labels, by name; `errorType` is the record's field. @default none */
    readonly labels?: PromotedLabels | undefined;
    /** Upper bounds of the buckets in seconds, rising, `+Inf` implied. @default .005 to 10 in 14 steps */
    readonly bounds?: HistogramBounds | undefined;
    /** Whether each bucket keeps the trace id, else the task id, of its last record. @default false */
    readonly exemplars?: boolean | undefined;
    /** Where times come from. @default the system's */
    readonly clock?: Clock | undefined;
    /** Called once per family, with its name, when it first exceeds `maxLabelSets`. @default nothing */
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

/** All series at one moment. What is added later does not change it. */
export interface Snapshot {
    /** Epoch milliseconds. */
    readonly time: number;
    /** When the counting began, in epoch milliseconds. */
    readonly startTime: number;
    /** The families of the catalogue, in its order, and `eventmeter_overflow_total` once anything has overflowed. */
    readonly families: readonly FamilySnapshot[];
}

/** What every family of a snapshot tells. */
export interface SnapshotBase {
    readonly name: string;
    readonly help: string;
    readonly unit: FamilyDefinition["unit"];
    readonly labelNames: readonly string[];
    /** How many label sets there are. */
    readonly size: number;
    /** Gives the values of one label set in the order of `labelNames`: the same array each time, in each snapshot. */
    labelValues(index: number): readonly string[];
}

/**
 * Gives any text as a legal label name: each character outside `[a-zA-Z0-9_]` becomes `_`, leading underscores go, since
 * OpenMetrics reserves them, and a leading digit gets `key_` before it, as OTLP receivers do.
 */
export declare function cleanLabelName(text: string): string;

/**
 * Runs work that yields after each step: in slices of about 3 ms, and one work of this process after the other, so that many
 * works at once hold the event loop no longer than one. Resolves to what the work returns and rejects with what it throws.
 */
export declare function runInSlices<Result>(work: () => Generator<void, Result>, { sliceMs, pause }?: SliceOptions): Promise<Result>;

/** Rules of `SeriesStoreOptions`, for publishers that take these options among their own. */
export declare const seriesOptionRules: {
    readonly [Name in keyof SeriesStoreOptions]-?: OptionRule;
};

/** Gives a value with U+FFFD in place of what cannot stand on a page. */
export declare function toPageable(value: string): string;
