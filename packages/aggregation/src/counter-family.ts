// Counter families: one total for each label set.
import { copyInto, nextCapacity } from "./array-growth.ts";
import type { FamilyDefinition } from "./catalogue.ts";
import type { LabelSets } from "./label-sets.ts";

/** The totals of one counter family, by index of label set. */
export interface CounterFamily {
  readonly definition: FamilyDefinition;
  readonly sets: LabelSets;
  totals: Float64Array;
}

/** Creates a counter family without label sets. */
export function createCounterFamily(definition: FamilyDefinition, sets: LabelSets): CounterFamily {
  return { definition, sets, totals: new Float64Array() };
}

/** Adds to one counter. Hot. Above 2^53 a small amount no longer changes the total, which never goes down. */
export function add(family: CounterFamily, index: number, amount: number): void {
  if (index >= family.totals.length) {
    family.totals = copyInto(family.totals, new Float64Array(nextCapacity(family.totals.length, family.sets)));
  }
  family.totals[index] = (family.totals[index] as number) + amount;
}
