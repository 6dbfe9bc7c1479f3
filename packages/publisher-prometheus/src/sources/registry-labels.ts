import { toPageable } from "@eventmeter/aggregation";
import { boundOf } from "../page/exposition-text.ts";

/** Name and value of a label. */
export type Pair = readonly [string, string];

/** The labels of one sample. */
export interface SampleLabels {
  readonly pairs: readonly Pair[];
  /** The bound of a bucket or quantile as text; empty where there is none. */
  readonly boundText: string;
  /** The same as a number; NaN where it is none. */
  readonly bound: number;
  /** All labels but the bound: a key that no other label set of the family has. */
  readonly set: string;
}

/** What the labels of samples have in common where their names are the same: judged and sorted once for all of them. */
interface LabelShape {
  readonly names: readonly string[];
  /** Where the names stand in alphabetical order, that of the bound left out. */
  readonly order: readonly number[];
  /** Where the bound of a bucket or a quantile stands; -1 if there is none. */
  readonly boundAt: number;
}

interface Bound {
  readonly pair: Pair;
  readonly bound: number;
}

const LABEL_NAME = /^(?!__)[a-zA-Z_][a-zA-Z0-9_]*$/;

/**
 * Makes what reads the labels of one sample after the other; undefined where a name is illegal. Hot: samples in a row mostly
 * differ in their bound alone, so that what is as it was in the one before is not read anew.
 * @param boundName name of the label that is a number; undefined where there is none
 */
export function createLabelReader(boundName?: string): (labels: unknown) => SampleLabels | undefined {
  const bounds = new Map<unknown, Bound>();
  let shape: LabelShape | undefined;
  let given: unknown[] = [];
  let pairs: readonly Pair[] = [];
  let set = "";

  function readBound(name: string, value: unknown): Bound {
    const known = bounds.get(value);
    if (known !== undefined) return known;
    const text = textOf(value);
    const bound = boundOf(text);
    const read: Bound = { pair: [name, bound === Infinity ? "+Inf" : text], bound };
    if (typeof value !== "object") bounds.set(value, read);
    return read;
  }

  return (labels) => {
    const next = readShape(labels, shape, boundName);
    if (next === undefined) return undefined;
    let isSameSet = next === shape;
    if (!isSameSet) given = [];
    shape = next;
    const values = labels as Readonly<Record<string, unknown>>;
    let bound: Bound | undefined;
    const read: Pair[] = [];
    for (let at = 0; at < next.names.length; at += 1) {
      const name = next.names[at] as string;
      const value = values[name];
      const before = pairs[at];
      if (at === next.boundAt) {
        bound = readBound(name, value);
        read.push(bound.pair);
      } else if (before !== undefined && value === given[at] && typeof value !== "object") read.push(before);
      else {
        // The text of an object may be another one each time.
        isSameSet = false;
        given[at] = value;
        read.push([name, textOf(value)]);
      }
    }
    if (!isSameSet) set = labelSetKey(read, next.order);
    pairs = read;
    return { pairs: read, boundText: bound?.pair[1] ?? "", bound: bound?.bound ?? Number.NaN, set };
  };
}

/** Values are clean, so that no NUL is among them. A scraper takes an empty label for none. */
function labelSetKey(pairs: readonly Pair[], order: readonly number[]): string {
  let key = "";
  for (const at of order) {
    const [name, value] = pairs[at] as Pair;
    if (value !== "") key += `${name}\0${value}\0`;
  }
  return key;
}

function readShape(
  labels: unknown,
  previous: LabelShape | undefined,
  boundName: string | undefined,
): LabelShape | undefined {
  const names = typeof labels === "object" && labels !== null ? Object.keys(labels) : [];
  if (previous?.names.length === names.length && names.every((name, at) => name === previous.names[at]))
    return previous;
  if (!names.every((name) => LABEL_NAME.test(name))) return undefined;
  const order = names
    .map((_, at) => at)
    .filter((at) => names[at] !== boundName)
    .toSorted((one, other) => ((names[one] as string) < (names[other] as string) ? -1 : 1));
  return { names, order, boundAt: boundName === undefined ? -1 : names.indexOf(boundName) };
}

/** Gives any label value as text that can stand on a page: a scraper has no other kind, and an absent label is an empty one. */
function textOf(value: unknown): string {
  if (typeof value === "string") return toPageable(value);
  if (value === undefined || value === null) return "";
  try {
    // oxlint-disable-next-line typescript/no-base-to-string -- whatever its text is, the registry itself shows it too
    return toPageable(String(value));
  } catch {
    return "";
  }
}
