import { isDeepStrictEqual } from "node:util";
import type { PublisherHealth, PublisherState } from "@eventmeter/core";
import type { ConformanceCase, ConformanceOptions } from "./case.ts";
import type { Bench } from "./bench.ts";
import { addedResource, heldResources } from "./resources.ts";
import { caseOf } from "./rules.ts";
import { healthTree, innermost, jsonFault, publishBad, publishGood } from "./samples.ts";

const STATES: ReadonlySet<PublisherState> = new Set(["closed", "idle", "ok", "degraded", "failing"]);

/** Rule 10: what health() is. */
export function healthCases({ create, failing }: ConformanceOptions): ConformanceCase[] {
  const cases = [
    caseOf(10, "it is plain data that JSON can hold", create, isPlain),
    caseOf(10, "it is a snapshot and costs no I/O", create, isSnapshot),
    caseOf(10, "the state follows the publisher's life", create, followsLife),
    caseOf(10, "times come from the clock that was given", create, usesClock),
  ];
  if (failing !== undefined) cases.push(caseOf(10, "a backend that refuses shows", failing, showsFailure));
  return cases;
}

async function isPlain(bench: Bench): Promise<void> {
  const publisher = await bench.create();
  publishGood(publisher, 2);
  publishBad(publisher);
  for (const when of ["before", "after"]) {
    const health = publisher.health();
    const fault = jsonFault(health, "health");
    bench.require(fault === undefined, `${when} a flush ${fault}`);
    for (const { name, state, retries, repaired } of healthTree(health)) {
      bench.require(STATES.has(state), `the state of ${name} is "${state}"`);
      bench.require(retries >= 0 && repaired >= 0, `${name} lacks "retries" or "repaired"`);
    }
    await bench.wait(publisher.flush(), "flush()");
  }
}

async function isSnapshot(bench: Bench): Promise<void> {
  const publisher = await bench.create();
  publishGood(publisher, 1);
  await bench.wait(publisher.flush(), "flush()");
  const first = publisher.health();
  const kept = structuredClone(first);
  const held = heldResources();
  const again = Array.from({ length: 100 }, () => publisher.health()).at(-1);
  const added = addedResource(held);
  bench.require(added === undefined, `health() opened a ${added}`);
  bench.require(isDeepStrictEqual(again, kept), "two calls of health() with nothing in between differ");
  publishBad(publisher);
  publisher.health();
  bench.require(isDeepStrictEqual(first, kept), "what health() gave earlier changed when records were published");
}

async function followsLife(bench: Bench): Promise<void> {
  const publisher = await bench.create();
  expectState(bench, publisher.health(), ["idle"], "before the first record");
  publishGood(publisher, 2);
  await bench.wait(publisher.flush(), "flush()");
  expectState(bench, publisher.health(), ["ok"], "after records were delivered");
  await bench.wait(publisher.close(), "close()");
  expectState(bench, publisher.health(), ["closed"], "after close()");
}

function expectState(
  bench: Bench,
  { state }: PublisherHealth,
  expected: readonly PublisherState[],
  when: string,
): void {
  bench.require(expected.includes(state), `${when} the state is "${state}", not "${expected.join('" or "')}"`);
}

async function usesClock(bench: Bench): Promise<void> {
  const publisher = await bench.create();
  const begun = bench.clock.now();
  await bench.clock.advance(86_400_000);
  publishGood(publisher, 2);
  publishBad(publisher);
  await bench.wait(publisher.flush(), "flush()");
  const now = bench.clock.now();
  for (const { name, delivered, dropped, lastSuccess, lastError } of innermost(publisher.health())) {
    bench.require(
      delivered === 0 || (lastSuccess !== null && lastSuccess > begun && lastSuccess <= now),
      `"lastSuccess" of ${name} is not a time of the clock it was given`,
    );
    bench.require(
      dropped === 0 || (lastError !== null && lastError.time > begun && lastError.time <= now),
      `"lastError.time" of ${name} is not a time of the clock it was given`,
    );
  }
}

async function showsFailure(bench: Bench): Promise<void> {
  const publisher = await bench.create();
  publishGood(publisher, 2);
  await bench.wait(publisher.flush({ timeoutMs: 1_000 }), "flush()");
  const health = publisher.health();
  expectState(bench, health, ["degraded", "failing"], "after the backend refused everything");
  bench.require(
    healthTree(health).some(({ lastError }) => lastError !== null),
    "after the backend refused everything there is no `lastError`",
  );
}
