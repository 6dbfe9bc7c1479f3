import type { MetricsPublisher } from "@eventmeter/core";
import type { ConformanceCase, ConformanceOptions } from "./case.ts";
import type { Bench } from "./bench.ts";
import { caseOf } from "./rules.ts";
import { healthTree, pendingInside, publishGood } from "./samples.ts";

/** Rule 6: what a close leaves. */
export function closingCases({ create, stalled }: ConformanceOptions): ConformanceCase[] {
  const cases = [
    caseOf(6, "gives the same promise on every call", create, closesOnce),
    caseOf(6, "flushes, and leaves nothing pending", create, leavesNothing),
    caseOf(6, "drops later records as closed", create, refusesLater),
    caseOf(6, "await using closes", create, disposes),
  ];
  if (stalled === undefined) return cases;
  return [...cases, caseOf(6, "counts what a silent backend never confirmed", stalled, countsUnconfirmed)];
}

async function closesOnce(bench: Bench): Promise<void> {
  const publisher = await bench.create();
  publishGood(publisher, 1);
  const first = publisher.close();
  bench.require(publisher.close() === first, "a second call of close() gave another promise");
  await bench.wait(first, "close()");
  bench.require(publisher.close() === first, "a call of close() after it had ended gave another promise");
}

async function leavesNothing(bench: Bench): Promise<void> {
  const publisher = await bench.create();
  publishGood(publisher, 5);
  const { status, pending, durable } = await bench.wait(publisher.close(), "close()");
  bench.require(
    pending <= durable,
    `after close() ${pending} records are pending and only ${durable} of them safe on disk`,
  );
  const lost = publisher.health().dropped;
  bench.require(
    status === "complete" && lost === 0,
    `a close with a working backend ended as "${status}" and dropped ${lost} records`,
  );
  const { state } = publisher.health();
  bench.require(state === "closed", `after close() the state is "${state}"`);
}

async function refusesLater(bench: Bench): Promise<void> {
  const publisher = await bench.create();
  await bench.wait(publisher.close(), "close()");
  await refuses(bench, publisher, "close()");
  const { status } = await bench.wait(publisher.flush(), "flush() after close()");
  bench.require(typeof status === "string", "flush() after close() gave no report");
}

async function disposes(bench: Bench): Promise<void> {
  const publisher = await bench.create();
  publishGood(publisher, 1);
  await bench.wait(Promise.resolve(publisher[Symbol.asyncDispose]()), "Symbol.asyncDispose");
  await refuses(bench, publisher, "Symbol.asyncDispose");
}

async function refuses(bench: Bench, publisher: MetricsPublisher, what: string): Promise<void> {
  const before = publisher.health();
  publishGood(publisher, 2);
  const after = publisher.health();
  const closed = (after.droppedBy.closed ?? 0) - (before.droppedBy.closed ?? 0);
  bench.require(closed === 4, `of 4 records published after ${what}, ${closed} are counted as dropped.closed`);
  bench.require(after.pending === before.pending, `records published after ${what} are pending`);
}

async function countsUnconfirmed(bench: Bench): Promise<void> {
  const publisher = await bench.create();
  publishGood(publisher, 5);
  await bench.turn();
  const open = pendingInside(publisher.health());
  bench.require(open > 0, "a backend that never answers has settled every record: is `stalled` really stalled?");
  const { durable, pending } = await bench.wait(publisher.close({ timeoutMs: 200 }), "close({ timeoutMs: 200 })", 200);
  bench.require(
    pending <= durable,
    `close() reports ${pending} records pending and only ${durable} of them safe on disk`,
  );
  // A publisher inside another may live by another clock.
  await bench.clock.advance(1_000);
  const tree = healthTree(publisher.health());
  const left = pendingInside(publisher.health());
  bench.require(left <= durable, `after close() ${left} records are pending and only ${durable} of them safe on disk`);
  const lost = tree.reduce(
    (sum, { droppedBy }) => sum + (droppedBy.unconfirmed ?? 0) + (droppedBy.unexported ?? 0) + (droppedBy.refused ?? 0),
    0,
  );
  bench.require(
    lost + left === open,
    `${open} records were pending, ${lost} are counted as unconfirmed, unexported or refused`,
  );
}
