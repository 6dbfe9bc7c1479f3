// Label sets that are left out of snapshots, because a backend rejects them.
import {
  createCounterSnapshot,
  createHistogramSnapshot,
  type FamilySnapshot,
  type HistogramSnapshot,
  type Snapshot,
} from "./snapshot.ts";

/** What was excluded. */
export interface ExcludedLabelSet {
  /** Name of its family. */
  readonly name: string;
  /** Records that it counted: those of its duration; 0 for a label set of a counter. */
  readonly records: number;
}

/** The excluded label sets of one store, by the arrays of their values, which are the same ones in each snapshot. */
export class ExcludedLabelSets {
  readonly #values = new Set<readonly string[]>();

  /** Excludes the label sets of a snapshot, which are usually one. */
  add({ families }: Snapshot): ExcludedLabelSet {
    const names: string[] = [];
    let records = 0;
    for (const family of families) {
      if (family.size > 0) names.push(family.name);
      for (let index = 0; index < family.size; index += 1) {
        this.#values.add(family.labelValues(index));
        records += recordsOf(family, index);
      }
    }
    return { name: names.join(", "), records };
  }

  /** Returns a snapshot without them. */
  leaveOut(snapshot: Snapshot): Snapshot {
    if (this.#values.size === 0) return snapshot;
    let excludedRecords = 0;
    const families = snapshot.families.map((family) => {
      const kept: number[] = [];
      for (let index = 0; index < family.size; index += 1) {
        if (this.#values.has(family.labelValues(index))) excludedRecords += recordsOf(family, index);
        else kept.push(index);
      }
      return kept.length === family.size ? family : pick(family, kept);
    });
    return { ...snapshot, excludedRecords, families };
  }
}

/** Returns how many records only this label set counts: each record has one duration. */
function recordsOf(family: FamilySnapshot, index: number): number {
  if (family.type === "counter") return 0;
  let records = 0;
  const width = family.bounds.length + 1;
  for (let slot = index * width; slot < (index + 1) * width; slot += 1) records += family.buckets[slot] as number;
  return records;
}

/** Returns the label sets of some indices as a family of their own. */
function pick(family: FamilySnapshot, indices: readonly number[]): FamilySnapshot {
  const { name, help, unit, labelNames } = family;
  const indexOf = (index: number): number => indices[index] as number;
  const labelValues = (index: number): readonly string[] => family.labelValues(indexOf(index));
  const base = { name, help, unit, labelNames, size: indices.length, labelValues };
  if (family.type === "counter")
    return createCounterSnapshot(
      base,
      Float64Array.from(indices, (index) => family.values[index] as number),
    );
  return pickHistograms(family, base, indices);
}

function pickHistograms(
  family: HistogramSnapshot,
  base: Parameters<typeof createHistogramSnapshot>[0],
  indices: readonly number[],
): HistogramSnapshot {
  const { bounds, buckets, sums, hasExemplars } = family;
  const width = bounds.length + 1;
  const picked = new Float64Array(indices.length * width);
  for (const [at, index] of indices.entries())
    picked.set(buckets.subarray(index * width, (index + 1) * width), at * width);
  return createHistogramSnapshot(base, {
    bounds,
    buckets: picked,
    sums: Float64Array.from(indices, (index) => sums[index] as number),
    hasExemplars,
    exemplar: (index, bucket) => family.exemplar(indices[index] as number, bucket),
  });
}
