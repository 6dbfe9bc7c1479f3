// Row A2: publishing costs the same in every state of the backend. Compares the slowest hundredth of the calls with those
// to a healthy backend.
import { setImmediate } from "node:timers/promises";
import { ElasticsearchPublisher } from "@eventmeter/publisher-elasticsearch";
import { startBulkServer } from "./child-server.ts";
import { compare, type Finding } from "./lib.ts";
import { makeDocuments } from "./workload.ts";

const CALLS = 20_000;
const CALLS_PER_TURN = 500;
const records = makeDocuments(CALLS);
const servers = {
  healthy: await startBulkServer(),
  silent: await startBulkServer("silent"),
  busy: await startBulkServer("busy"),
  slow: await startBulkServer("slow"),
};
// Connections are refused: nothing listens on the discard port of loopback.
const REFUSED = "http://127.0.0.1:9";

/** Returns the 99th percentile of the calls, in nanoseconds. */
async function slowest(url: string, maxQueueBytes: number): Promise<number> {
  const publisher = new ElasticsearchPublisher({
    hosts: [url],
    templates: false,
    maxQueueBytes,
    onError() {
      // Lost records are expected here.
    },
  });
  const times = new Float64Array(CALLS);
  for (const [call, record] of records.entries()) {
    if (call % CALLS_PER_TURN === 0) await setImmediate();
    const began = process.hrtime.bigint();
    publisher.publishEventMetrics(record);
    times[call] = Number(process.hrtime.bigint() - began);
  }
  await publisher.close({ timeoutMs: 0 });
  return times.toSorted()[Math.floor(CALLS * 0.99)] ?? Number.NaN;
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
      () => slowest(url, maxQueueBytes),
      () => slowest(servers.healthy.url, ROOMY),
    ),
  );
for (const { stop } of Object.values(servers)) stop();
process.stdout.write(JSON.stringify(findings));
