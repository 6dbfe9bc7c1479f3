import type { ConformanceCase, ConformanceOptions } from "./case.ts";
import type { Bench } from "./bench.ts";
import { caseOf } from "./rules.ts";
import { finishedEvent, publishGood } from "./samples.ts";

/** Rule 12: what a publisher has to do with another of its kind. */
export function independenceCases({ create }: ConformanceOptions): ConformanceCase[] {
  return [
    caseOf(12, "two of them share nothing", create, sharesNothing),
    caseOf(12, "it has the name it was given and the version of the contract", create, namesItself),
  ];
}

async function sharesNothing(bench: Bench): Promise<void> {
  const first = await bench.create({ name: "first-of-two" });
  const second = await bench.create({ name: "second-of-two" });
  publishGood(first, 3);
  await bench.wait(first.flush(), "flush()");
  const { received, state } = second.health();
  bench.require(
    received === 0 && state === "idle",
    `records of one publisher show in the health of another ("${state}", ${received} received)`,
  );
  await bench.wait(first.close(), "close()");
  second.publishEventMetrics(finishedEvent());
  const { status } = await bench.wait(second.flush(), "flush()");
  const after = second.health();
  bench.require(
    status === "complete" && after.received === 1 && after.dropped === 0 && after.state !== "closed",
    `after one of two was closed, the other is "${after.state}" with ${after.dropped} of ${after.received} records dropped`,
  );
}

async function namesItself(bench: Bench): Promise<void> {
  const unnamed = await bench.create();
  const named = await bench.create({ name: "given-by-the-user" });
  bench.require(unnamed.contract === 1, "`contract` is not 1");
  bench.require(/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(unnamed.name), "the default name is not in kebab-case");
  bench.require(named.name === "given-by-the-user", "the option `name` is not the publisher's name");
  bench.require(named.health().name === named.name, "health() has another name than the publisher");
}
