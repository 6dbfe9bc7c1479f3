// Uses one publisher inside a request with AsyncLocalStorage, and prints which stores its backend saw and whether the request's own was collected.
import { AsyncLocalStorage } from "node:async_hooks";
import { setTimeout } from "node:timers/promises";
import { openFakeElasticsearch } from "../../packages/publisher-elasticsearch/test/fake-elasticsearch.ts";
import { closeOnExit, createPublisher, type MetricsPublisher } from "../../packages/core/src/index.ts";
import { createPushPublisher, createSeriesPublisher } from "../../packages/delivery/src/index.ts";
import { CompositePublisher } from "../../packages/publisher-composite/src/index.ts";
import { ElasticsearchPublisher } from "../../packages/publisher-elasticsearch/src/index.ts";
import { GrafanaCloudPublisher } from "../../packages/publisher-grafana-cloud/src/index.ts";
import { PrometheusPublisher } from "../../packages/publisher-prometheus/src/index.ts";
import { createFaultServer } from "../../packages/testkit/src/index.ts";

declare const gc: () => void;

const requests = new AsyncLocalStorage<object>();
const seen: Record<string, string> = {};

/** Notes whether code of the backend runs inside of the request. */
function look(where: string): void {
  const inside = requests.getStore() !== undefined;
  if (inside || seen[where] === undefined) seen[where] = inside ? "a store" : "no store";
}

const hooks = {
  start: () => look("start"),
  check() {
    look("check");
    return { ok: true, code: "ok", message: "example: ok" };
  },
};

/** Handler of a record that waited for the start; later ones are part of the publish. */
function onEvent({ task_id: task }: { readonly task_id: string | null }): void {
  if (task === "first") look("handler");
}

const delivered = { kind: "delivered" } as const;

function push(overflow: "drop-newest" | "drop-oldest"): MetricsPublisher {
  const send = (): typeof delivered => {
    look("send");
    return delivered;
  };
  const options = { overflow, maxQueueBytes: 16_384, lingerMs: 20 };
  return createPushPublisher({ ...hooks, name: "push", encode: () => ({ data: "x".repeat(1_000) }), send }, options);
}

function series(): MetricsPublisher {
  const encode = (): Uint8Array<ArrayBuffer> => {
    look("encode");
    return new Uint8Array(1);
  };
  const send = (): typeof delivered => {
    look("send");
    return delivered;
  };
  const source = {
    addEvent: () => undefined,
    addNetwork: () => undefined,
    snapshot() {
      look("snapshot");
      return { time: Date.now() };
    },
  };
  return createSeriesPublisher({ ...hooks, name: "series", series: source, encode, send }, { intervalMs: 1_000 });
}

function prometheus(): MetricsPublisher {
  const registry = {
    contentType: "text/plain; version=0.0.4; charset=utf-8",
    getMetricsAsJSON() {
      look("registry");
      return Promise.resolve([]);
    },
    metrics: () => Promise.resolve(""),
  };
  const password = (): string => {
    look("password");
    return "secret";
  };
  return new PrometheusPublisher({ port: 0, processMetrics: true, registry, auth: { username: "a", password } });
}

const create: Readonly<Record<string, () => MetricsPublisher | Promise<MetricsPublisher>>> = {
  createPublisher: () => createPublisher({ ...hooks, name: "handler", event: onEvent, flush: () => look("flush") }),
  createPushPublisher: () => push("drop-newest"),
  "createPushPublisher with a full queue": () => push("drop-oldest"),
  createSeriesPublisher: series,
  PrometheusPublisher: prometheus,
  ElasticsearchPublisher: async () => new ElasticsearchPublisher({ hosts: [(await openFakeElasticsearch()).url] }),
  GrafanaCloudPublisher: async () => {
    const server = await createFaultServer({});
    return new GrafanaCloudPublisher({ endpoint: server.url, intervalMs: 1_000 });
  },
  CompositePublisher: () => new CompositePublisher([push("drop-newest"), { publisher: series() }]),
};

const now = Date.now();
const record = { eventName: "job", taskId: "later", startTime: now - 10, endTime: now };

/** Does within a request whatever a program can do. Only a weak reference to its store is left. */
async function handleRequest(publisher: MetricsPublisher, count: number): Promise<WeakRef<object>> {
  const store = { memory: new Uint8Array(1e6) };
  await requests.run(store, async () => {
    closeOnExit(publisher, { signals: [] });
    for (let index = 0; index < count; index += 1) publisher.publishEventMetrics({ ...record, taskId: "first" });
    await setTimeout(40);
    await publisher.start?.();
    await publisher.flush();
    await publisher.check?.();
    publisher.publishEventMetrics(record);
    await publisher.flush({ timeoutMs: 50 });
    publisher.publishEventMetrics(record);
  });
  return new WeakRef(store);
}

async function isCollected(store: WeakRef<object>): Promise<boolean> {
  for (let tries = 0; tries < 20; tries += 1) {
    await setTimeout(10);
    gc();
    if (store.deref() === undefined) return true;
  }
  return false;
}

const [, , name = "", count = "1"] = process.argv;
const publisher = await create[name]?.();
if (publisher === undefined) throw new Error(`there is no publisher ${name}`);
const store = await handleRequest(publisher, Number(count));
const collected = await isCollected(store);
await setTimeout(1_200);
const { delivered: acknowledged, state } = publisher.health();
process.stdout.write(JSON.stringify({ seen, collected, state, isDelivering: acknowledged > 0 }));
process.exit();
