import type { CommonOptions, MetricsPublisher } from "@eventmeter/core";
import { acceptingCases } from "./conformance/accepting.ts";
import { boundCases } from "./conformance/bounds.ts";
import { dictionaryCases } from "./conformance/dictionary.ts";
import { errorCases } from "./conformance/errors.ts";
import { healthCases } from "./conformance/health.ts";
import { hostCases } from "./conformance/host.ts";
import { closingCases } from "./conformance/closing.ts";
import { flushingCases } from "./conformance/flushing.ts";
import { independenceCases } from "./conformance/independence.ts";
import { numberCases } from "./conformance/numbers.ts";
import { secretCases } from "./conformance/secrets.ts";
import { startingCases } from "./conformance/starting.ts";

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

/** Gives the cases that a publisher has to pass, at least one for each of the thirteen rules of the contract. */
export function conformanceCases(options: ConformanceOptions): readonly ConformanceCase[] {
  return [
    acceptingCases,
    errorCases,
    startingCases,
    flushingCases,
    closingCases,
    hostCases,
    numberCases,
    boundCases,
    healthCases,
    dictionaryCases,
    independenceCases,
    secretCases,
  ].flatMap((cases) => cases(options));
}
