// Families that do not come from the series store: of a foreign registry, of watched publishers, `target_info`.
import {
  boundText,
  exemplarText,
  type FamilyHead,
  labelsText,
  numberText,
  type PageExemplar,
  type PageFormat,
  parseBound,
} from "./exposition-text.ts";

/** A family with its samples one by one. */
export interface PlainFamily extends FamilyHead {
  /** Name as in text 0.0.4, a counter's with `_total`. Names must be valid; values, labels and help need not be. */
  readonly name: string;
  readonly samples: readonly PlainSample[];
}

/** One sample of a plain family. */
export interface PlainSample {
  /** The whole name, for example `<family>_bucket`. */
  readonly name: string;
  readonly labels: Readonly<Record<string, string>> | readonly (readonly [string, string])[];
  readonly value: number;
  /** Shown in OpenMetrics, on buckets and counters. */
  readonly exemplar?: PageExemplar | undefined;
}

/** Returns the line of one sample. */
export function sampleLine(
  { name, labels, value, exemplar }: PlainSample,
  type: FamilyHead["type"],
  format: PageFormat,
): string {
  const pairs = isPairs(labels) ? labels : Object.entries(labels);
  const canonical = format === "openmetrics" ? pairs.map((pair) => canonicalPair(pair, type)) : pairs;
  const set = canonical.length === 0 ? "" : `{${labelsText(canonical)}}`;
  const isIllustrated = format === "openmetrics" && exemplar !== undefined && /_(bucket|total)$/.test(name);
  return `${name}${set} ${numberText(value)}${isIllustrated ? exemplarText(exemplar) : ""}\n`;
}

function canonicalPair([name, value]: readonly [string, string], type: FamilyHead["type"]): readonly [string, string] {
  const isBound = (type === "histogram" && name === "le") || (type === "summary" && name === "quantile");
  const bound = isBound ? parseBound(value) : Number.NaN;
  return Number.isNaN(bound) ? [name, value] : [name, boundText(bound)];
}

function isPairs(labels: PlainSample["labels"]): labels is readonly (readonly [string, string])[] {
  return Array.isArray(labels);
}
