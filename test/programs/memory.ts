// Publishes hostile texts to one publisher and prints, for each kind of text, what the publisher and the heap say about the memory.
import { createPublisher, mapped, type MetricsPublisher } from "../../packages/core/src/index.ts";
import { createPushPublisher } from "../../packages/delivery/src/index.ts";
import { CompositePublisher } from "../../packages/publisher-composite/src/index.ts";
import { ElasticsearchPublisher } from "../../packages/publisher-elasticsearch/src/index.ts";
import { GrafanaCloudPublisher } from "../../packages/publisher-grafana-cloud/src/index.ts";
import { PrometheusPublisher } from "../../packages/publisher-prometheus/src/index.ts";
import { RecordingPublisher } from "../../packages/testkit/src/index.ts";

declare const gc: () => void;

const PARENT = 2_000_000;
const onError = (): void => undefined;
const never = (): Promise<void> => new Promise(() => {});

/** Publishers whose records stay: nothing is taken, or everything is kept as series or dictionaries. */
const PUBLISHERS: Readonly<Record<string, () => MetricsPublisher>> = {
  "createPublisher, start pending": () => createPublisher({ name: "a", event: never, start: never }, { onError }),
  "createPublisher, handlers pending": () => createPublisher({ name: "a", event: handle }, { onError }),
  createPushPublisher: () =>
    createPushPublisher(
      {
        name: "a",
        encode: ({ eventName, error, attributes }) => ({
          data: JSON.stringify({ error, attributes }),
          lane: eventName ?? "",
        }),
        send: never as never,
      },
      { onError },
    ),
  mapped: () => mapped(waiting(), { event: (record) => ({ ...record }) }),
  CompositePublisher: () => new CompositePublisher([waiting("a"), waiting("b")]),
  ElasticsearchPublisher: () => new ElasticsearchPublisher({ hosts: ["http://127.0.0.1:9"], onError }),
  GrafanaCloudPublisher: () =>
    new GrafanaCloudPublisher({
      endpoint: "http://127.0.0.1:9",
      labels: { event: ["tenant"] },
      exemplars: true,
      onError,
    }),
  PrometheusPublisher: () =>
    new PrometheusPublisher({ server: false, labels: { event: ["tenant"] }, exemplars: true, onError }),
  RecordingPublisher: () => new RecordingPublisher({ onError }),
};

function waiting(name = "a"): MetricsPublisher {
  return createPublisher({ name, event: never, start: never }, { onError });
}

/** Keeps the handlers of a publisher alive. */
const unfinished: (() => void)[] = [];

async function handle({
  error,
  event_name,
  attributes,
}: {
  error: unknown;
  event_name: unknown;
  attributes?: unknown;
}): Promise<void> {
  await new Promise<void>((resolve) => void unfinished.push(resolve));
  console.log(error, event_name, attributes);
}

/** Returns a text that is a slice of one of 2 MB. */
function slice(text: string): string {
  return `${"x".repeat(PARENT)}${text}`.toUpperCase().slice(PARENT);
}

/** Returns a text that is a tree of as many parts as it has characters. */
function joined(text: string, length: number): string {
  let whole = text;
  while (whole.length < length) whole += "y";
  return whole;
}

type Texts = (index: number) => { readonly [Field in "eventName" | "taskId" | "error"]?: string } & {
  readonly attributes?: Readonly<Record<string, string>>;
};

const KINDS: Readonly<Record<string, readonly [texts: Texts, count: number]>> = {
  "usual texts": [(index) => ({ error: `error ${index}`, attributes: { tenant: `tenant ${index % 20}` } }), 1_000],
  "sliced names": [(index) => ({ eventName: slice(`a-long-name-of-event-${index}`) }), 40],
  "sliced task ids": [(index) => ({ taskId: slice(`a-long-id-of-task-${index}`) }), 40],
  "sliced errors": [(index) => ({ error: slice(`a long message of error ${index}`) }), 40],
  "long errors": [(index) => ({ error: slice(`${index} ${"z".repeat(50_000)}`) }), 40],
  "sliced attributes": [
    (index) => ({ attributes: { tenant: slice(`a-long-tenant-${index}`), [slice(`a-long-attribute-${index}`)]: "b" } }),
    40,
  ],
  "joined texts": [
    (index) => ({ error: joined(`${index} `, 4_000), attributes: { tenant: joined(`${index} `, 500) } }),
    400,
  ],
  "texts of two-byte characters": [
    (index) => ({ eventName: `${"€".repeat(400)}${index}`, error: "€".repeat(1_000) }),
    800,
  ],
  "names of attributes": [
    (index) => ({
      attributes: Object.fromEntries(
        Array.from({ length: 64 }, (_, at) => [`${"n".repeat(100)}-${index}-${at}`, `${at}`] as const),
      ),
    }),
    100,
  ],
  "names of their own": [(index) => ({ eventName: `event-${index}` }), 1_000],
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
    await new Promise((resolve) => void setTimeout(resolve, 5));
  }
  return least;
}

/** Returns what a publisher says that its records take; for one that counts none as pending, what was given to it. */
function bytesOf(publisher: MetricsPublisher, given: number): number {
  const { pendingDetail, children = [] } = publisher.health();
  const pending = children.reduce((sum, child) => sum + child.pendingDetail.bytes, pendingDetail.bytes);
  return publisher instanceof PrometheusPublisher || publisher instanceof RecordingPublisher ? given : pending;
}

function sizeOf({ attributes = {}, ...texts }: ReturnType<Texts>): number {
  const all = [...Object.values(texts), ...Object.entries(attributes).flat()];
  return all.reduce((sum, text) => sum + 2 * Math.min(text.length, 8_192) + 24, 1_024);
}

function publishTo(publisher: MetricsPublisher, texts: object): void {
  const startTime = 1_700_000_000_000;
  publisher.publishEventMetrics({ eventName: "last", taskId: "last", startTime, endTime: startTime + 5, ...texts });
}

/** Publishes `count` records and returns the sum of their sizes. */
function publishAll(publisher: MetricsPublisher, kind: string, count: number): number {
  let given = 0;
  for (let index = 0; index < count; index += 1) {
    const texts = KINDS[kind]![0](index);
    given += sizeOf(texts);
    publishTo(publisher, texts);
  }
  // The fields of the last record stay until the next one.
  publishTo(publisher, {});
  return given;
}

async function run(name: string, kind: string): Promise<object> {
  const publisher = PUBLISHERS[name]!();
  publishAll(publisher, kind, 2);
  await publisher.flush({ timeoutMs: 20 });
  const before = await measure();
  const bytesBefore = bytesOf(publisher, 0);
  const given = publishAll(publisher, kind, KINDS[kind]![1]);
  const heap = (await measure()) - before;
  const bytes = bytesOf(publisher, given) - bytesBefore;
  await publisher.close({ timeoutMs: 0 });
  unfinished.length = 0;
  return { kind, heap, bytes };
}

// What is compiled on the way takes memory too.
const [, , name = ""] = process.argv;
for (const kind of Object.keys(KINDS)) {
  const publisher = PUBLISHERS[name]!();
  publishAll(publisher, kind, 10);
  await publisher.close({ timeoutMs: 0 });
}
await run(name, "usual texts");
const found: object[] = [];
for (const kind of Object.keys(KINDS)) found.push(await run(name, kind));
console.log(JSON.stringify(found));
process.exit();
