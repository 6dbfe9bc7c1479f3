import { performance } from "node:perf_hooks";
import type { FlushReport, MetricsPublisher, WaitOptions } from "@eventmeter/core";
import type { ConformanceCase, ConformanceOptions, CreatePublisher } from "./case.ts";
import { malformedRecords } from "../malformed-records.ts";
import type { Bench } from "./bench.ts";
import { caseOf } from "./rules.ts";
import { finishedEvent, finishedNetwork, publishBad, publishGood } from "./samples.ts";
import { createWatch } from "./watch.ts";

/** Rules 1 and 2: what publishing may do to the caller and to the record. */
export function acceptingCases({ create, stalled, failing, seed = 1 }: ConformanceOptions): ConformanceCase[] {
  const cases = [
    caseOf(1, "reads the record before publish returns", create, readsAtOnce),
    caseOf(1, "leaves the record as it is", create, changesNothing),
    caseOf(1, "returns nothing and does not wait", stalled ?? create, returnsAtOnce),
    caseOf(2, "survives malformed records", create, (bench) => survivesRecords(bench, seed)),
    caseOf(2, "survives unusable wait options", create, survivesWaitOptions),
  ];
  const troubled: [string, CreatePublisher | undefined][] = [
    ["a backend that refuses", failing],
    ["a backend that never answers", stalled],
  ];
  for (const [what, make] of troubled)
    if (make !== undefined) cases.push(caseOf(2, `survives ${what}`, make, survivesBackend));
  return cases;
}

async function readsAtOnce(bench: Bench): Promise<void> {
  const publisher = await bench.create();
  const watch = createWatch();
  const extra = { error: new Error("watched"), attributes: { tenant: "acme", size: 3 } };
  publisher.publishEventMetrics(watch.over({ ...finishedEvent(), ...extra }));
  publisher.publishNetworkMetrics(watch.over({ ...finishedNetwork(), ...extra }));
  watch.close();
  await bench.turn();
  await bench.wait(publisher.flush(), "flush()");
  await bench.clock.advance(60_000);
  bench.require(
    watch.late.length === 0,
    `${watch.late[0]} was read after publish had returned; the caller may have changed it by then`,
  );
}

async function changesNothing(bench: Bench): Promise<void> {
  const publisher = await bench.create();
  const watch = createWatch();
  const attributes = { tenant: "acme", odd: Number.NaN };
  publisher.publishEventMetrics(
    watch.over({ ...finishedEvent(), endTime: Date.UTC(2025, 0), retryCount: 1.5, attributes }),
  );
  publisher.publishNetworkMetrics(watch.over({ ...finishedNetwork(), bytesSent: -1, attributes }));
  publisher.publishEventMetrics(Object.freeze({ ...finishedEvent(), attributes: Object.freeze({ ...attributes }) }));
  publisher.publishNetworkMetrics(
    Object.freeze({ ...finishedNetwork(), attributes: Object.freeze({ ...attributes }) }),
  );
  await bench.wait(publisher.flush(), "flush()");
  bench.require(watch.written.length === 0, `${watch.written[0]} of the caller's object was changed`);
}

async function returnsAtOnce(bench: Bench): Promise<void> {
  const publisher = await bench.create();
  const begun = performance.now();
  for (let id = 0; id < 200; id += 1) {
    const returned: unknown[] = [
      publisher.publishEventMetrics(finishedEvent(id)),
      publisher.publishNetworkMetrics(finishedNetwork(id)),
    ];
    bench.require(
      returned.every((value) => value === undefined),
      "publish returned a value; it has to return nothing",
    );
  }
  const spent = performance.now() - begun;
  bench.require(spent < 2_000, `400 records took ${Math.round(spent)} ms; publish has to hand them over and return`);
}

async function survivesRecords(bench: Bench, seed: number): Promise<void> {
  const publisher = await bench.create();
  let count = 0;
  for (const { kind, record, fault } of malformedRecords(seed, 2_000)) {
    const given = record as never;
    for (const method of [
      kind === "event" ? "publishEventMetrics" : "publishNetworkMetrics",
      "formatMetrics",
    ] as const) {
      try {
        publisher[method](given);
      } catch {
        bench.require(false, `${method} threw on a record with this fault (seed ${seed}): ${fault}`);
      }
    }
    count += 1;
    if (count % 200 === 0) await bench.wait(publisher.flush(), `flush() after malformed records (seed ${seed})`);
  }
  const { received } = publisher.health();
  bench.require(
    received === count,
    `${count} malformed records were published and ${received} counted as received (seed ${seed})`,
  );
}

async function survivesWaitOptions(bench: Bench): Promise<void> {
  const publisher = await bench.create();
  const odd: unknown[] = [
    null,
    5,
    {},
    { timeoutMs: Number.NaN },
    { timeoutMs: -1 },
    { timeoutMs: "soon" },
    { timeoutMs: 1e12 },
    { signal: {} },
    { signal: null },
  ];
  publishGood(publisher, 1);
  for (const options of odd) await settles(bench, publisher, "flush", options as WaitOptions);
  await settles(bench, publisher, "close", { timeoutMs: Number.NaN, signal: {} } as WaitOptions);
  await settles(bench, publisher, "flush", undefined);
}

async function settles(
  bench: Bench,
  publisher: MetricsPublisher,
  method: "flush" | "close",
  options: WaitOptions | undefined,
): Promise<void> {
  let report: FlushReport;
  try {
    report = await bench.wait(publisher[method](options), `${method}()`);
  } catch (caught) {
    if (bench.isBroken(caught)) throw caught;
    return bench.require(false, `${method}() threw or rejected on unusable options`);
  }
  bench.require(["complete", "timeout", "aborted"].includes(report.status), `${method}() gave no report`);
}

async function survivesBackend(bench: Bench): Promise<void> {
  const publisher = await bench.create();
  publishGood(publisher, 20);
  publishBad(publisher);
  await settles(bench, publisher, "flush", { timeoutMs: 100 });
  await bench.clock.advance(120_000);
  publisher.health();
  await settles(bench, publisher, "close", { timeoutMs: 100 });
  publishGood(publisher, 1);
  await bench.turn();
}
