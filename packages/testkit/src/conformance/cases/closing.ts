// Rule 6: what a close leaves.
import type { MetricsPublisher } from "@eventmeter/core";
import type { ConformanceCase, ConformanceOptions } from "../conformance-options.ts";
import type { Harness } from "../harness.ts";
import { addedResource, heldResources } from "../held-resources.ts";
import { caseOf } from "../rules.ts";
import { healthTree, pendingInside } from "../health-tree.ts";
import { publishGood } from "../sample-records.ts";

/** Returns the cases of rule 6. */
export function closingCases({ create, stalled }: ConformanceOptions): ConformanceCase[] {
  const cases = [
    caseOf(6, "gives the same promise on every call", create, closesOnce),
    caseOf(6, "flushes, and leaves nothing pending", create, leavesNothing),
    caseOf(6, "drops later records as closed", create, dropsLater),
    caseOf(6, "await using closes", create, disposes),
  ];
  if (stalled === undefined) return cases;
  return [
    ...cases,
    caseOf(6, "counts what a silent backend never confirmed", stalled, countsUnconfirmed),
    caseOf(6, "ends in time after a start that may hang, and leaves nothing open", stalled, freesAll),
  ];
}

async function closesOnce(harness: Harness): Promise<void> {
  const publisher = await harness.create();
  publishGood(publisher, 1);
  const first = publisher.close();
  harness.require(publisher.close() === first, "a second call of close() gave another promise");
  await harness.wait(first, "close()");
  harness.require(publisher.close() === first, "a call of close() after it had ended gave another promise");
}

async function leavesNothing(harness: Harness): Promise<void> {
  const publisher = await harness.create();
  publishGood(publisher, 5);
  const { status, pending, durable } = await harness.wait(publisher.close(), "close()");
  harness.require(
    pending <= durable,
    `after close() ${pending} records are pending and only ${durable} of them safe on disk`,
  );
  const lost = publisher.health().dropped;
  harness.require(
    status === "complete" && lost === 0,
    `a close with a working backend ended as "${status}" and dropped ${lost} records`,
  );
  const { state } = publisher.health();
  harness.require(state === "closed", `after close() the state is "${state}"`);
}

async function dropsLater(harness: Harness): Promise<void> {
  const publisher = await harness.create();
  await harness.wait(publisher.close(), "close()");
  await expectDropped(harness, publisher, "close()");
  const { status } = await harness.wait(publisher.flush(), "flush() after close()");
  harness.require(typeof status === "string", "flush() after close() gave no report");
}

async function disposes(harness: Harness): Promise<void> {
  const publisher = await harness.create();
  publishGood(publisher, 1);
  await harness.wait(Promise.resolve(publisher[Symbol.asyncDispose]()), "Symbol.asyncDispose");
  await expectDropped(harness, publisher, "Symbol.asyncDispose");
}

async function expectDropped(harness: Harness, publisher: MetricsPublisher, what: string): Promise<void> {
  const before = publisher.health();
  publishGood(publisher, 2);
  const after = publisher.health();
  const closed = (after.droppedBy.closed ?? 0) - (before.droppedBy.closed ?? 0);
  harness.require(closed === 4, `of 4 records published after ${what}, ${closed} are counted as dropped.closed`);
  harness.require(after.pending === before.pending, `records published after ${what} are pending`);
}

async function freesAll(harness: Harness): Promise<void> {
  const before = heldResources();
  const publisher = await harness.create();
  const started = publisher.start?.({ timeoutMs: 200 }).then(undefined, () => undefined);
  await harness.wait(started ?? Promise.resolve(), "start({ timeoutMs: 200 }) with a backend that never answers", 200);
  const begun = publisher.start?.({ timeoutMs: 60_000 }).then(undefined, () => undefined);
  publishGood(publisher, 5);
  await harness.wait(publisher.flush({ timeoutMs: 200 }), "flush({ timeoutMs: 200 }) with a start under way", 200);
  await harness.wait(publisher.close({ timeoutMs: 200 }), "close({ timeoutMs: 200 }) with a start under way", 200);
  await harness.wait(begun ?? Promise.resolve(), "start({ timeoutMs: 60000 }), after close(),", 60_000);
  let added = addedResource(before);
  // A socket that is closed can take some turns of the event loop to end.
  for (let turns = 0; added !== undefined && turns < 200; turns += 1) {
    await harness.turn();
    added = addedResource(before);
  }
  harness.require(added === undefined, `after close() a ${added} is still open`);
}

async function countsUnconfirmed(harness: Harness): Promise<void> {
  const publisher = await harness.create();
  publishGood(publisher, 5);
  await harness.turn();
  const open = pendingInside(publisher.health());
  harness.require(open > 0, "a backend that never answers has settled every record: is `stalled` really stalled?");
  const { durable, pending } = await harness.wait(
    publisher.close({ timeoutMs: 200 }),
    "close({ timeoutMs: 200 })",
    200,
  );
  harness.require(
    pending <= durable,
    `close() reports ${pending} records pending and only ${durable} of them safe on disk`,
  );
  // A publisher inside another can have another clock.
  await harness.clock.advance(1_000);
  const tree = healthTree(publisher.health());
  const left = pendingInside(publisher.health());
  harness.require(
    left <= durable,
    `after close() ${left} records are pending and only ${durable} of them safe on disk`,
  );
  const lost = tree.reduce(
    (sum, { droppedBy }) => sum + (droppedBy.unconfirmed ?? 0) + (droppedBy.unexported ?? 0) + (droppedBy.refused ?? 0),
    0,
  );
  harness.require(
    lost + left === open,
    `${open} records were pending, ${lost} are counted as unconfirmed, unexported or refused`,
  );
}
