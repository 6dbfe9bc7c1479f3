import { type FamilyDefinition, OVERFLOW } from "./catalogue.ts";
import type { CounterFamily } from "./counter-family.ts";
import { copyExemplars, type Exemplar, exemplarAt } from "./exemplars.ts";
import type { HistogramFamily } from "./histogram-family.ts";
import type { LabelSets } from "./label-sets.ts";

/** All series at one moment. What is added later does not change it. */
export interface Snapshot {
  /** Epoch milliseconds. */
  readonly time: number;
  /** When the counting began, in epoch milliseconds. */
  readonly startTime: number;
  /** The families of the catalogue, in its order, and `eventmeter_overflow_total` once anything has overflowed. */
  readonly families: readonly FamilySnapshot[];
}

/** One family at one moment; `type` tells which. */
export type FamilySnapshot = CounterSnapshot | HistogramSnapshot;

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

/** A counter family at one moment. */
export interface CounterSnapshot extends SnapshotBase {
  readonly type: "counter";
  /** Totals by index of label set. */
  readonly values: Float64Array;
  /** The same as one object per label set. */
  readonly points: Iterable<CounterPoint>;
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
  /** Records per bucket, not cumulative, the last one above all bounds. */
  readonly bucketCounts: Float64Array;
  readonly bounds: readonly number[];
}

/** Copies the numbers of a counter family. */
export function snapshotCounter({ definition, sets, totals }: CounterFamily): CounterSnapshot {
  return counterSnapshot(describe(definition, sets), totals.slice(0, sets.values.length));
}

/** Gives the counter of what has overflowed per family; undefined as long as nothing has. */
export function snapshotOverflow(families: readonly (CounterFamily | HistogramFamily)[]): CounterSnapshot | undefined {
  const overflowed = families.filter(({ sets }) => sets.overflowed > 0);
  if (overflowed.length === 0) return undefined;
  const sets = { names: OVERFLOW.labelNames, values: overflowed.map(({ definition }) => [definition.name]) };
  return counterSnapshot(
    describe(OVERFLOW, sets),
    Float64Array.from(overflowed, (family) => family.sets.overflowed),
  );
}

/** Makes a counter family of its description and its totals. */
export function counterSnapshot(base: SnapshotBase, values: Float64Array): CounterSnapshot {
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

/** Copies the numbers of a histogram family. */
export function snapshotHistogram({
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
  return histogramSnapshot(describe(definition, sets), {
    bounds,
    buckets,
    sums,
    hasExemplars: exemplars !== null,
    exemplar: (index, bucket) => (exemplars === null ? undefined : exemplarAt(exemplars, index * width + bucket)),
  });
}

/** Makes a histogram family of its description and its numbers. */
export function histogramSnapshot(
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

function describe(
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
