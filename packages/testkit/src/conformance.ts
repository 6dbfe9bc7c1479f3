import { acceptingCases } from "./conformance/accepting.ts";
import { boundCases } from "./conformance/bounds.ts";
import type { ConformanceCase, ConformanceOptions } from "./conformance/case.ts";
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
