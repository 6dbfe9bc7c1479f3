// Rule 12: two publishers of one kind share nothing.
import type { ConformanceCase, ConformanceOptions } from "../conformance-options.ts";
import type { Harness } from "../harness.ts";
import { caseOf } from "../rules.ts";
import { finishedEvent, publishGood } from "../sample-records.ts";

/** Returns the cases of rule 12. */
export function independenceCases({ create }: ConformanceOptions): ConformanceCase[] {
  return [
    caseOf(12, "two of them share nothing", create, sharesNothing),
    caseOf(12, "it has the name it was given and the version of the contract", create, namesItself),
  ];
}

async function sharesNothing(harness: Harness): Promise<void> {
  const first = await harness.create({ name: "first-of-two" });
  const second = await harness.create({ name: "second-of-two" });
  publishGood(first, 3);
  await harness.wait(first.flush(), "flush()");
  const { received, state } = second.health();
  harness.require(
    received === 0 && state === "idle",
    `records of one publisher show in the health of another ("${state}", ${received} received)`,
  );
  await harness.wait(first.close(), "close()");
  second.publishEventMetrics(finishedEvent());
  const { status } = await harness.wait(second.flush(), "flush()");
  const after = second.health();
  harness.require(
    status === "complete" && after.received === 1 && after.dropped === 0 && after.state !== "closed",
    `after one of two was closed, the other is "${after.state}" with ${after.dropped} of ${after.received} records dropped`,
  );
}

async function namesItself(harness: Harness): Promise<void> {
  const unnamed = await harness.create();
  const named = await harness.create({ name: "given-by-the-user" });
  harness.require(unnamed.contract === 1, "`contract` is not 1");
  harness.require(/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(unnamed.name), "the default name is not in kebab-case");
  harness.require(named.name === "given-by-the-user", "the option `name` is not the publisher's name");
  harness.require(named.health().name === named.name, "health() has another name than the publisher");
}
