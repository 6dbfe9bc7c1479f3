// Histogram families: buckets, a sum and exemplars for each label set.
import { copyInto, nextCapacity } from "./array-growth.ts";
import type { FamilyDefinition } from "./catalogue.ts";
import { createExemplars, type Exemplars, growExemplars } from "./exemplars.ts";
import type { LabelSets } from "./label-sets.ts";

/** The numbers of one histogram family, by index of label set. */
export interface HistogramFamily {
  readonly definition: FamilyDefinition;
  readonly sets: LabelSets;
  /** Upper bounds in seconds, without `+Inf`. */
  readonly bounds: readonly number[];
  /** Records per bucket, not cumulative: `bounds.length + 1` per label set. */
  buckets: Float64Array;
  /** Milliseconds per label set: whole milliseconds add up exactly, seconds would not. */
  sums: Float64Array;
  readonly exemplars: Exemplars | null;
}

/** Creates a histogram family without label sets. */
export function createHistogramFamily(
  definition: FamilyDefinition,
  sets: LabelSets,
  bounds: readonly number[],
  exemplars: boolean,
): HistogramFamily {
  return {
    definition,
    sets,
    bounds,
    buckets: new Float64Array(),
    sums: new Float64Array(),
    exemplars: exemplars ? createExemplars() : null,
  };
}

/** Counts one duration, and returns the slot of its bucket. Hot: allocates nothing unless the label set is new. */
export function observe(family: HistogramFamily, index: number, milliseconds: number): number {
  const { bounds } = family;
  if (index >= family.sums.length) grow(family);
  // Divided, not multiplied by .001: 5 ms must be exactly the number .005 of a bound.
  const seconds = milliseconds / 1000;
  let bucket = 0;
  while (bucket < bounds.length && seconds > (bounds[bucket] as number)) bucket += 1;
  const slot = index * (bounds.length + 1) + bucket;
  family.buckets[slot] = (family.buckets[slot] as number) + 1;
  family.sums[index] = (family.sums[index] as number) + milliseconds;
  return slot;
}

function grow(family: HistogramFamily): void {
  const { sets, bounds, exemplars } = family;
  const capacity = nextCapacity(family.sums.length, sets);
  const slots = capacity * (bounds.length + 1);
  family.buckets = copyInto(family.buckets, new Float64Array(slots));
  family.sums = copyInto(family.sums, new Float64Array(capacity));
  if (exemplars !== null) growExemplars(exemplars, slots);
}
