import type { FamilyNames } from "../page/family-names.ts";
import type { PlainFamily } from "../page/page-writer.ts";
import { readSamples } from "./registry-samples.ts";
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

const TYPES: ReadonlySet<unknown> = new Set<FamilyType>(["counter", "gauge", "histogram", "summary"]);
const METRIC_NAME = /^(?!__)[a-zA-Z_:][a-zA-Z0-9_:]*$/;

/** In UTF-16 code units. */
const MAX_HELP_LENGTH = 4_096;

/**
 * Turns the metrics of a foreign registry into families, in steps. What would cost a scraper the whole page is left out: illegal
 * names, names that are taken, series that are there twice, values that are no numbers, histograms that lack a part.
 */
export function* readFamilies(
  metrics: readonly unknown[],
  names: FamilyNames,
  isOpenMetrics: boolean,
  leaveOut: LeaveOut,
): Generator<void, PlainFamily[]> {
  const families: PlainFamily[] = [];
  for (const metric of metrics) {
    yield;
    const { name: given, help, type: kind, values } = (metric ?? {}) as Readonly<Record<string, unknown>>;
    if (typeof given !== "string" || !METRIC_NAME.test(given)) {
      leaveOut("", "a metric has an illegal name");
      continue;
    }
    const type = TYPES.has(kind) ? (kind as FamilyType) : "unknown";
    // A registry that has rendered OpenMetrics once has cut the suffix off its counters for good.
    const name = isOpenMetrics && type === "counter" && !given.endsWith("_total") ? `${given}_total` : given;
    const list: readonly unknown[] = Array.isArray(values) ? values : [];
    const samples = yield* readSamples(name, type, given, list, (reason) => leaveOut(name, reason));
    if (samples === undefined) continue;
    if (names.take(name, type)) families.push({ name, type, help: helpText(help), samples });
    else leaveOut(name, "its name is taken by another family of the page");
  }
  return families;
}

function helpText(help: unknown): string {
  return typeof help === "string" ? help.slice(0, MAX_HELP_LENGTH).replaceAll("\r", " ") : "";
}
