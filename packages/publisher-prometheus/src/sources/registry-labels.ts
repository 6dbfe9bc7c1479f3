// Labels of the samples of a foreign registry, read one sample after the other.
import { toPageable } from "@eventmeter/aggregation";
import { parseBound } from "../page/exposition-text.ts";

/** Name and value of a label. */
type Pair = readonly [string, string];

/** The labels of one sample. */
export interface SampleLabels {
  readonly pairs: readonly Pair[];
  /** The bound of a bucket or quantile as text; empty where there is none. */
  readonly boundText: string;
  /** The same as a number; NaN where it is not one. */
  readonly bound: number;
  /** Key of all labels but the bound, which no other label set of the family has. */
  readonly set: string;
}

/** What labels with the same names have in common: validated and sorted once for all of them. */
interface LabelShape {
  readonly names: readonly string[];
  /** Indices of the names in alphabetical order, without that of the bound. */
  readonly order: readonly number[];
  /** Index of the bound of a bucket or a quantile; -1 if there is none. */
  readonly boundAt: number;
}

interface Bound {
  readonly pair: Pair;
  readonly bound: number;
}

const LABEL_NAME = /^(?!__)[a-zA-Z_][a-zA-Z0-9_]*$/;

/**
 * Reads the labels of the samples of one family. Hot: samples in a row mostly differ in their bound alone, so what is the
 * same as in the sample before is not read again.
 */
export class LabelReader {
  readonly #boundName: string | undefined;
  /** Bounds that were read, by the value given. */
  readonly #bounds = new Map<unknown, Bound>();
  /** Of the sample before: shape, values as given, pairs, and key of its label set. */
  #shape: LabelShape | undefined;
  #given: unknown[] = [];
  #pairs: readonly Pair[] = [];
  #set = "";

  /** @param boundName name of the label that is a number; undefined where there is none */
  constructor(boundName?: string) {
    this.#boundName = boundName;
  }

  /** Reads the labels of the next sample; returns undefined where a name is invalid. */
  read(labels: unknown): SampleLabels | undefined {
    const shape = readShape(labels, this.#shape, this.#boundName);
    if (shape === undefined) return undefined;
    let isSameSet = shape === this.#shape;
    if (!isSameSet) this.#given = [];
    this.#shape = shape;
    const given = this.#given;
    const before = this.#pairs;
    const values = labels as Readonly<Record<string, unknown>>;
    let bound: Bound | undefined;
    const pairs: Pair[] = [];
    for (let at = 0; at < shape.names.length; at += 1) {
      const name = shape.names[at] as string;
      const value = values[name];
      const known = before[at];
      if (at === shape.boundAt) {
        bound = this.#readBound(name, value);
        pairs.push(bound.pair);
      } else if (known !== undefined && value === given[at] && typeof value !== "object") pairs.push(known);
      else {
        // The text of an object can be another one each time.
        isSameSet = false;
        given[at] = value;
        pairs.push([name, textOf(value)]);
      }
    }
    if (!isSameSet) this.#set = labelSetKey(pairs, shape.order);
    this.#pairs = pairs;
    return { pairs, boundText: bound?.pair[1] ?? "", bound: bound?.bound ?? Number.NaN, set: this.#set };
  }

  #readBound(name: string, value: unknown): Bound {
    const known = this.#bounds.get(value);
    if (known !== undefined) return known;
    const text = textOf(value);
    const bound = parseBound(text);
    const read: Bound = { pair: [name, bound === Infinity ? "+Inf" : text], bound };
    if (typeof value !== "object") this.#bounds.set(value, read);
    return read;
  }
}

/** Values are clean, so none of them contains a NUL. For a scraper an empty label is the same as no label. */
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

/** Returns any label value as text that a page can hold: a scraper knows no other kind, and an absent label is an empty one. */
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
