// Rule 5: what a flush covers, and how long it takes.
import type { Counts, FlushReport, MetricsPublisher } from "@eventmeter/core";
import type { ConformanceCase, ConformanceOptions } from "../conformance-options.ts";
import type { Harness } from "../harness.ts";
import { caseOf } from "../rules.ts";
import { pendingInside } from "../health-tree.ts";
import { finishedEvent, publishGood } from "../sample-records.ts";

const COUNTS = [
  "received",
  "recovered",
  "delivered",
  "dropped",
  "ignored",
  "pending",
] as const satisfies readonly (keyof Counts)[];

/** Returns the cases of rule 5. */
export function flushingCases({ create, stalled }: ConformanceOptions): ConformanceCase[] {
  const cases = [
    caseOf(5, "covers every record accepted before the call", create, coversAll),
    caseOf(5, "reports the numbers of health", create, reportsNumbers),
    caseOf(5, "concurrent calls all end", create, sharesWork),
    caseOf(5, "ends when it is aborted", stalled ?? create, endsOnAbort),
  ];
  if (stalled !== undefined)
    cases.push(
      caseOf(5, "ends within its timeout when the backend never answers", stalled, endsInTime),
      caseOf(5, "keeps its own timeout and signal during a close", stalled, endsDuringClose),
    );
  return cases;
}

async function coversAll(harness: Harness): Promise<void> {
  const publisher = await harness.create();
  for (let round = 0; round < 3; round += 1) {
    publishGood(publisher, 10);
    const { status, pending, durable } = await harness.wait(publisher.flush(), "flush()");
    harness.require(status === "complete", `a flush with a working backend ended as "${status}"`);
    const left = Math.max(pending + durable, pendingInside(publisher.health()));
    harness.require(left === 0, `a flush said "complete" with ${left} records still pending`);
  }
}

async function reportsNumbers(harness: Harness): Promise<void> {
  const publisher = await harness.create();
  publishGood(publisher, 5);
  compare(harness, publisher, await harness.wait(publisher.flush(), "flush()"), "flush()");
  compare(harness, publisher, await harness.wait(publisher.close(), "close()"), "close()");
}

function compare(harness: Harness, publisher: MetricsPublisher, report: FlushReport, what: string): void {
  const health = publisher.health();
  for (const count of COUNTS) {
    harness.require(
      report[count] === health[count],
      `${what} reports "${count}" ${report[count]}, health() ${health[count]}`,
    );
  }
}

async function sharesWork(harness: Harness): Promise<void> {
  const publisher = await harness.create();
  publishGood(publisher, 5);
  const first = publisher.flush();
  publisher.publishEventMetrics(finishedEvent(6));
  const reports = await harness.wait(
    Promise.all([first, publisher.flush(), publisher.flush()]),
    "three concurrent calls of flush()",
  );
  const statuses = reports.map(({ status }) => status);
  harness.require(
    statuses.every((status) => status === "complete"),
    `concurrent flushes ended as ${statuses.join(", ")}`,
  );
  const pending = pendingInside(publisher.health());
  harness.require(pending === 0, `after three concurrent flushes ${pending} records are pending`);
}

async function endsOnAbort(harness: Harness): Promise<void> {
  const publisher = await harness.create();
  publishGood(publisher, 5);
  const late = new AbortController();
  const flushes = [
    publisher.flush({ signal: AbortSignal.abort() }),
    publisher.flush({ signal: late.signal, timeoutMs: 3_600_000 }),
  ];
  late.abort();
  for (const { status } of await harness.wait(Promise.all(flushes), "a flush whose signal was aborted", 100)) {
    const pending = pendingInside(publisher.health());
    harness.require(
      status === "aborted" || pending === 0,
      `a flush that was aborted with ${pending} records pending ended as "${status}"`,
    );
  }
}

async function endsDuringClose(harness: Harness): Promise<void> {
  const publisher = await harness.create();
  publishGood(publisher, 5);
  const closing = publisher.close({ timeoutMs: 2_000 });
  const late = new AbortController();
  const flushes = [publisher.flush({ timeoutMs: 100 }), publisher.flush({ timeoutMs: 2_000, signal: late.signal })];
  late.abort();
  const during = "during close({ timeoutMs: 2000 })";
  const reports = await harness.wait(
    Promise.all(flushes),
    `flush({ timeoutMs: 100 }) or an aborted flush ${during}`,
    100,
  );
  const pending = pendingInside(publisher.health());
  const statuses = reports.map(({ status }) => status).join(", ");
  harness.require(
    pending === 0 || statuses === "timeout, aborted",
    `with ${pending} records pending, a flush with a timeout and one that was aborted ${during} ended as ${statuses}`,
  );
  await harness.wait(closing, "close({ timeoutMs: 2000 })", 2_000);
}

async function endsInTime(harness: Harness): Promise<void> {
  const publisher = await harness.create();
  publishGood(publisher, 5);
  const { status } = await harness.wait(publisher.flush({ timeoutMs: 200 }), "flush({ timeoutMs: 200 })", 200);
  const pending = pendingInside(publisher.health());
  harness.require(pending > 0, "a backend that never answers has settled every record: is `stalled` really stalled?");
  harness.require(
    status === "timeout",
    `a flush whose backend never answers ended as "${status}" with ${pending} records pending`,
  );
}
