// What the conformance suite is given, and what it returns.
import type { CommonOptions, MetricsPublisher } from "@eventmeter/core";

/** Creates the publisher under test, with the options of the case spread into its own. */
export type CreatePublisher = (options: CommonOptions) => MetricsPublisher | Promise<MetricsPublisher>;

/** Publishers under test; with `create` alone, all thirteen rules are tested. */
export interface ConformanceOptions {
  /** A publisher whose backend works. A wrapper or composite gives the options to the publishers inside too. */
  readonly create: CreatePublisher;
  /** The same over a backend that takes everything and never answers, for timeouts, bounds and what a close leaves. */
  readonly stalled?: CreatePublisher | undefined;
  /** The same over a backend that rejects everything, for what is reported and counted. */
  readonly failing?: CreatePublisher | undefined;
  /** Values that `create` puts into the publisher's options and that must not appear anywhere. */
  readonly secrets?: readonly string[] | undefined;
  /** `mapped`: the publisher formats a changed record, so that only purity and shape are tested. @default "standard" */
  readonly format?: "standard" | "mapped" | undefined;
  /** Seed of malformed records and random schedules. @default 1 */
  readonly seed?: number | undefined;
}

/** One rule, or a part of one, as a test: give `name` and `run` to any test runner. */
export interface ConformanceCase {
  readonly name: string;
  /** Rejects with an `AssertionError` that names the rule, what was seen and where the rule is explained. */
  readonly run: () => Promise<void>;
}
