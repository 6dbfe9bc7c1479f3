// Publishes label sets whose texts are slices of long ones, and prints what health() and the heap say about the memory of each case.
import { GrafanaCloudPublisher, type GrafanaCloudPublisherOptions } from "@eventmeter/publisher-grafana-cloud";

declare const gc: () => void;

const START = 1_700_000_000_000;

type Options = Pick<GrafanaCloudPublisherOptions, "labels" | "exemplars">;

/** Returns the end of a text of a megabyte, which a slice keeps alive. */
function slice(text: string): string {
  return `${"x".repeat(1e6)}${text}`.toUpperCase().slice(1e6);
}

const CASES: Readonly<Record<string, readonly [Options, (index: number) => Record<string, unknown>, count: number]>> = {
  names: [{}, (index) => ({ eventName: `event-${index}` }), 2_000],
  "sliced names": [{}, (index) => ({ eventName: slice(`a-long-name-of-event-${index}`), retryCount: 1 }), 200],
  "sliced labels": [
    { labels: { event: ["tenant", "errorType"] } },
    (index) => ({
      eventName: "a",
      errorType: slice("an-error-of-its-own"),
      attributes: { tenant: slice(`tenant-of-event-${index}`) },
    }),
    200,
  ],
  "long labels": [
    { labels: { event: ["tenant"] } },
    (index) => ({ eventName: "a", attributes: { tenant: `${"€".repeat(600)}${index}` } }),
    400,
  ],
  "sliced exemplars": [
    { exemplars: true },
    (index) => ({
      eventName: `event-${index % 20}`,
      taskId: slice(`task-${index}-${"y".repeat(60)}`),
      endTime: START + (index % 9) * 400 + 1,
    }),
    400,
  ],
  exemplars: [{ exemplars: true }, (index) => ({ eventName: `event-${index}` }), 500],
};

/** Returns the memory in use once two collections in a row, a turn apart, find nothing more to free. */
async function measure(): Promise<number> {
  let least = Infinity;
  for (let tries = 0; tries < 20; tries += 1) {
    gc();
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    const used = heapUsed + arrayBuffers;
    if (used > least - 10_000) return used;
    least = used;
    // What a WeakRef points to lives until the turn ends.
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    await new Promise((resolve) => void setTimeout(resolve, 20));
  }
  return least;
}

async function run(name: string, isWarmUp: boolean): Promise<void> {
  const [options, record, count] = CASES[name] as (typeof CASES)[string];
  const publisher = new GrafanaCloudPublisher({
    endpoint: "http://127.0.0.1:9",
    maxLabelSets: 5_000,
    onError: () => undefined,
    ...options,
  });
  const publish = (more: Record<string, unknown>): void =>
    publisher.publishEventMetrics({
      eventName: "last",
      taskId: "t-last",
      startTime: START,
      endTime: START + 5,
      ...more,
    });
  publish({});
  await publisher.flush({ timeoutMs: 300 });
  const before = await measure();
  const bytesBefore = publisher.health().pendingDetail.bytes;
  for (let index = 0; index < count; index += 1) publish(record(index));
  // The fields of the last record stay until the next one.
  publish({});
  if (mode === "sent") await publisher.flush({ timeoutMs: 2_500 });
  const heap = (await measure()) - before;
  const bytes = publisher.health().pendingDetail.bytes - bytesBefore;
  if (!isWarmUp) console.log(JSON.stringify({ heap, bytes, ratio: bytes / heap }));
  await publisher.close({ timeoutMs: 0 });
}

// The first round takes memory for code that is compiled on the way, and its sockets need a moment to end.
const [, , name = "", mode = ""] = process.argv;
await run(name, true);
await new Promise((resolve) => void setTimeout(resolve, 500));
await run(name, false);
