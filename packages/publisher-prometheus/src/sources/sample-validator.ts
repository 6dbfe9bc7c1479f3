// Validator of the samples of one family: what a scraper would reject the whole page for is found before.
import type { PlainFamily } from "../page/plain-families.ts";
import type { SampleLabels } from "./registry-labels.ts";

type FamilyType = PlainFamily["type"];

/** Suffixes of the samples of a family that consists of several series for each label set. */
const SUFFIXES: Readonly<Partial<Record<FamilyType, readonly string[]>>> = {
  histogram: ["_bucket", "_sum", "_count"],
  summary: ["", "_sum", "_count"],
};

/** Names of labels that are numbers. */
const BOUND_NAMES: Readonly<Partial<Record<FamilyType, string>>> = { histogram: "le", summary: "quantile" };

/** Bit of a label set that has its bucket +Inf. */
const HAS_INFINITY = 1;
const BITS = 32;

/** What is there of one label set. */
interface LabelSet {
  /** Bits of `HAS_INFINITY` and of the names of samples. */
  has: number;
  /** Bounds as bits, by their places in the family. */
  bounds: number;
  /** Places for which there is no bit. */
  furtherBounds: Set<number> | undefined;
}

/** Validates the samples of one family, one after the other. */
export class SampleValidator {
  /** Name of the label that is a number; undefined if there is none. */
  readonly boundName: string | undefined;
  /** Whether a label set consists of several series, so that one wrong sample spoils the family. */
  readonly isCompound: boolean;
  readonly #type: FamilyType;
  /** Name of the samples with a bound. */
  readonly #boundedName: string | undefined;
  readonly #countName: string | undefined;
  /** Bit of each sample name. */
  readonly #bits: ReadonlyMap<string, number>;
  /** Label sets by their key. */
  readonly #sets = new Map<string, LabelSet>();
  /** Place of each bound in the family. */
  readonly #places = new Map<number, number>();

  constructor(family: string, type: FamilyType) {
    this.boundName = BOUND_NAMES[type];
    this.isCompound = type in SUFFIXES;
    this.#type = type;
    this.#boundedName = type === "histogram" ? `${family}_bucket` : type === "summary" ? family : undefined;
    this.#countName = this.isCompound ? `${family}_count` : undefined;
    this.#bits = new Map((SUFFIXES[type] ?? [""]).map((suffix, at) => [family + suffix, HAS_INFINITY << (at + 1)]));
  }

  /** Returns what is wrong with the next sample; undefined if it can be shown. */
  problemOf(name: string, { bound, boundText, set: key }: SampleLabels, value: number): string | undefined {
    const bit = this.#bits.get(name);
    if (bit === undefined) return "a sample has a name that does not belong to it";
    const isBounded = name === this.#boundedName;
    if (isBounded ? Number.isNaN(bound) : boundText !== "") return `a sample has no good ${this.boundName}`;
    if (this.#type === "summary" && (bound < 0 || bound > 1)) return "a quantile is outside 0 to 1";
    const isCount = this.#type === "counter" || name === this.#countName || (this.#type === "histogram" && isBounded);
    if (isCount && !(value >= 0)) return "a count is negative or no number";
    const set = this.#setOf(key);
    if (isBounded ? !this.#takeBound(set, bound) : (set.has & bit) !== 0) return "a series is there twice";
    set.has |= isBounded && bound === Infinity ? bit | HAS_INFINITY : bit;
    return undefined;
  }

  /** Returns whether each label set has all series that it must have. */
  isComplete(): boolean {
    if (this.#type !== "histogram") return true;
    const needed = HAS_INFINITY | (this.#bits.get(this.#countName ?? "") ?? 0);
    for (const { has } of this.#sets.values()) if ((has & needed) !== needed) return false;
    return true;
  }

  #setOf(key: string): LabelSet {
    const known = this.#sets.get(key);
    if (known !== undefined) return known;
    const set: LabelSet = { has: 0, bounds: 0, furtherBounds: undefined };
    this.#sets.set(key, set);
    return set;
  }

  /** Adds a bound to a label set; returns false if it is there already. Hot: a Set for each label set would be as large as the page. */
  #takeBound(set: LabelSet, bound: number): boolean {
    const place = this.#places.get(bound) ?? this.#places.size;
    this.#places.set(bound, place);
    if (place >= BITS) {
      set.furtherBounds ??= new Set();
      const { size } = set.furtherBounds;
      return set.furtherBounds.add(place).size > size;
    }
    if ((set.bounds & (1 << place)) !== 0) return false;
    set.bounds |= 1 << place;
    return true;
  }
}
