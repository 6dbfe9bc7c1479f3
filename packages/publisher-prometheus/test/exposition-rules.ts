import { checkSeconds, fail, readNumber } from "./exposition-line.ts";
import type { ExpositionFormat, ParsedSample } from "./exposition-line.ts";

/** What the rules of a family look at. */
export interface FamilyLines {
  readonly name: string;
  readonly type: string;
  readonly samples: readonly ParsedSample[];
}

const suffixes: Readonly<Record<ExpositionFormat, Readonly<Record<string, readonly string[]>>>> = {
  text: {
    counter: [""],
    gauge: [""],
    histogram: ["_bucket", "_sum", "_count"],
    summary: ["", "_sum", "_count"],
    untyped: [""],
  },
  openmetrics: {
    counter: ["_total", "_created"],
    gauge: [""],
    histogram: ["_bucket", "_sum", "_count", "_created"],
    gaugehistogram: ["_bucket", "_gsum", "_gcount"],
    summary: ["", "_sum", "_count", "_created"],
    info: ["_info"],
    stateset: [""],
    unknown: [""],
  },
};

/** Every suffix that some type gives to its samples. */
export const sampleSuffixes: readonly string[] = [
  "",
  "_total",
  "_bucket",
  "_sum",
  "_count",
  "_created",
  "_gsum",
  "_gcount",
  "_info",
];

/** The sample names that a family of this type may have, or undefined for an unknown type. */
export function sampleNames(name: string, type: string, format: ExpositionFormat): readonly string[] | undefined {
  const known = suffixes[format];
  return Object.hasOwn(known, type) ? known[type]?.map((suffix) => name + suffix) : undefined;
}

/** Identity of a series: the order of labels does not count, and an empty label is no label. */
export function seriesKey(name: string, labels: Readonly<Record<string, string>>, without?: string): string {
  const pairs = Object.entries(labels).filter(([label, value]) => value !== "" && label !== without);
  return JSON.stringify([name, ...pairs.toSorted(([left], [right]) => (left < right ? -1 : 1))]);
}

/** A float as Go's `%g` prints it, with `.0` where neither point nor exponent tells that it is one. */
export function canonicalFloat(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "+Inf" : "-Inf";
  const [mantissa = "", exponent = "0"] = value.toExponential().split("e");
  const power = Number(exponent);
  if (power < -4 || power >= 6) {
    return `${mantissa}e${power < 0 ? "-" : "+"}${String(Math.abs(power)).padStart(2, "0")}`;
  }
  return Number.isInteger(value) ? `${value}.0` : String(value);
}

function readBound(sample: ParsedSample, label: string, format: ExpositionFormat): number {
  const text = sample.labels[label];
  if (text === undefined) return fail(sample.line, "bound-label", `${sample.name} without ${label}`);
  const bound = readNumber(text, sample.line);
  if (Number.isNaN(bound)) fail(sample.line, "bound-label", `${label} is NaN`);
  if (format === "openmetrics" && text !== canonicalFloat(bound)) {
    fail(sample.line, "bound-canonical", `${label}="${text}" instead of "${canonicalFloat(bound)}"`);
  }
  return bound;
}

function checkCount(sample: ParsedSample, rule: string): void {
  if (!Number.isInteger(sample.value) || sample.value < 0) fail(sample.line, rule, `${sample.name} ${sample.value}`);
}

function checkSum(sample: ParsedSample, rule: string): void {
  if (!(sample.value >= 0)) fail(sample.line, rule, `${sample.name} ${sample.value}`);
}

function checkExemplar(sample: ParsedSample, below: number, bound: number): void {
  const { exemplar } = sample;
  if (exemplar === undefined) return;
  const characters = Array.from(Object.entries(exemplar.labels).flat().join("")).length;
  if (characters > 128) fail(sample.line, "exemplar-length", `${characters} characters of labels`);
  if (!(exemplar.value > below && exemplar.value <= bound)) {
    fail(sample.line, "exemplar-bounds", `${exemplar.value} is outside ${below} to ${bound}`);
  }
}

function checkHistogram(
  name: string,
  samples: readonly ParsedSample[],
  format: ExpositionFormat,
  [sumSuffix, countSuffix]: readonly [string, string],
): void {
  const line = samples[0]?.line ?? 0;
  const parts = new Map(samples.filter((sample) => !sample.name.endsWith("_bucket")).map((part) => [part.name, part]));
  let bound = Number.NEGATIVE_INFINITY;
  let counted = 0;
  for (const sample of samples) {
    if (!sample.name.endsWith("_bucket")) continue;
    const below = bound;
    bound = readBound(sample, "le", format);
    if (!(bound > below)) fail(sample.line, "bucket-order", `le ${bound} after ${below}`);
    checkCount(sample, "bucket-value");
    if (sample.value < counted) fail(sample.line, "bucket-cumulative", `${sample.value} after ${counted}`);
    counted = sample.value;
    checkExemplar(sample, below, bound);
  }
  if (bound !== Number.POSITIVE_INFINITY) fail(line, "bucket-infinity", `${name} without le="+Inf"`);
  const count = parts.get(name + countSuffix);
  if (count === undefined) return fail(line, "histogram-count", `${name} without ${countSuffix}`);
  if (count.value !== counted) fail(count.line, "histogram-count", `${count.value} instead of ${counted}`);
  const sum = parts.get(name + sumSuffix);
  if (sum === undefined) return fail(line, "histogram-sum", `${name} without ${sumSuffix}`);
  checkSum(sum, "histogram-sum");
  if (counted === 0 && sum.value !== 0) fail(sum.line, "histogram-sum", `${sum.value} of no observation`);
}

function checkSummary(name: string, samples: readonly ParsedSample[], format: ExpositionFormat): void {
  let quantile = -1;
  for (const sample of samples) {
    if (sample.name === name) {
      const below = quantile;
      quantile = readBound(sample, "quantile", format);
      if (!(quantile > below && quantile <= 1)) fail(sample.line, "quantile-order", `${quantile} after ${below}`);
      if (sample.value < 0) fail(sample.line, "quantile-value", `${sample.value}`);
    } else if (sample.name === `${name}_count`) checkCount(sample, "summary-value");
    else if (sample.name === `${name}_sum`) checkSum(sample, "summary-value");
  }
}

function checkCounter(name: string, samples: readonly ParsedSample[], format: ExpositionFormat): void {
  const total = samples.find((sample) => sample.name === (format === "text" ? name : `${name}_total`));
  if (total === undefined) return fail(samples[0]?.line ?? 0, "counter-total", `${name} without _total`);
  if (!(total.value >= 0)) fail(total.line, "counter-value", `${total.name} ${total.value}`);
  checkExemplar(total, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY);
}

/** The label that tells the samples of one metric apart, if this type has one. */
function innerLabel(family: FamilyLines): string | undefined {
  if (family.type === "histogram" || family.type === "gaugehistogram") return "le";
  if (family.type === "summary") return "quantile";
  return family.type === "stateset" ? family.name : undefined;
}

function checkSample(sample: ParsedSample, family: FamilyLines, format: ExpositionFormat): void {
  const { name, type } = family;
  const inner = innerLabel(family);
  const isCreated = format === "openmetrics" && sample.name === `${name}_created` && name !== sample.name;
  if (sample.exemplar !== undefined) {
    const suffix = type === "counter" ? "_total" : "_bucket";
    const holds = type === "counter" || type === "histogram" || type === "gaugehistogram";
    if (!holds || sample.name !== name + suffix) fail(sample.line, "exemplar-place", sample.name);
  }
  if (isCreated) checkSeconds(sample.value, sample.line);
  if (inner !== undefined && inner in sample.labels && sample.name !== name && !sample.name.endsWith("_bucket")) {
    fail(sample.line, "bound-label", `${inner} on ${sample.name}`);
  }
  if (type === "info" && sample.value !== 1) fail(sample.line, "info-value", `${sample.value}`);
  if (type === "stateset" && !(inner !== undefined && inner in sample.labels)) fail(sample.line, "state-label", name);
  if (type === "stateset" && sample.value !== 0 && sample.value !== 1) fail(sample.line, "state-value", name);
}

/** Checks what can only be seen once all lines of a family are read; throws at the first violation. */
export function checkFamily(family: FamilyLines, format: ExpositionFormat): void {
  const series = new Set<string>();
  const metrics = new Map<string, ParsedSample[]>();
  const inner = innerLabel(family);
  let last: string | undefined;
  for (const sample of family.samples) {
    const key = seriesKey(sample.name, sample.labels);
    if (series.has(key)) fail(sample.line, "series-once", key);
    series.add(key);
    checkSample(sample, family, format);
    const metric = seriesKey("", sample.labels, inner);
    const group = metrics.get(metric);
    if (group === undefined) metrics.set(metric, [sample]);
    else if (metric !== last) fail(sample.line, "metric-contiguous", `${sample.name} stands apart from its label set`);
    else {
      const [first] = group;
      if (format === "openmetrics" && first?.timestamp !== sample.timestamp) {
        fail(sample.line, "timestamp", `${sample.name} differs from its label set`);
      }
      group.push(sample);
    }
    last = metric;
  }
  for (const samples of metrics.values()) {
    if (family.type === "counter") checkCounter(family.name, samples, format);
    else if (family.type === "histogram") checkHistogram(family.name, samples, format, ["_sum", "_count"]);
    else if (family.type === "gaugehistogram") checkHistogram(family.name, samples, format, ["_gsum", "_gcount"]);
    else if (family.type === "summary") checkSummary(family.name, samples, format);
  }
}
