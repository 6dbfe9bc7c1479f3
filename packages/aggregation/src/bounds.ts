// Upper bounds of buckets: their rule, and a warning about those that are probably milliseconds.
import { option, type OptionRule } from "@eventmeter/core/publisher";

/** Upper bounds of the buckets by histogram family. */
export interface HistogramBounds {
  readonly event_duration_seconds?: readonly number[] | undefined;
  readonly network_latency_seconds?: readonly number[] | undefined;
}

const bound = option.instance(
  (value) => typeof value === "number" && value >= 0,
  "a bound in seconds, a number not below 0",
);
const boundList = option.list(bound);

const boundsOfFamily: OptionRule = (value, report) => {
  boundList(value, report);
  if (!Array.isArray(value)) return;
  const finite = value.at(-1) === Infinity ? value.length - 1 : value.length;
  if (finite === 0 || finite > 1_000) report("expected 1 to 1000 bounds, besides +Inf");
  for (let index = 1; index < value.length; index += 1)
    if (!(value[index] > value[index - 1])) report("expected a bound above the one before it", `[${index}]`);
};

const byFamily = option.group({ event_duration_seconds: boundsOfFamily, network_latency_seconds: boundsOfFamily });

/** Rule of the option `bounds`. */
export const boundsRule: OptionRule = (value, report) =>
  typeof value === "object" && !Array.isArray(value)
    ? byFamily(value, report)
    : report(
        "expected bounds by family, as { event_duration_seconds: [0.1, 1, 10], network_latency_seconds: [0.01, 0.1, 1] }",
      );

/** Returns valid bounds without `+Inf`, which every histogram has anyway. */
export function withoutInfinity(bounds: readonly number[]): readonly number[] {
  return bounds.filter((value) => value < Infinity);
}

/**
 * Returns a sentence about bounds that are probably milliseconds, for an error with code `bounds-in-milliseconds`; undefined
 * if there are none. Bounds in seconds that reach so far have fractions, or end at whole minutes or hours.
 */
export function describeMilliseconds(bounds: HistogramBounds | undefined): string | undefined {
  const suspects = Object.entries(bounds ?? {}).filter(
    ([, values]: [string, readonly number[] | undefined]) => values !== undefined && areMilliseconds(values),
  );
  if (suspects.length === 0) return undefined;
  const names = suspects.map(([family]) => `bounds.${family}`).join(" and ");
  return `${names}: bounds are in seconds, and these look like milliseconds; divide them by 1,000 if they are`;
}

function areMilliseconds(given: readonly number[]): boolean {
  const values = withoutInfinity(given);
  const last = values.at(-1) ?? 0;
  return last >= 1_000 && last % 500 === 0 && values.every(Number.isInteger);
}
