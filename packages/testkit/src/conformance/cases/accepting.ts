// Rules 1 and 2: what publishing may do to the caller and to the record.
import { performance } from "node:perf_hooks";
import type { FlushReport, MetricsPublisher, WaitOptions } from "@eventmeter/core";
import type { ConformanceCase, ConformanceOptions, CreatePublisher } from "../conformance-options.ts";
import { malformedRecords } from "../../malformed-records.ts";
import { BrokenRule, type Harness } from "../harness.ts";
import { caseOf } from "../rules.ts";
import { finishedEvent, finishedNetwork, publishBad, publishGood } from "../sample-records.ts";
import { RecordWatch } from "../record-watch.ts";

/** Returns the cases of rules 1 and 2. */
export function acceptingCases({ create, stalled, failing, seed = 1 }: ConformanceOptions): ConformanceCase[] {
  const cases = [
    caseOf(1, "reads the record before publish returns", create, readsAtOnce),
    caseOf(1, "leaves the record as it is", create, changesNothing),
    caseOf(1, "returns nothing and does not wait", stalled ?? create, returnsAtOnce),
    caseOf(2, "survives malformed records", create, (harness) => survivesRecords(harness, seed)),
    caseOf(2, "survives unusable wait options", create, survivesWaitOptions),
    caseOf(2, "its methods work without it", create, worksDetached),
  ];
  const backends: [string, CreatePublisher | undefined][] = [
    ["a backend that rejects", failing],
    ["a backend that never answers", stalled],
  ];
  for (const [what, make] of backends)
    if (make !== undefined) cases.push(caseOf(2, `survives ${what}`, make, survivesBackend));
  return cases;
}

async function readsAtOnce(harness: Harness): Promise<void> {
  const publisher = await harness.create();
  const watch = new RecordWatch();
  const extra = { error: new Error("watched"), attributes: { tenant: "acme", size: 3 } };
  publisher.publishEventMetrics(watch.over({ ...finishedEvent(), ...extra }));
  publisher.publishNetworkMetrics(watch.over({ ...finishedNetwork(), ...extra }));
  watch.publishReturned();
  await harness.turn();
  await harness.wait(publisher.flush(), "flush()");
  await harness.clock.advance(60_000);
  harness.require(
    watch.late.length === 0,
    `${watch.late[0]} was read after publish had returned; the caller may have changed it by then`,
  );
}

async function changesNothing(harness: Harness): Promise<void> {
  const publisher = await harness.create();
  const watch = new RecordWatch();
  const attributes = { tenant: "acme", odd: Number.NaN };
  publisher.publishEventMetrics(
    watch.over({ ...finishedEvent(), endTime: Date.UTC(2025, 0), retryCount: 1.5, attributes }),
  );
  publisher.publishNetworkMetrics(watch.over({ ...finishedNetwork(), bytesSent: -1, attributes }));
  publisher.publishEventMetrics(Object.freeze({ ...finishedEvent(), attributes: Object.freeze({ ...attributes }) }));
  publisher.publishNetworkMetrics(
    Object.freeze({ ...finishedNetwork(), attributes: Object.freeze({ ...attributes }) }),
  );
  await harness.wait(publisher.flush(), "flush()");
  harness.require(watch.written.length === 0, `${watch.written[0]} of the caller's object was changed`);
}

async function returnsAtOnce(harness: Harness): Promise<void> {
  const publisher = await harness.create();
  const begun = performance.now();
  for (let id = 0; id < 200; id += 1) {
    const returned: unknown[] = [
      publisher.publishEventMetrics(finishedEvent(id)),
      publisher.publishNetworkMetrics(finishedNetwork(id)),
    ];
    harness.require(
      returned.every((value) => value === undefined),
      "publish returned a value; it has to return nothing",
    );
  }
  const spent = performance.now() - begun;
  harness.require(spent < 2_000, `400 records took ${Math.round(spent)} ms; publish has to hand them over and return`);
}

async function survivesRecords(harness: Harness, seed: number): Promise<void> {
  const publisher = await harness.create();
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
        harness.require(false, `${method} threw on a record with this fault (seed ${seed}): ${fault}`);
      }
    }
    count += 1;
    if (count % 200 === 0) await harness.wait(publisher.flush(), `flush() after malformed records (seed ${seed})`);
  }
  const { received } = publisher.health();
  harness.require(
    received === count,
    `${count} malformed records were published and ${received} counted as received (seed ${seed})`,
  );
}

async function survivesWaitOptions(harness: Harness): Promise<void> {
  const publisher = await harness.create();
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
  for (const options of odd) await settles(harness, publisher, "flush", options as WaitOptions);
  await settles(harness, publisher, "close", { timeoutMs: Number.NaN, signal: {} } as WaitOptions);
  await settles(harness, publisher, "flush", undefined);
}

const METHODS = [
  "start",
  "publishEventMetrics",
  "publishNetworkMetrics",
  "formatMetrics",
  "health",
  "check",
  "flush",
  "close",
] as const satisfies readonly (keyof MetricsPublisher)[];

async function worksDetached(harness: Harness): Promise<void> {
  const publisher = await harness.create();
  for (const name of METHODS) {
    const given =
      name === "publishNetworkMetrics" ? finishedNetwork() : name.includes("Metrics") ? finishedEvent() : {};
    const { [name]: method } = publisher as { readonly [Name in typeof name]?: (given: unknown) => unknown };
    try {
      // oxlint-disable-next-line no-await-in-loop -- one after the other: nothing is taken after the close
      if (method !== undefined) await harness.wait(Promise.resolve(method(given)), `${name}()`);
    } catch (caught) {
      if (caught instanceof BrokenRule) throw caught;
      harness.require(false, `${name}() fails without its publisher, as in \`const { ${name} } = publisher\`: bind it`);
    }
  }
  const { received, pending, state } = publisher.health();
  const seen = `${received} received, ${pending} pending, state "${state}"`;
  harness.require(
    received === 2 && pending === 0 && state === "closed",
    `after two records and a close by methods without their publisher: ${seen}`,
  );
}

async function settles(
  harness: Harness,
  publisher: MetricsPublisher,
  method: "flush" | "close",
  options: WaitOptions | undefined,
): Promise<void> {
  let report: FlushReport;
  try {
    report = await harness.wait(publisher[method](options), `${method}()`);
  } catch (caught) {
    if (caught instanceof BrokenRule) throw caught;
    return harness.require(false, `${method}() threw or rejected on unusable options`);
  }
  harness.require(["complete", "timeout", "aborted"].includes(report.status), `${method}() gave no report`);
}

async function survivesBackend(harness: Harness): Promise<void> {
  const publisher = await harness.create();
  publishGood(publisher, 20);
  publishBad(publisher);
  await settles(harness, publisher, "flush", { timeoutMs: 100 });
  await harness.clock.advance(120_000);
  publisher.health();
  await settles(harness, publisher, "close", { timeoutMs: 100 });
  publishGood(publisher, 1);
  await harness.turn();
}
