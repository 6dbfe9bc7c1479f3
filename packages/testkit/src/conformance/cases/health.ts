// Rule 10: what health() returns.
import { isDeepStrictEqual } from "node:util";
import type { PublisherHealth, PublisherState } from "@eventmeter/core";
import type { ConformanceCase, ConformanceOptions } from "../conformance-options.ts";
import type { Harness } from "../harness.ts";
import { addedResource, heldResources } from "../held-resources.ts";
import { caseOf } from "../rules.ts";
import { healthTree, innermost } from "../health-tree.ts";
import { jsonFault } from "../json-fault.ts";
import { plainCopy } from "../../plain-copy.ts";
import { publishBad, publishGood } from "../sample-records.ts";

const STATES: ReadonlySet<PublisherState> = new Set(["closed", "idle", "ok", "degraded", "failing"]);

/** Returns the cases of rule 10. */
export function healthCases({ create, failing }: ConformanceOptions): ConformanceCase[] {
  const cases = [
    caseOf(10, "it is plain data that JSON can hold", create, isPlain),
    caseOf(10, "it is a snapshot and costs no I/O", create, isSnapshot),
    caseOf(10, "the state follows the publisher's life", create, followsLife),
    caseOf(10, "times come from the clock that was given", create, usesClock),
  ];
  if (failing !== undefined) cases.push(caseOf(10, "a backend that rejects shows", failing, showsFailure));
  return cases;
}

async function isPlain(harness: Harness): Promise<void> {
  const publisher = await harness.create();
  publishGood(publisher, 2);
  publishBad(publisher);
  for (const when of ["before", "after"]) {
    const health = publisher.health();
    const fault = jsonFault(health, "health");
    harness.require(fault === undefined, `${when} a flush ${fault}`);
    for (const { name, state, retries, repaired } of healthTree(health)) {
      harness.require(STATES.has(state), `the state of ${name} is "${state}"`);
      harness.require(retries >= 0 && repaired >= 0, `${name} lacks "retries" or "repaired"`);
    }
    await harness.wait(publisher.flush(), "flush()");
  }
}

async function isSnapshot(harness: Harness): Promise<void> {
  const publisher = await harness.create();
  publishGood(publisher, 1);
  await harness.wait(publisher.flush(), "flush()");
  const first = publisher.health();
  const kept = plainCopy(first);
  const held = heldResources();
  const again = Array.from({ length: 100 }, () => publisher.health()).at(-1);
  const added = addedResource(held);
  harness.require(added === undefined, `health() opened a ${added}`);
  harness.require(isDeepStrictEqual(again, kept), "two calls of health() with nothing in between differ");
  publishBad(publisher);
  publisher.health();
  harness.require(isDeepStrictEqual(first, kept), "what health() gave earlier changed when records were published");
}

async function followsLife(harness: Harness): Promise<void> {
  const publisher = await harness.create();
  expectState(harness, publisher.health(), ["idle"], "before the first record");
  publishGood(publisher, 2);
  await harness.wait(publisher.flush(), "flush()");
  expectState(harness, publisher.health(), ["ok"], "after records were delivered");
  await harness.wait(publisher.close(), "close()");
  expectState(harness, publisher.health(), ["closed"], "after close()");
}

function expectState(
  harness: Harness,
  { state }: PublisherHealth,
  expected: readonly PublisherState[],
  when: string,
): void {
  harness.require(expected.includes(state), `${when} the state is "${state}", not "${expected.join('" or "')}"`);
}

async function usesClock(harness: Harness): Promise<void> {
  const publisher = await harness.create();
  const begun = harness.clock.now();
  await harness.clock.advance(86_400_000);
  publishGood(publisher, 2);
  publishBad(publisher);
  await harness.wait(publisher.flush(), "flush()");
  const now = harness.clock.now();
  for (const { name, delivered, dropped, lastSuccess, lastError } of innermost(publisher.health())) {
    harness.require(
      delivered === 0 || (lastSuccess !== null && lastSuccess > begun && lastSuccess <= now),
      `"lastSuccess" of ${name} is not a time of the clock it was given`,
    );
    harness.require(
      dropped === 0 || (lastError !== null && lastError.time > begun && lastError.time <= now),
      `"lastError.time" of ${name} is not a time of the clock it was given`,
    );
  }
}

async function showsFailure(harness: Harness): Promise<void> {
  const publisher = await harness.create();
  publishGood(publisher, 2);
  await harness.wait(publisher.flush({ timeoutMs: 1_000 }), "flush()");
  const health = publisher.health();
  expectState(harness, health, ["degraded", "failing"], "after the backend rejected everything");
  harness.require(
    healthTree(health).some(({ lastError }) => lastError !== null),
    "after the backend rejected everything there is no `lastError`",
  );
}
