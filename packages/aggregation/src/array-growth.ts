// Growth of the arrays that hold the numbers of a family.
import type { LabelSets } from "./label-sets.ts";

/** Returns for how many label sets the arrays have room next: twice as many, but not more than there can ever be. */
export function nextCapacity(capacity: number, { values, limit, fixedValues }: LabelSets): number {
  const most = limit + Math.max(fixedValues.length, 1);
  return Math.max(values.length, Math.min(Math.max(capacity * 2, 16), most));
}

/** Copies numbers into a larger array, and returns that. */
export function copyInto<Numbers extends Float64Array | Uint8Array>(from: Numbers, into: Numbers): Numbers {
  into.set(from);
  return into;
}
