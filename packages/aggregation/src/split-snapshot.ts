// Halves of a snapshot that is too large for one request.
import {
  createCounterSnapshot,
  createHistogramSnapshot,
  type FamilySnapshot,
  type Snapshot,
  type SnapshotBase,
} from "./snapshot.ts";

/** Returns two snapshots of the same moment that together hold each label set once; undefined for fewer than two label sets. */
export function splitSnapshot(snapshot: Snapshot): readonly [Snapshot, Snapshot] | undefined {
  const { families, ...rest } = snapshot;
  if (families.reduce((total, { size }) => total + size, 0) < 2) return undefined;
  const first: FamilySnapshot[] = [];
  const second: FamilySnapshot[] = [];
  // The label set left over of an odd number goes to either half in turn, so that neither stays empty.
  let firstTakesMore = true;
  for (const family of families) {
    const { size } = family;
    const middle = firstTakesMore ? Math.ceil(size / 2) : Math.floor(size / 2);
    if (size % 2 === 1) firstTakesMore = !firstTakesMore;
    first.push(partOf(family, 0, middle));
    second.push(partOf(family, middle, size));
  }
  return [
    { ...rest, families: first },
    { ...rest, families: second },
  ];
}

/** Returns the label sets from `from` to before `to`, as views of the same numbers. */
function partOf(family: FamilySnapshot, from: number, to: number): FamilySnapshot {
  const { name, help, unit, labelNames } = family;
  const labelValues = (index: number): readonly string[] => family.labelValues(from + index);
  const base: SnapshotBase = { name, help, unit, labelNames, size: to - from, labelValues };
  if (family.type === "counter") return createCounterSnapshot(base, family.values.subarray(from, to));
  const { bounds, buckets, sums, hasExemplars } = family;
  const width = bounds.length + 1;
  return createHistogramSnapshot(base, {
    bounds,
    buckets: buckets.subarray(from * width, to * width),
    sums: sums.subarray(from, to),
    hasExemplars,
    exemplar: (index, bucket) => family.exemplar(from + index, bucket),
  });
}
