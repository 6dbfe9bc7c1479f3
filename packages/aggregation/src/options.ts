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
import { DEFAULT_BOUNDS } from "./catalogue.ts";
import { checkLabelNames } from "./label-names.ts";

/** Options of a `SeriesStore`. */
export interface SeriesStoreOptions {
  /** Label sets per family, from 1 to 1,000,000; records beyond them are added to one label set `_overflow`. @default 2000 */
  readonly maxLabelSets?: number | undefined;
  /** Names of attributes that become labels; `errorType` means the record's own field. @default none */
  readonly labels?: PromotedLabels | undefined;
  /** Upper bounds of the buckets by family, in seconds, rising, without `+Inf`. @default 14 bounds from .005 to 10 */
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

/** Upper bounds of the buckets by histogram family. */
export interface HistogramBounds {
  readonly event_duration_seconds?: readonly number[] | undefined;
  readonly network_latency_seconds?: readonly number[] | undefined;
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

const bound = option.number(0, Number.MAX_VALUE);
const boundList = option.list(bound);

const bounds: OptionRule = (value, report) => {
  boundList(value, report);
  if (!Array.isArray(value)) return;
  if (value.length === 0 || value.length > 1_000) report("expected 1 to 1000 bounds");
  for (let index = 1; index < value.length; index += 1)
    if (!(value[index] > value[index - 1])) report("expected a bound above the one before it", `[${index}]`);
};

/** Rules of `SeriesStoreOptions`, for publishers that take these options among their own. */
export const seriesOptionRules: { readonly [Name in keyof SeriesStoreOptions]-?: OptionRule } = {
  maxLabelSets: option.integer(1, 1_000_000),
  labels: option.group({ event: promoted("event"), network: promoted("network") }),
  bounds: option.group({ event_duration_seconds: bounds, network_latency_seconds: bounds }),
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
    durationBounds: [...(options.bounds?.event_duration_seconds ?? DEFAULT_BOUNDS)],
    latencyBounds: [...(options.bounds?.network_latency_seconds ?? DEFAULT_BOUNDS)],
    exemplars: options.exemplars ?? false,
    clock: resolveClock(options.clock),
    onOverflow: options.onOverflow ?? (() => {}),
  };
}
