import { type FamilyDefinition, OVERFLOW_VALUE } from "./catalogue.ts";
import { labelNameOf } from "./label-names.ts";
import { isPageable, toPageable } from "./label-values.ts";

/** One level of the tree: label value to the next level, or at the last level to the index of a label set. */
type Branch = Map<string, Branch | number>;

/** The label sets of one family. Indices count up from 0 and never change their meaning. */
export interface LabelSets {
  readonly names: readonly string[];
  /** Label values by index, in the order of `names`. */
  readonly values: (readonly string[])[];
  /** Records that went to the overflow set. */
  overflowed: number;
  readonly root: Branch;
  /** Values of the closed label, which stands second; each open label set is kept once for each of them, in a row. */
  readonly closed: readonly string[];
  readonly limit: number;
  /** Index of the overflow set; -1 before there is one. */
  overflowIndex: number;
  /** By index: the label set that the same record has in its second family; -1 as long as that is not known. */
  readonly related: number[];
  readonly onOverflow: () => void;
}

/** What the label sets of a family are made with. */
export interface LabelSetsInit {
  readonly definition: FamilyDefinition;
  /** Promoted attributes, which follow the family's own labels. */
  readonly promoted: readonly string[];
  readonly closed?: readonly string[];
  readonly limit: number;
  /** Called when the first record goes to the overflow set. */
  readonly onOverflow: () => void;
}

/** Makes the label sets of one family. */
export function createLabelSets({ definition, promoted, closed = [], limit, onOverflow }: LabelSetsInit): LabelSets {
  const names = [...definition.labelNames, ...promoted.map(labelNameOf)];
  return {
    names,
    values: [],
    overflowed: 0,
    root: new Map(),
    closed,
    limit,
    overflowIndex: -1,
    related: [],
    onOverflow,
  };
}

/**
 * Finds the index of a label set, making it if need be. `path` from `from` on holds the values of the open labels, and
 * the first label's value last: it has most values, so the tree has few large maps rather than many small ones.
 * Hot: keyed by the strings themselves, so that nothing is built and no two sets can be taken for one another.
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
 * Finds the label set of a record in its second family, whose labels are among those of the first, by its index in the
 * first. Hot: the second look-up is done once per label set, except for what overflows, where one index means many records.
 */
export function findRelated(
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
  // What a page cannot tell apart must be one series; it is found each time anew, so that no spelling of it is kept.
  for (let level = from; level < path.length; level += 1)
    if (!isPageable(path[level] as string)) return findLabelSet(sets, path.slice(from).map(toPageable), 0);
  const span = Math.max(sets.closed.length, 1);
  if (sets.values.length + span <= sets.limit) return insertLabelSet(sets, path, from);
  return overflow(sets, path.length - from);
}

function overflow(sets: LabelSets, length: number): number {
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
  const values = path.slice(from).map(compact);
  const name = values.pop() as string;
  let branch = sets.root;
  for (const value of values) {
    const next = (branch.get(value) as Branch | undefined) ?? new Map();
    branch.set(value, next);
    branch = next;
  }
  // A record may be named as the overflow set is: then that is the overflow set.
  const known = branch.get(name);
  if (known !== undefined) return known as number;
  const index = sets.values.length;
  branch.set(name, index);
  // Joined, not spread: what grows element by element keeps room for more, here as much as all numbers of the set take.
  if (sets.closed.length === 0) sets.values.push([name].concat(values));
  else for (const closed of sets.closed) sets.values.push([name, closed].concat(values));
  while (sets.related.length < sets.values.length) sets.related.push(-1);
  return index;
}

/** As the name of a property a text is kept once, by itself: no slice of a large document stays alive with it. */
function compact(text: string): string {
  return Object.keys({ [text]: 0 })[0] as string;
}
