import type { FamilyNames } from "./family-names.ts";
import type { PlainFamily, PlainSample } from "./encode.ts";
import type { PageSource } from "./source-reader.ts";

/** A registry that can be read: one of prom-client, of `@prometheus-io/client`, or of your own. */
export interface ReadableRegistry {
  /** Gives each metric as `{ name, help, type, values: { metricName?, labels, value, exemplar? }[] }`. */
  getMetricsAsJSON(): PromiseLike<readonly unknown[]>;
  /** Media type that the registry renders itself. */
  readonly contentType?: string | undefined;
}

/** Makes a source of a registry. */
export function registrySource(registry: ReadableRegistry): PageSource {
  return {
    name: "registry",
    isOpenMetrics: () => registry.contentType?.startsWith("application/openmetrics-text") === true,
    read: () => registry.getMetricsAsJSON(),
  };
}

/** Notes that something of a registry is not on the page, and why; `name` is the metric's. */
export type LeaveOut = (name: string, reason: string) => void;

type FamilyType = PlainFamily["type"];

const SUFFIXES: Readonly<Partial<Record<FamilyType, readonly string[]>>> = {
  histogram: ["_bucket", "_sum", "_count"],
  summary: ["", "_sum", "_count"],
};
const TYPES: ReadonlySet<unknown> = new Set<FamilyType>(["counter", "gauge", "histogram", "summary"]);
const METRIC_NAME = /^(?!__)[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const LABEL_NAME = /^(?!__)[a-zA-Z_][a-zA-Z0-9_]*$/;
const MAX_EXEMPLAR_CHARACTERS = 128;

/**
 * Turns the metrics of a foreign registry into families. What would cost a scraper the whole page is left out: illegal
 * names, names that are taken, series that are there twice, values that are no numbers.
 */
export function readFamilies(
  metrics: readonly unknown[],
  names: FamilyNames,
  isOpenMetrics: boolean,
  leaveOut: LeaveOut,
): PlainFamily[] {
  const families: PlainFamily[] = [];
  for (const metric of metrics) {
    const { name: given, help, type: kind, values } = (metric ?? {}) as Readonly<Record<string, unknown>>;
    if (typeof given !== "string" || !METRIC_NAME.test(given)) {
      leaveOut("", "a metric has an illegal name");
      continue;
    }
    const type = TYPES.has(kind) ? (kind as FamilyType) : "unknown";
    // A registry that has rendered OpenMetrics once has cut the suffix off its counters for good.
    const name = isOpenMetrics && type === "counter" && !given.endsWith("_total") ? `${given}_total` : given;
    const samples = readSamples(name, type, given, Array.isArray(values) ? values : [], leaveOut);
    if (samples === undefined) continue;
    if (names.take(name, type)) families.push({ name, type, help: helpText(help), samples });
    else leaveOut(name, "its name is taken by another family of the page");
  }
  return families;
}

/** Gives the samples that can be shown; undefined if a histogram or summary lacks one of its parts by that. */
function readSamples(
  name: string,
  type: FamilyType,
  given: string,
  values: readonly unknown[],
  leaveOut: LeaveOut,
): PlainSample[] | undefined {
  const legal = new Set((SUFFIXES[type] ?? [""]).map((suffix) => name + suffix));
  const seen = new Set<string>();
  const samples: PlainSample[] = [];
  for (const value of values) {
    const sample = readSample(name, given, (value ?? {}) as Readonly<Record<string, unknown>>);
    const fault =
      typeof sample === "string"
        ? sample
        : !legal.has(sample.name)
          ? "a sample has a name that does not belong to it"
          : isTwice(sample, seen)
            ? "a series is there twice"
            : undefined;
    if (fault === undefined) samples.push(sample as PlainSample);
    else leaveOut(name, fault);
    if (fault !== undefined && type in SUFFIXES) return undefined;
  }
  return samples;
}

function readSample(name: string, given: string, sample: Readonly<Record<string, unknown>>): PlainSample | string {
  const { metricName, value, exemplar } = sample;
  const labels = readLabels(sample["labels"]);
  if (labels === undefined) return "a label has an illegal name";
  if (typeof value !== "number" && typeof value !== "bigint") return "a value is no number";
  const own = typeof metricName === "string" && metricName !== given ? metricName : name;
  return { name: own, labels, value: Number(value), exemplar: readExemplar(exemplar) };
}

function isTwice({ name, labels }: PlainSample, seen: Set<string>): boolean {
  // A scraper takes an empty label for none.
  const pairs = (labels as readonly [string, string][]).filter(([, value]) => value !== "");
  const key = JSON.stringify([name, ...pairs.toSorted(([one], [other]) => (one < other ? -1 : 1))]);
  if (seen.has(key)) return true;
  seen.add(key);
  return false;
}

function readLabels(labels: unknown): [string, string][] | undefined {
  const pairs = typeof labels === "object" && labels !== null ? Object.entries(labels) : [];
  if (pairs.some(([name]) => !LABEL_NAME.test(name))) return undefined;
  return pairs.map(([name, value]) => [name, textOf(value)]);
}

function readExemplar(exemplar: unknown): PlainSample["exemplar"] {
  if (typeof exemplar !== "object" || exemplar === null) return undefined;
  const { labelSet, value, timestamp } = exemplar as Readonly<Record<string, unknown>>;
  const labels = readLabels(labelSet);
  if (labels === undefined || typeof value !== "number") return undefined;
  if (labels.flat().join("").length > MAX_EXEMPLAR_CHARACTERS) return undefined;
  return {
    labels: Object.fromEntries(labels),
    value,
    timestamp: typeof timestamp === "number" ? timestamp : undefined,
  };
}

function helpText(help: unknown): string {
  return typeof help === "string" ? help.replaceAll("\r", " ") : "";
}

/** Gives any label value as text: a scraper has no other kind, and an absent label is an empty one. */
function textOf(value: unknown): string {
  if (typeof value === "string") return value;
  if (value === undefined || value === null) return "";
  try {
    // oxlint-disable-next-line typescript/no-base-to-string -- whatever its text is, the registry itself shows it too
    return String(value);
  } catch {
    return "";
  }
}
