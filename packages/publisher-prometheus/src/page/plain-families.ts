import {
  boundOf,
  boundText,
  exemplarText,
  type ExemplarText,
  type FamilyHead,
  labelText,
  numberText,
  type PageFormat,
} from "./exposition-text.ts";

/** A family that does not come from the series store: of a foreign registry, of watched publishers, `target_info`. */
export interface PlainFamily extends FamilyHead {
  /** Name as in text 0.0.4, a counter's with `_total`. Names must be legal; values, labels and help need not be. */
  readonly name: string;
  readonly samples: readonly PlainSample[];
}

/** One sample of a plain family. */
export interface PlainSample {
  /** The whole name, as `<family>_bucket`. */
  readonly name: string;
  readonly labels: Readonly<Record<string, string>> | readonly (readonly [string, string])[];
  readonly value: number;
  /** Shown in OpenMetrics, on buckets and counters. */
  readonly exemplar?: ExemplarText | undefined;
}

/** Gives the line of one sample of a plain family. */
export function sampleText(
  { name, labels, value, exemplar }: PlainSample,
  type: FamilyHead["type"],
  format: PageFormat,
): string {
  const pairs = isPairs(labels) ? labels : Object.entries(labels);
  const canonical = format === "openmetrics" ? pairs.map((pair) => canonicalPair(pair, type)) : pairs;
  const set = canonical.length === 0 ? "" : `{${labelText(canonical)}}`;
  const illustrated = format === "openmetrics" && exemplar !== undefined && /_(bucket|total)$/.test(name);
  return `${name}${set} ${numberText(value)}${illustrated ? exemplarText(exemplar) : ""}\n`;
}

function canonicalPair([name, value]: readonly [string, string], type: FamilyHead["type"]): readonly [string, string] {
  const bound = (type === "histogram" && name === "le") || (type === "summary" && name === "quantile");
  const number = bound ? boundOf(value) : Number.NaN;
  return Number.isNaN(number) ? [name, value] : [name, boundText(number)];
}

function isPairs(labels: PlainSample["labels"]): labels is readonly (readonly [string, string])[] {
  return Array.isArray(labels);
}
