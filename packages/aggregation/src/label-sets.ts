// Label sets of one family: a bounded tree that finds the index of a label set without building a key.
import { type FamilyDefinition, OVERFLOW_VALUE } from "./catalogue.ts";
import { labelNameOf } from "./label-names.ts";
import { isLabelValue, textBytes, toLabelValue } from "./label-values.ts";

/** One level of the tree: label value to the next level, or at the last level to the index of a label set. */
type Branch = Map<string, Branch | number>;

/** Memory of a label set besides its values, of a value in it, of a key in a map, and of a map with one key, in bytes; measured with V8. */
const SET_BYTES = 64;
const VALUE_BYTES = 8;
const KEY_BYTES = 48;
const MAP_BYTES = 160;

/** The label sets of one family. Indices count up from 0 and never change their meaning. */
export interface LabelSets {
  readonly names: readonly string[];
  /** Label values by index, in the order of `names`. */
  readonly values: (readonly string[])[];
  /** Records that were added to the overflow set. */
  overflowed: number;
  readonly root: Branch;
  /** All values of the second label, if it has fixed ones; each combination of the other labels has one label set for each, in a row. */
  readonly fixedValues: readonly string[];
  readonly limit: number;
  /** Index of the overflow set; -1 before there is one. */
  overflowIndex: number;
  /** Memory of the label sets and of the tree, in bytes. */
  bytes: number;
  /** By index: the label set that the same record has in its second family; -1 while it is not known. */
  readonly related: number[];
  readonly onOverflow: () => void;
}

/** Creates the label sets of one family. */
export function createLabelSets({
  definition,
  promoted,
  fixedValues,
  limit,
  onOverflow,
}: {
  readonly definition: FamilyDefinition;
  /** Promoted attributes, whose labels follow the family's own. */
  readonly promoted: readonly string[];
  readonly fixedValues: readonly string[];
  readonly limit: number;
  /** Called when the first record is added to the overflow set. */
  readonly onOverflow: () => void;
}): LabelSets {
  const names = [...definition.labelNames, ...promoted.map(labelNameOf)];
  return {
    names,
    values: [],
    overflowed: 0,
    root: new Map(),
    fixedValues,
    limit,
    overflowIndex: -1,
    bytes: 0,
    related: [],
    onOverflow,
  };
}

/**
 * Returns the index of a label set, which is created if it is new. `path` from `from` on holds the values of the labels
 * without the fixed ones, and the first label's value last: it has the most values, so the tree has few large maps rather
 * than many small ones. Hot: keyed by the strings themselves, so nothing is built and no two label sets can be confused.
 */
export function findLabelSet(sets: LabelSets, path: readonly string[], from: number): number {
  const last = path.length - 1;
  let branch = sets.root;
  for (let level = from; level < last; level += 1) {
    const next = branch.get(path[level] as string);
    if (next === undefined) return addLabelSet(sets, path, from);
    branch = next as Branch;
  }
  const index = branch.get(path[last] as string);
  return index === undefined ? addLabelSet(sets, path, from) : (index as number);
}

/**
 * Returns the index of a record's label set in its second family, whose labels are among those of the first, from its index
 * in the first. Hot: the look-up is done once per label set, except in an overflow set, where one index stands for many.
 */
export function findRelatedSet(
  first: LabelSets,
  index: number,
  second: LabelSets,
  path: readonly string[],
  from: number,
): number {
  const known = first.related[index] as number;
  if (known >= 0) return known;
  const found = findLabelSet(second, path, from);
  if (index !== first.overflowIndex && found !== second.overflowIndex) first.related[index] = found;
  return found;
}

function addLabelSet(sets: LabelSets, path: readonly string[], from: number): number {
  // Values that look the same where they are stored must be one series; it is looked up each time, so that no other spelling is kept.
  for (let level = from; level < path.length; level += 1)
    if (!isLabelValue(path[level] as string)) return findLabelSet(sets, path.slice(from).map(toLabelValue), 0);
  const span = Math.max(sets.fixedValues.length, 1);
  if (sets.values.length + span <= sets.limit) return insertLabelSet(sets, path, from);
  return countOverflow(sets, path.length - from);
}

function countOverflow(sets: LabelSets, length: number): number {
  sets.overflowed += 1;
  if (sets.overflowIndex < 0) {
    const path = Array.from({ length }, () => OVERFLOW_VALUE);
    sets.overflowIndex = insertLabelSet(sets, path, 0);
    sets.related[sets.overflowIndex] = -1;
    sets.onOverflow();
  }
  return sets.overflowIndex;
}

function insertLabelSet(sets: LabelSets, path: readonly string[], from: number): number {
  const values = path.slice(from).map(copyText);
  const name = values.pop() as string;
  let branch = sets.root;
  for (const value of values) {
    const known = branch.get(value) as Branch | undefined;
    const next: Branch = known ?? new Map();
    if (known === undefined) sets.bytes += textBytes(value) + KEY_BYTES + MAP_BYTES;
    branch.set(value, next);
    branch = next;
  }
  // A record can have the labels of the overflow set: then its label set is the overflow set.
  const known = branch.get(name);
  if (known !== undefined) return known as number;
  const index = sets.values.length;
  branch.set(name, index);
  sets.bytes += textBytes(name) + KEY_BYTES;
  // Not spread: an array that grows element by element keeps room for more, here as much as all numbers of the set take.
  if (sets.fixedValues.length === 0) sets.values.push([name].concat(values));
  else for (const fixed of sets.fixedValues) sets.values.push([name, fixed].concat(values));
  sets.bytes += (sets.values.length - index) * (SET_BYTES + sets.names.length * VALUE_BYTES);
  while (sets.related.length < sets.values.length) sets.related.push(-1);
  return index;
}

/** Returns a text without what it was cut from: as the name of a property it does not keep a large document alive. */
function copyText(text: string): string {
  return Object.keys({ [text]: 0 })[0] as string;
}
