// Snapshots: all series of a store at one moment.
import { type FamilyDefinition, OVERFLOW } from "./catalogue.ts";
import type { CounterFamily } from "./counter-family.ts";
import { copyExemplars, type Exemplar, exemplarAt } from "./exemplars.ts";
import type { HistogramFamily } from "./histogram-family.ts";
import type { LabelSets } from "./label-sets.ts";

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

/** One family at one moment; `type` distinguishes the two kinds. */
export type FamilySnapshot = CounterSnapshot | HistogramSnapshot;

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

/** A counter family at one moment. */
export interface CounterSnapshot extends SnapshotBase {
  readonly type: "counter";
  /** Totals by index of label set. */
  readonly values: Float64Array;
  /** The same numbers as one object per label set. */
  readonly points: Iterable<CounterPoint>;
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

/** One counter. */
export interface CounterPoint {
  readonly labels: Record<string, string>;
  readonly value: number;
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

/** Returns a copy of the numbers of a counter family. */
export function copyCounter({ definition, sets, totals }: CounterFamily): CounterSnapshot {
  return createCounterSnapshot(describeFamily(definition, sets), totals.slice(0, sets.values.length));
}

/** Returns the counter of the records beyond the limit of each family; undefined while there are none. */
export function countOverflowed(families: readonly (CounterFamily | HistogramFamily)[]): CounterSnapshot | undefined {
  const overflowed = families.filter(({ sets }) => sets.overflowed > 0);
  if (overflowed.length === 0) return undefined;
  const sets = { names: OVERFLOW.labelNames, values: overflowed.map(({ definition }) => [definition.name]) };
  return createCounterSnapshot(
    describeFamily(OVERFLOW, sets),
    Float64Array.from(overflowed, (family) => family.sets.overflowed),
  );
}

/** Creates the snapshot of a counter family from its description and totals. */
export function createCounterSnapshot(base: SnapshotBase, values: Float64Array): CounterSnapshot {
  return {
    type: "counter",
    ...base,
    values,
    points: {
      *[Symbol.iterator]() {
        for (const [index, value] of values.entries()) yield { labels: labelsOf(base, index), value };
      },
    },
  };
}

/** Returns a copy of the numbers of a histogram family. */
export function copyHistogram({
  definition,
  sets,
  bounds,
  buckets: live,
  sums: milliseconds,
  exemplars: current,
}: HistogramFamily): HistogramSnapshot {
  const size = sets.values.length;
  const width = bounds.length + 1;
  const buckets = live.slice(0, size * width);
  const sums = milliseconds.slice(0, size);
  for (let index = 0; index < size; index += 1) sums[index] = (sums[index] as number) / 1000;
  const exemplars = current === null ? null : copyExemplars(current, size * width);
  return createHistogramSnapshot(describeFamily(definition, sets), {
    bounds,
    buckets,
    sums,
    hasExemplars: exemplars !== null,
    exemplar: (index, bucket) => (exemplars === null ? undefined : exemplarAt(exemplars, index * width + bucket)),
  });
}

/** Creates the snapshot of a histogram family from its description and numbers. */
export function createHistogramSnapshot(
  base: SnapshotBase,
  numbers: Pick<HistogramSnapshot, "bounds" | "buckets" | "sums" | "hasExemplars" | "exemplar">,
): HistogramSnapshot {
  const { bounds, buckets, sums } = numbers;
  const width = bounds.length + 1;
  return {
    type: "histogram",
    ...base,
    ...numbers,
    points: {
      *[Symbol.iterator]() {
        for (const [index, sum] of sums.entries()) {
          const bucketCounts = buckets.subarray(index * width, (index + 1) * width);
          const count = bucketCounts.reduce((total, records) => total + records, 0);
          yield { labels: labelsOf(base, index), sum, count, bucketCounts, bounds };
        }
      },
    },
  };
}

function describeFamily(
  { name, help, unit }: FamilyDefinition,
  { names, values }: Pick<LabelSets, "names" | "values">,
): SnapshotBase {
  const labelValues = (index: number): readonly string[] => values[index] as readonly string[];
  return { name, help, unit, labelNames: names, size: values.length, labelValues };
}

function labelsOf(base: SnapshotBase, index: number): Record<string, string> {
  const labels: Record<string, string> = {};
  for (const [at, value] of base.labelValues(index).entries()) labels[base.labelNames[at] as string] = value;
  return labels;
}
