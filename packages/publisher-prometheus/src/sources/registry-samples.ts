import type { PlainFamily, PlainSample } from "../page/page-writer.ts";
import { createLabelReader, type SampleLabels } from "./registry-labels.ts";

const MAX_EXEMPLAR_CHARACTERS = 128;

/** How many samples are read at a time, which takes far less than a slice. */
const SAMPLES_PER_STEP = 64;

const SUFFIXES: Readonly<Partial<Record<PlainFamily["type"], readonly string[]>>> = {
  histogram: ["_bucket", "_sum", "_count"],
  summary: ["", "_sum", "_count"],
};

/** Names of labels that are numbers. */
const BOUND_NAMES: Readonly<Partial<Record<PlainFamily["type"], string>>> = { histogram: "le", summary: "quantile" };

/** Of a label set: its bucket +Inf is there. */
const HAS_INFINITY = 1;
const BITS = 32;

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
  const boundName = BOUND_NAMES[type];
  const judge = createJudge(name, type, boundName);
  const readLabels = createLabelReader(boundName);
  const isWhole = type in SUFFIXES;
  const samples: PlainSample[] = [];
  for (let index = 0; index < values.length; index += 1) {
    if (index % SAMPLES_PER_STEP === SAMPLES_PER_STEP - 1) yield;
    const entry = (values[index] ?? {}) as Readonly<Record<string, unknown>>;
    const { metricName, value: number, exemplar } = entry;
    const labels = readLabels(entry["labels"]);
    const own = typeof metricName === "string" && metricName !== given ? metricName : name;
    const reason =
      labels === undefined
        ? "a label has an illegal name"
        : typeof number !== "number" && typeof number !== "bigint"
          ? "a value is no number"
          : judge.fault(own, labels, Number(number));
    if (reason === undefined && labels !== undefined)
      samples.push({ name: own, labels: labels.pairs, value: Number(number), exemplar: readExemplar(exemplar) });
    else if (reason !== undefined) fault(reason);
    if (reason !== undefined && isWhole) return undefined;
  }
  if (judge.isComplete()) return samples;
  fault("a histogram lacks its bucket +Inf or its count");
  return undefined;
}

interface Judge {
  /** Tells what is wrong with a sample; undefined if it can be shown. */
  fault(name: string, labels: SampleLabels, value: number): string | undefined;
  /** Whether each label set has all that it must have. */
  isComplete(): boolean;
}

/** What there is of one label set. */
interface LabelSet {
  /** Bits of `HAS_INFINITY` and of the names of samples. */
  has: number;
  /** Its bounds as bits by their places in the family. */
  bounds: number;
  /** Places for which there is no bit. */
  furtherBounds: Set<number> | undefined;
}

function createJudge(family: string, type: PlainFamily["type"], boundName: string | undefined): Judge {
  const bits = new Map((SUFFIXES[type] ?? [""]).map((suffix, at) => [family + suffix, HAS_INFINITY << (at + 1)]));
  const boundedName = type === "histogram" ? `${family}_bucket` : type === "summary" ? family : undefined;
  const countName = type in SUFFIXES ? `${family}_count` : undefined;
  const needed = HAS_INFINITY | (bits.get(`${family}_count`) ?? 0);
  const sets = new Map<string, LabelSet>();
  const places = new Map<number, number>();

  function setOf(key: string): LabelSet {
    const known = sets.get(key);
    if (known !== undefined) return known;
    const set: LabelSet = { has: 0, bounds: 0, furtherBounds: undefined };
    sets.set(key, set);
    return set;
  }

  /** Notes a bound of a label set; false if it is there already. Hot: a Set for each label set would be as large as the page. */
  function takeBound(set: LabelSet, bound: number): boolean {
    const place = places.get(bound) ?? places.size;
    places.set(bound, place);
    if (place >= BITS) {
      set.furtherBounds ??= new Set();
      const { size } = set.furtherBounds;
      return set.furtherBounds.add(place).size > size;
    }
    if ((set.bounds & (1 << place)) !== 0) return false;
    set.bounds |= 1 << place;
    return true;
  }

  return {
    fault(name, { bound, boundText, set: key }, value) {
      const bit = bits.get(name);
      if (bit === undefined) return "a sample has a name that does not belong to it";
      const isBounded = name === boundedName;
      if (isBounded ? Number.isNaN(bound) : boundText !== "") return `a sample has no good ${boundName}`;
      if (type === "summary" && (bound < 0 || bound > 1)) return "a quantile is outside 0 to 1";
      const isCount = type === "counter" || name === countName || (type === "histogram" && isBounded);
      if (isCount && !(value >= 0)) return "a count is negative or no number";
      const set = setOf(key);
      if (isBounded ? !takeBound(set, bound) : (set.has & bit) !== 0) return "a series is there twice";
      set.has |= isBounded && bound === Infinity ? bit | HAS_INFINITY : bit;
      return undefined;
    },
    isComplete() {
      if (type !== "histogram") return true;
      for (const { has } of sets.values()) if ((has & needed) !== needed) return false;
      return true;
    },
  };
}

function readExemplar(exemplar: unknown): PlainSample["exemplar"] {
  if (typeof exemplar !== "object" || exemplar === null) return undefined;
  const { labelSet, value, timestamp } = exemplar as Readonly<Record<string, unknown>>;
  const labels = createLabelReader()(labelSet)?.pairs;
  if (labels === undefined || typeof value !== "number" || !Number.isFinite(value)) return undefined;
  if (labels.flat().join("").length > MAX_EXEMPLAR_CHARACTERS) return undefined;
  return {
    labels: Object.fromEntries(labels),
    value,
    timestamp: typeof timestamp === "number" ? timestamp : undefined,
  };
}
