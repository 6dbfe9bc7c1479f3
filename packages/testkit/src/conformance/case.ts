import type { CommonOptions, MetricsPublisher } from "@eventmeter/core";

/** Makes the publisher under test, with the options of the case spread into its own. */
export type CreatePublisher = (options: CommonOptions) => MetricsPublisher | Promise<MetricsPublisher>;

/** What the suite needs to know of a publisher; `create` alone already judges all thirteen rules. */
export interface ConformanceOptions {
  /** A publisher whose backend works. A wrapper or composite gives the options to the publishers inside too. */
  readonly create: CreatePublisher;
  /** The same over a backend that takes everything and never answers: judges timeouts, bounds and what a close leaves. */
  readonly stalled?: CreatePublisher | undefined;
  /** The same over a backend that refuses everything: judges what is reported and counted. */
  readonly failing?: CreatePublisher | undefined;
  /** Values that `create` puts into the publisher's options and nobody may see again. */
  readonly secrets?: readonly string[] | undefined;
  /** `mapped`: the publisher formats a changed record, so that only purity and shape are judged. @default "standard" */
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
