// Options of a series store: their types, rules and defaults.
import type { Clock } from "@eventmeter/core";
import {
  checkOptions,
  commonOptionRules,
  MAX_ATTRIBUTE_NAME_LENGTH,
  option,
  type OptionRule,
  resolveClock,
} from "@eventmeter/core/publisher";
import { boundsRule, type HistogramBounds, withoutInfinity } from "./bounds.ts";
import { DEFAULT_BOUNDS } from "./catalogue.ts";
import { checkLabelNames } from "./label-names.ts";

/** Options of a `SeriesStore`. */
export interface SeriesStoreOptions {
  /** Label sets per family, from 1 to 1,000,000; records beyond them are added to one label set `_overflow`. @default 2000 */
  readonly maxLabelSets?: number | undefined;
  /** Names of attributes that become labels. `errorType`, and `eventName` for `network`, are the record's own fields. @default none */
  readonly labels?: PromotedLabels | undefined;
  /** Upper bounds of the buckets by family, in seconds, ascending; `+Inf` is implied. @default 14 bounds from .005 to 10 */
  readonly bounds?: HistogramBounds | undefined;
  /** Whether each bucket keeps the trace id, or else the task id, of its last record. @default false */
  readonly exemplars?: boolean | undefined;
  /** Source of times. @default the system's clock */
  readonly clock?: Clock | undefined;
  /** Called once per family, with its name, when its first record is beyond `maxLabelSets`. @default nothing */
  readonly onOverflow?: ((family: string) => void) | undefined;
}

/** Names of attributes that become labels, by kind of record. */
export interface PromotedLabels {
  readonly event?: readonly string[] | undefined;
  readonly network?: readonly string[] | undefined;
}

/** Options with their defaults; arrays are copies. */
export interface ResolvedSeriesOptions {
  readonly maxLabelSets: number;
  readonly eventLabels: readonly string[];
  readonly networkLabels: readonly string[];
  readonly durationBounds: readonly number[];
  readonly latencyBounds: readonly number[];
  readonly exemplars: boolean;
  readonly clock: Clock;
  readonly onOverflow: (family: string) => void;
}

const attributeName = option.string({ maxLength: MAX_ATTRIBUTE_NAME_LENGTH, expected: "the name of an attribute" });

function promoted(kind: "event" | "network"): OptionRule {
  const list = option.list(attributeName);
  return (value, report) => {
    list(value, report);
    // Copied, because `every` skips holes.
    const names: unknown[] = Array.isArray(value) ? Array.from(value) : [];
    if (names.every((name) => typeof name === "string")) checkLabelNames(kind, names, report);
  };
}

const labelsByKind = option.group({ event: promoted("event"), network: promoted("network") });

const labelsRule: OptionRule = (value, report) =>
  typeof value === "object" && !Array.isArray(value)
    ? labelsByKind(value, report)
    : report('expected names of attributes by kind of record, as { event: ["tenant"], network: ["zone"] }');

/** Rules of `SeriesStoreOptions`, for publishers that take these options among their own. */
export const seriesOptionRules: { readonly [Name in keyof SeriesStoreOptions]-?: OptionRule } = {
  maxLabelSets: option.integer(1, 1_000_000),
  labels: labelsRule,
  bounds: boundsRule,
  exemplars: option.boolean(),
  clock: commonOptionRules.clock,
  onOverflow: option.function(),
};

/** Validates options and fills in the defaults. @throws PublisherError `options`, listing every wrong field */
export function resolveOptions(options: SeriesStoreOptions): ResolvedSeriesOptions {
  checkOptions("series-store", options, seriesOptionRules);
  return {
    maxLabelSets: options.maxLabelSets ?? 2_000,
    eventLabels: [...(options.labels?.event ?? [])],
    networkLabels: [...(options.labels?.network ?? [])],
    durationBounds: withoutInfinity(options.bounds?.event_duration_seconds ?? DEFAULT_BOUNDS),
    latencyBounds: withoutInfinity(options.bounds?.network_latency_seconds ?? DEFAULT_BOUNDS),
    exemplars: options.exemplars ?? false,
    clock: resolveClock(options.clock),
    onOverflow: options.onOverflow ?? (() => {}),
  };
}
