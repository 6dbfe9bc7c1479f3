// The rules of the contract, and a case of one of them.
import assert from "node:assert/strict";
import type { ConformanceCase, CreatePublisher } from "./conformance-options.ts";
import { BrokenRule, Harness } from "./harness.ts";

/** The thirteen rules of the contract by number: headings of `docs/contract.md` and beginnings of case names. */
export const RULES = {
  1: "rule 1: accept, then deliver",
  2: "rule 2: never throw, never reject",
  3: "rule 3: errors are values",
  4: "rule 4: no I/O in constructors",
  5: "rule 5: flush",
  6: "rule 6: close",
  7: "rule 7: idle, nothing holds the process open",
  8: "rule 8: the numbers add up",
  9: "rule 9: bounded memory",
  10: "rule 10: health",
  11: "rule 11: formatMetrics",
  12: "rule 12: instances are independent",
  13: "rule 13: secrets stay secret",
} as const;

/** Number of a rule of the contract. */
export type RuleNumber = keyof typeof RULES;

/** Returns where a rule is explained. */
function explanationOf(rule: RuleNumber): string {
  return `docs/contract.md#${RULES[rule]
    .replace(/[^\w\s-]/g, "")
    .replace(/\s/g, "-")
    .toLowerCase()}`;
}

/** Creates one case: `examine` gets a harness of its own over `create`, and reports what is wrong by `harness.require` or by throwing. */
export function caseOf(
  rule: RuleNumber,
  what: string,
  create: CreatePublisher,
  examine: (harness: Harness) => Promise<void>,
): ConformanceCase {
  return {
    name: `${RULES[rule]}: ${what}`,
    async run() {
      const harness = new Harness(create);
      let seen: string | undefined;
      let cause: unknown;
      try {
        await examine(harness);
        await harness.turn();
        seen = harness.rejections.length === 0 ? undefined : "a promise was rejected and nobody handled it";
        cause = harness.rejections[0];
      } catch (caught) {
        seen = caught instanceof BrokenRule ? caught.message : `the publisher threw or rejected: ${String(caught)}`;
        cause = caught;
      } finally {
        await harness.end();
      }
      if (seen === undefined) return;
      const failure = new assert.AssertionError({
        message: `${RULES[rule]}: ${what}\n  seen: ${seen}\n  see:  ${explanationOf(rule)}`,
      });
      failure.cause = cause;
      throw failure;
    },
  };
}
