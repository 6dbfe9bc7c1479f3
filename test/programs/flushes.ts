// Flushes one publisher again and again while nothing is taken, and prints how many bytes each flush left behind.
import { createPublisher, filtered, mapped, type MetricsPublisher } from "../../packages/core/src/index.ts";
import { createPushPublisher } from "../../packages/delivery/src/index.ts";
import { CompositePublisher } from "../../packages/publisher-composite/src/index.ts";
import { GrafanaCloudPublisher } from "../../packages/publisher-grafana-cloud/src/index.ts";
import { PrometheusPublisher } from "../../packages/publisher-prometheus/src/index.ts";

declare const gc: () => void;

const FLUSHES = 10_000;
const onError = (): void => undefined;
const never = (): Promise<never> => new Promise(() => {});
const hung = (): MetricsPublisher => createPublisher({ name: "a", event: never, flush: never }, { onError });

const PUBLISHERS: Readonly<Record<string, () => MetricsPublisher>> = {
  createPublisher: hung,
  createPushPublisher: () =>
    createPushPublisher({ name: "a", encode: () => ({ data: "a" }), send: never }, { onError, sendTimeoutMs: 600_000 }),
  GrafanaCloudPublisher: () => new GrafanaCloudPublisher({ endpoint: "http://127.0.0.1:9", onError }),
  PrometheusPublisher: () => new PrometheusPublisher({ server: false, onError }),
  filtered: () => filtered(hung(), () => true),
  mapped: () => mapped(hung(), {}),
  CompositePublisher: () => new CompositePublisher([hung()], { onError }),
};

async function flush(publisher: MetricsPublisher): Promise<number> {
  for (let round = 0; round < FLUSHES / 500; round += 1) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    await Promise.all(Array.from({ length: 500 }, () => publisher.flush({ timeoutMs: 0 })));
  }
  gc();
  return process.memoryUsage().heapUsed;
}

const startTime = 1_700_000_000_000;
const found: Record<string, number> = {};
for (const [name, create] of Object.entries(PUBLISHERS)) {
  const publisher = create();
  publisher.publishEventMetrics({ eventName: "a", taskId: 1, startTime, endTime: startTime });
  const before = await flush(publisher);
  found[name] = ((await flush(publisher)) - before) / FLUSHES;
}
console.log(JSON.stringify(found));
process.exit();
