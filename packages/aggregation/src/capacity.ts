import type { LabelSets } from "./label-sets.ts";

/** Gives the next number of label sets to make room for: twice as many, but not more than there can ever be. */
export function nextCapacity(capacity: number, { values, limit, closed }: LabelSets): number {
  const most = limit + Math.max(closed.length, 1);
  return Math.max(values.length, Math.min(Math.max(capacity * 2, 16), most));
}

/** Moves numbers into a larger array. */
export function enlarge<Numbers extends Float64Array | Uint8Array>(from: Numbers, into: Numbers): Numbers {
  into.set(from);
  return into;
}
