// Row A2: publishing costs the same in every state of the backend. Compares the slowest hundredth of the calls with those
// to a healthy backend, and those of a backfill into 10,000 daily indices with those into 100.
import { setImmediate } from "node:timers/promises";
import { ElasticsearchPublisher } from "@eventmeter/publisher-elasticsearch";
import { startBulkServer } from "./child-server.ts";
import { compare, type Finding } from "./lib.ts";
import { makeDocuments } from "./workload.ts";

const CALLS = 20_000;
const CALLS_PER_TURN = 500;
const DAY = 86_400_000;
const FIRST_DAY = Date.UTC(1998, 0, 1);
const records = makeDocuments(CALLS);
const servers = {
  healthy: await startBulkServer(),
  silent: await startBulkServer("silent"),
  busy: await startBulkServer("busy"),
  slow: await startBulkServer("slow"),
};
// Connections are refused: nothing listens on the discard port of loopback.
const REFUSED = "http://127.0.0.1:9";

/** Returns a quantile of the calls, by default the 99th percentile, in nanoseconds. */
async function costOf(
  url: string,
  maxQueueBytes: number,
  { published = records, quantile = 0.99, ...options } = {},
): Promise<number> {
  const publisher = new ElasticsearchPublisher({
    hosts: [url],
    templates: false,
    maxQueueBytes,
    ...options,
    onError() {
      // Lost records are expected here.
    },
  });
  const times = new Float64Array(CALLS);
  for (const [call, record] of published.entries()) {
    if (call % CALLS_PER_TURN === 0) await setImmediate();
    const began = process.hrtime.bigint();
    publisher.publishEventMetrics(record);
    times[call] = Number(process.hrtime.bigint() - began);
  }
  await publisher.close({ timeoutMs: 0 });
  return times.toSorted()[Math.floor(CALLS * quantile)] ?? Number.NaN;
}

const ROOMY = 2 ** 25;
const states: readonly (readonly [string, string, number])[] = [
  ["down", REFUSED, ROOMY],
  ["silent", servers.silent.url, ROOMY],
  ["answers 429", servers.busy.url, ROOMY],
  ["slow", servers.slow.url, ROOMY],
  ["silent, queue full", servers.silent.url, 2 ** 20],
];
const findings: Finding[] = [];
for (const [state, url, maxQueueBytes] of states)
  findings.push(
    await compare(
      {
        goal: "A2",
        what: `p99 of publish, backend ${state}`,
        peer: "healthy backend",
        unit: "ns",
        limit: 1.2,
        stretch: 1.1,
      },
      () => costOf(url, maxQueueBytes),
      () => costOf(servers.healthy.url, ROOMY),
    ),
  );
// Each call makes a batch, and the queue is full before half of the calls. The slowest hundredth would be garbage collection.
const backfill = { quantile: 0.5, indexPrefix: "backfill", overflow: "drop-oldest", maxBatchRecords: 1 };
const intoDays = (days: number): typeof records =>
  records.map((record, index) => {
    const startTime = FIRST_DAY + (index % days) * DAY;
    return { ...record, startTime, endTime: startTime + 5 };
  });
const [manyDays, fewDays] = [intoDays(10_000), intoDays(100)];
findings.push(
  await compare(
    {
      goal: "A2",
      what: "median of publish into 10000 daily indices, backend silent, queue full",
      peer: "100 daily indices",
      unit: "ns",
      limit: 1.2,
      stretch: 1.1,
    },
    () => costOf(servers.silent.url, 20_000_000, { ...backfill, published: manyDays }),
    () => costOf(servers.silent.url, 20_000_000, { ...backfill, published: fewDays }),
  ),
);
for (const { stop } of Object.values(servers)) stop();
process.stdout.write(JSON.stringify(findings));
