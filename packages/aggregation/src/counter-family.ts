import { enlarge, nextCapacity } from "./capacity.ts";
import type { FamilyDefinition } from "./catalogue.ts";
import type { LabelSets } from "./label-sets.ts";

/** The numbers of one counter family, by index of label set. */
export interface CounterFamily {
  readonly definition: FamilyDefinition;
  readonly sets: LabelSets;
  totals: Float64Array;
}

/** Makes a counter family without label sets. */
export function createCounterFamily(definition: FamilyDefinition, sets: LabelSets): CounterFamily {
  return { definition, sets, totals: new Float64Array() };
}

/** Adds to one counter; hot. Above 2^53 small amounts no longer show: a counter stands still there, and never goes down. */
export function add(family: CounterFamily, index: number, amount: number): void {
  if (index >= family.totals.length) {
    family.totals = enlarge(family.totals, new Float64Array(nextCapacity(family.totals.length, family.sets)));
  }
  family.totals[index] = (family.totals[index] as number) + amount;
}
