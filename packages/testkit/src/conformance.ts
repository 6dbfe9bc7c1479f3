// The conformance suite: one list of cases for any publisher.
import { acceptingCases } from "./conformance/cases/accepting.ts";
import { boundCases } from "./conformance/cases/bounds.ts";
import type { ConformanceCase, ConformanceOptions } from "./conformance/conformance-options.ts";
import { dictionaryCases } from "./conformance/cases/dictionary.ts";
import { errorCases } from "./conformance/cases/errors.ts";
import { healthCases } from "./conformance/cases/health.ts";
import { hostCases } from "./conformance/cases/host.ts";
import { closingCases } from "./conformance/cases/closing.ts";
import { flushingCases } from "./conformance/cases/flushing.ts";
import { independenceCases } from "./conformance/cases/independence.ts";
import { numberCases } from "./conformance/cases/numbers.ts";
import { secretCases } from "./conformance/cases/secrets.ts";
import { startingCases } from "./conformance/cases/starting.ts";

/** Returns the cases that a publisher has to pass, at least one for each of the thirteen rules of the contract. */
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
