import { toPageable } from "@eventmeter/aggregation";
import type { PlainFamily, PlainSample } from "./encode.ts";
import { boundOf, boundText } from "./encode-text.ts";

type Pairs = readonly (readonly [string, string])[];

/** What the labels of samples have in common where their names are the same: judged and sorted once for all of them. */
interface LabelShape {
  readonly names: readonly string[];
  /** Where the names stand in alphabetical order, that of the bound left out. */
  readonly order: readonly number[];
  /** Where the bound of a bucket or a quantile stands; -1 if there is none. */
  readonly boundAt: number;
}

const LABEL_NAME = /^(?!__)[a-zA-Z_][a-zA-Z0-9_]*$/;
const MAX_EXEMPLAR_CHARACTERS = 128;

/** How many samples are read at a time, which takes far less than a slice. */
const SAMPLES_PER_STEP = 64;

const SUFFIXES: Readonly<Partial<Record<PlainFamily["type"], readonly string[]>>> = {
  histogram: ["_bucket", "_sum", "_count"],
  summary: ["", "_sum", "_count"],
};

/** What a histogram must have for each label set. */
const HAS_INFINITY = 1;
const HAS_COUNT = 2;

/** Tells why something is left out; one that is whole is left out as a whole with its first fault. */
export type NoteFault = (reason: string) => void;

/**
 * Reads the samples of one family, in steps; gives those that can be shown, or undefined if a histogram or summary lacks one of
 * its parts by that.
 * @param given name by which the registry calls the family
 */
export function* readSamples(
  name: string,
  type: PlainFamily["type"],
  given: string,
  values: readonly unknown[],
  fault: NoteFault,
): Generator<void, PlainSample[] | undefined> {
  const judge = createJudge(name, type);
  const isWhole = type in SUFFIXES;
  const samples: PlainSample[] = [];
  let shape: LabelShape | undefined;
  for (const [index, value] of values.entries()) {
    if (index % SAMPLES_PER_STEP === SAMPLES_PER_STEP - 1) yield;
    const entry = (value ?? {}) as Readonly<Record<string, unknown>>;
    const { metricName, labels, value: number, exemplar } = entry;
    shape = readShape(labels, shape, judge.boundName);
    const pairs = shape === undefined ? undefined : readPairs(labels, shape);
    const own = typeof metricName === "string" && metricName !== given ? metricName : name;
    const reason =
      shape === undefined || pairs === undefined
        ? "a label has an illegal name"
        : typeof number !== "number" && typeof number !== "bigint"
          ? "a value is no number"
          : judge.fault(own, pairs, shape, Number(number));
    if (reason === undefined)
      samples.push({ name: own, labels: pairs as Pairs, value: Number(number), exemplar: readExemplar(exemplar) });
    else fault(reason);
    if (reason !== undefined && isWhole) return undefined;
  }
  if (judge.isComplete()) return samples;
  fault("a histogram lacks its bucket +Inf or its count");
  return undefined;
}

interface Judge {
  /** Name of the label that is a number; undefined where there is none. */
  readonly boundName: string | undefined;
  /** Tells what is wrong with a sample; undefined if it can be shown. */
  fault(name: string, pairs: Pairs, shape: LabelShape, value: number): string | undefined;
  /** Whether each label set has all that it must have. */
  isComplete(): boolean;
}

function createJudge(family: string, type: PlainFamily["type"]): Judge {
  const legal = new Set((SUFFIXES[type] ?? [""]).map((suffix) => family + suffix));
  const boundName = type === "histogram" ? "le" : type === "summary" ? "quantile" : undefined;
  const boundedName = type === "histogram" ? `${family}_bucket` : type === "summary" ? family : undefined;
  const countName = type in SUFFIXES ? `${family}_count` : undefined;
  const seen = new Set<string>();
  const parts = new Map<string, number>();
  return {
    boundName,
    fault(name, pairs, { order, boundAt }, value) {
      if (!legal.has(name)) return "a sample has a name that does not belong to it";
      const bound = boundOf(pairs[boundAt]?.[1] ?? "");
      if (name === boundedName ? Number.isNaN(bound) : (pairs[boundAt]?.[1] ?? "") !== "")
        return `a sample has no good ${boundName}`;
      if (type === "summary" && (bound < 0 || bound > 1)) return "a quantile is outside 0 to 1";
      const isCount = type === "counter" || name === countName || (type === "histogram" && name === boundedName);
      if (isCount && !(value >= 0)) return "a count is negative or no number";
      const set = labelSetKey(pairs, order);
      const key = `${name}\0${Number.isNaN(bound) ? "" : boundText(bound)}\0${set}`;
      if (seen.has(key)) return "a series is there twice";
      seen.add(key);
      if (type === "histogram") {
        const part = name === countName ? HAS_COUNT : bound === Infinity ? HAS_INFINITY : 0;
        parts.set(set, (parts.get(set) ?? 0) | part);
      }
      return undefined;
    },
    isComplete() {
      for (const part of parts.values()) if (part !== (HAS_INFINITY | HAS_COUNT)) return false;
      return true;
    },
  };
}

/** Values are clean, so that no NUL is among them. A scraper takes an empty label for none. */
function labelSetKey(pairs: Pairs, order: readonly number[]): string {
  let key = "";
  for (const at of order) {
    const [name, value] = pairs[at] as readonly [string, string];
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

function readPairs(labels: unknown, { names, boundAt }: LabelShape): [string, string][] {
  const values = labels as Readonly<Record<string, unknown>>;
  return names.map((name, at) => {
    const value = textOf(values[name]);
    return [name, at === boundAt && boundOf(value) === Infinity ? "+Inf" : value];
  });
}

function readExemplar(exemplar: unknown): PlainSample["exemplar"] {
  if (typeof exemplar !== "object" || exemplar === null) return undefined;
  const { labelSet, value, timestamp } = exemplar as Readonly<Record<string, unknown>>;
  const shape = readShape(labelSet, undefined, undefined);
  if (shape === undefined || typeof value !== "number" || !Number.isFinite(value)) return undefined;
  const labels = readPairs(labelSet, shape);
  if (labels.flat().join("").length > MAX_EXEMPLAR_CHARACTERS) return undefined;
  return {
    labels: Object.fromEntries(labels),
    value,
    timestamp: typeof timestamp === "number" ? timestamp : undefined,
  };
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
