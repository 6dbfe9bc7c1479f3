// Families of a foreign registry: what can be shown on the page is read, everything else is left out and reported.
import type { FamilyNames } from "../page/taken-names.ts";
import type { PlainFamily } from "../page/plain-families.ts";
import { readSamples } from "./registry-samples.ts";
import type { PageSource } from "./source-reader.ts";

/** A registry that can be read: one of prom-client, of `@prometheus-io/client`, or of your own. */
export interface ReadableRegistry {
  /** Returns each metric as `{ name, help, type, values: { metricName?, labels, value, exemplar? }[] }`. */
  getMetricsAsJSON(): PromiseLike<readonly unknown[]>;
  /** Media type that the registry renders itself. */
  readonly contentType?: string | undefined;
}

/** Returns a registry as a source of the page. */
export function registrySource(registry: ReadableRegistry): PageSource {
  return {
    name: "registry",
    isOpenMetrics: () => registry.contentType?.startsWith("application/openmetrics-text") === true,
    read: () => registry.getMetricsAsJSON(),
  };
}

/** Reports that something of a registry is left out; `name` is the metric's, or empty if it has none that can be shown. */
export type ReportLeftOut = (name: string, reason: string) => void;

type FamilyType = PlainFamily["type"];

const TYPES: ReadonlySet<unknown> = new Set<FamilyType>(["counter", "gauge", "histogram", "summary"]);
const METRIC_NAME = /^(?!__)[a-zA-Z_:][a-zA-Z0-9_:]*$/;

/** In UTF-16 code units. */
const MAX_HELP_LENGTH = 4_096;

/**
 * Reads the metrics of a foreign registry as families, in steps. Left out is what would cost a scraper the whole page:
 * invalid names, names that are taken, duplicate series, values that are not numbers, histograms that lack a part.
 */
export function* readFamilies(
  metrics: readonly unknown[],
  names: FamilyNames,
  isOpenMetrics: boolean,
  reportLeftOut: ReportLeftOut,
): Generator<void, PlainFamily[]> {
  const families: PlainFamily[] = [];
  for (const metric of metrics) {
    yield;
    const { name: given, help, type: kind, values } = (metric ?? {}) as Readonly<Record<string, unknown>>;
    if (typeof given !== "string" || !METRIC_NAME.test(given)) {
      reportLeftOut("", "a metric has an illegal name");
      continue;
    }
    const type = TYPES.has(kind) ? (kind as FamilyType) : "unknown";
    // A registry that has rendered OpenMetrics once has cut the suffix off its counters for good.
    const name = isOpenMetrics && type === "counter" && !given.endsWith("_total") ? `${given}_total` : given;
    const list: readonly unknown[] = Array.isArray(values) ? values : [];
    const samples = yield* readSamples({ name, type }, given, list, (reason) => reportLeftOut(name, reason));
    if (samples === undefined) continue;
    if (names.take(name, type)) families.push({ name, type, help: helpText(help), samples });
    else reportLeftOut(name, "its name is taken by another family of the page");
  }
  return families;
}

function helpText(help: unknown): string {
  return typeof help === "string" ? help.slice(0, MAX_HELP_LENGTH).replaceAll("\r", " ") : "";
}
