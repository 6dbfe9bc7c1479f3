import { AssertionError } from "node:assert/strict";
import process from "node:process";
import { conformanceCases } from "@eventmeter/testkit";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { failing, good, MUTANTS, stalled } from "./mutants.ts";

// The runner takes an unhandled rejection for a failure of its own; here it is what a case has to find.
let runners: NodeJS.UnhandledRejectionListener[] = [];
beforeAll(() => {
  runners = process.listeners("unhandledRejection");
  process.removeAllListeners("unhandledRejection");
});
afterAll(() => {
  for (const listener of runners) process.on("unhandledRejection", listener);
});

const every = conformanceCases({ create: good, stalled, failing, secrets: ["hunter2"] });

test("has a mutant for every case and a case for every mutant", () => {
  expect(Object.keys(MUTANTS).toSorted()).toEqual(every.map(({ name }) => name).toSorted());
});

describe.each(every)("$name", ({ name, run }) => {
  test("passes for a publisher that keeps the rule", run);

  test.each((MUTANTS[name] ?? []).map((options, index) => [index + 1, options] as const))(
    "fails for mutant %i",
    async (_index, options) => {
      const mutated = conformanceCases(options).find((one) => one.name === name);
      const failure: unknown = await mutated?.run().then(
        () => undefined,
        (reason: unknown) => reason,
      );
      expect(failure).toBeInstanceOf(AssertionError);
      expect((failure as Error).message).toMatch(
        /^rule \d+: .+\n {2}seen: .+\n {2}see: {2}docs\/contract\.md#rule-\d+-/s,
      );
    },
  );
});
