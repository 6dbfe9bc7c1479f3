// Rule 11: what formatMetrics returns.
import { isDeepStrictEqual } from "node:util";
import { type FormattedMetrics, formatMetrics, type MetricsPublisher } from "@eventmeter/core";
import type { ConformanceCase, ConformanceOptions } from "../conformance-options.ts";
import { malformedRecords } from "../../malformed-records.ts";
import type { Harness } from "../harness.ts";
import { caseOf } from "../rules.ts";
import { jsonFault } from "../json-fault.ts";
import { finishedEvent, finishedNetwork, invalidEvent, invalidNetwork, unfinishedEvent } from "../sample-records.ts";
import { RecordWatch } from "../record-watch.ts";

const RECORDS = [
  finishedEvent(),
  finishedNetwork(),
  unfinishedEvent(),
  invalidEvent(),
  invalidNetwork(),
  {
    ...finishedEvent(),
    error: new RangeError("out of range"),
    traceId: "4bf92f3577b34da6a3ce929d0e0e4736",
    attributes: { tenant: "acme", size: 3 },
  },
  { ...finishedNetwork(), error: "refused", port: null, recordId: "r-1" },
];

/** Returns the cases of rule 11. */
export function dictionaryCases({ create, format = "standard", seed = 1 }: ConformanceOptions): ConformanceCase[] {
  const cases = [
    caseOf(11, "it is pure, and JSON can hold what it gives", create, (harness) => isPure(harness, seed)),
    caseOf(11, "it says which kind of record and which schema", create, namesKind),
  ];
  if (format === "standard") cases.push(caseOf(11, "it is the standard dictionary", create, isStandard));
  return cases;
}

const format = (publisher: MetricsPublisher, record: unknown): FormattedMetrics =>
  publisher.formatMetrics(record as never);

async function isStandard(harness: Harness): Promise<void> {
  const publisher = await harness.create();
  for (const record of RECORDS) {
    const given: object = format(publisher, record);
    const standard = formatMetrics(record as never);
    const keys = Object.keys({ ...given, ...standard }) as (keyof typeof standard)[];
    const other = keys.find((key) => !isDeepStrictEqual((given as typeof standard)[key], standard[key]));
    harness.require(
      other === undefined && isDeepStrictEqual(given, standard),
      `"${other}" of a record of kind "${standard.metric_type}" differs from core's formatMetrics`,
    );
  }
}

async function isPure(harness: Harness, seed: number): Promise<void> {
  const publisher = await harness.create();
  const before = publisher.health();
  const watch = new RecordWatch();
  const reads = harness.clockReads;
  for (const record of RECORDS) {
    const first = format(publisher, watch.over(record));
    await harness.turn();
    harness.require(isDeepStrictEqual(format(publisher, record), first), "two calls with one record differ");
  }
  for (const { record, fault } of malformedRecords(seed, 500)) {
    const wrong = jsonFault(format(publisher, record), "the dictionary");
    harness.require(wrong === undefined, `${wrong}, of a record with this fault (seed ${seed}): ${fault}`);
  }
  harness.require(watch.written.length === 0, `${watch.written[0]} of the caller's object was changed`);
  const asked = harness.clockReads > reads;
  const { received } = publisher.health();
  harness.require(received === before.received, "formatMetrics counted a record as received");
  harness.require(!asked, "formatMetrics asked the clock for the time");
}

async function namesKind(harness: Harness): Promise<void> {
  const publisher = await harness.create();
  for (const [record, kind] of [
    [finishedEvent(), "event"],
    [finishedNetwork(), "network"],
  ] as const) {
    const { metric_type: type, schema_version: version } = format(publisher, record);
    harness.require(
      type === kind && version === 1,
      `the dictionary of a record of kind "${kind}" says "${type}", version ${version}`,
    );
  }
}
