import { describe, expect, onTestFinished, test } from "vitest";
import { PrometheusPublisher } from "@eventmeter/publisher-prometheus";
import { Gauge, Registry } from "prom-client";
import { parseExposition } from "./exposition-parser.ts";
import { liveReason, promtoolCheckMetrics, promtoolReason, startPrometheus, waitFor } from "./live-prometheus.ts";

const bounds = [0.1, 0.25, 0.5, 1];

/** Publishes one event that took so many milliseconds. */
function publish(publisher: PrometheusPublisher, elapsedMs: number, traceId?: string): void {
  const endTime = Date.now();
  publisher.publishEventMetrics({
    eventName: "import",
    taskId: `t-${elapsedMs}`,
    startTime: endTime - elapsedMs,
    endTime,
    retryCount: 1,
    traceId,
    attributes: { tenant: 'a"b\\c' },
  });
}

function openPublisher(): PrometheusPublisher {
  const registry = new Registry();
  new Gauge({ name: "queue_depth", help: "Depth.", registers: [registry] }).set(7);
  const publisher = new PrometheusPublisher({
    port: 0,
    exemplars: true,
    processMetrics: true,
    registry,
    labels: { event: ["tenant"] },
    bounds: { event_duration_seconds: bounds },
    resource: { serviceName: "shop", serviceVersion: "1.2.3" },
  });
  publisher.watch(publisher);
  onTestFinished(async () => void (await publisher.close()));
  return publisher;
}

describe.skipIf(liveReason !== undefined)(
  `a real Prometheus${liveReason === undefined ? "" : ` (${liveReason})`}`,
  () => {
    test("stores exactly what the records say while they go on", async () => {
      const publisher = openPublisher();
      await publisher.start();
      const target = new URL(publisher.url ?? "").host;
      await using prometheus = await startPrometheus({ targets: [target] });
      const own = `{instance="${target}"}`;

      const elapsed: number[] = [];
      const traceId = "0af7651916cd43dd8448eb211c80319c";
      for (let round = 1; round <= 5; round += 1) {
        for (const ms of [40, 180, 180, 400, 5_000]) {
          publish(publisher, ms, traceId);
          elapsed.push(ms);
        }
        const count = elapsed.length;
        await waitFor(async () => {
          const [sample] = await prometheus.instantVector(`event_duration_seconds_count${own}`);
          return sample?.value === count;
        });
      }

      const health = (await prometheus.targetHealth()).find((entry) => entry.target === target);
      expect(health).toMatchObject({ health: "up", lastError: "" });

      const buckets = await prometheus.instantVector(`event_duration_seconds_bucket${own}`);
      expect(buckets).toHaveLength(bounds.length + 1);
      for (const { labels, value } of buckets) {
        const bound = Number((labels["le"] ?? "").replace("Inf", "Infinity"));
        expect(value, `le ${bound}`).toBe(elapsed.filter((ms) => ms / 1000 <= bound).length);
        expect(labels).toMatchObject({ event_name: "import", status: "completed", tenant: 'a"b\\c' });
      }
      const valueOf = async (query: string): Promise<number | undefined> =>
        (await prometheus.instantVector(query))[0]?.value;
      expect(await valueOf(`event_retries_total${own}`)).toBe(elapsed.length);
      expect(await valueOf(`event_duration_seconds_sum${own}`)).toBeCloseTo(
        elapsed.reduce((sum, ms) => sum + ms, 0) / 1000,
        9,
      );
      expect(await valueOf(`queue_depth${own}`)).toBe(7);
      expect(await valueOf(`eventmeter_publisher_delivered_total${own}`)).toBe(elapsed.length);
      expect((await prometheus.instantVector(`target_info${own}`))[0]?.labels).toMatchObject({
        service_name: "shop",
        service_version: "1.2.3",
      });

      const stored = await prometheus.rawSamples(
        `{__name__=~"event_.*_(total|count|bucket)",instance="${target}"}`,
        "10m",
      );
      for (const { labels, samples } of stored) {
        const values = samples.map(({ value }) => value);
        expect(
          values.toSorted((a, b) => a - b),
          labels["__name__"],
        ).toEqual(values);
        expect(new Set(values).size, labels["__name__"]).toBeGreaterThan(1);
      }

      // The median of 40, 180, 180, 400 and 5,000 ms is 180 ms, in the bucket above 0.1 and up to 0.25.
      const median = await valueOf(`histogram_quantile(0.5, event_duration_seconds_bucket${own})`);
      expect(median).toBeGreaterThan(0.1);
      expect(median).toBeLessThanOrEqual(0.25);

      const exemplars = await waitFor(async () => {
        const found = await prometheus.exemplars(`event_duration_seconds_bucket${own}`);
        return found.length >= 4 && found;
      });
      for (const { exemplars: of } of exemplars)
        for (const { labels, value } of of) {
          expect(labels).toEqual({ trace_id: traceId });
          expect(elapsed).toContain(Math.round(value * 1000));
        }
    });
  },
);

describe.skipIf(promtoolReason !== undefined)(
  `promtool${promtoolReason === undefined ? "" : ` (${promtoolReason})`}`,
  () => {
    test("finds nothing on the page, and both formats are read strictly", async () => {
      const codes: string[] = [];
      const publisher = new PrometheusPublisher({
        server: false,
        exemplars: true,
        onError: ({ code }) => codes.push(code),
        labels: { event: ["tenant", "errorType"] },
        resource: { serviceName: "shop", attributes: { "k8s.pod": "p" } },
        registry: { getMetricsAsJSON: () => Promise.resolve([]) },
      });
      publisher.watch(publisher);
      publish(publisher, 40);
      publisher.publishEventMetrics({ eventName: "", taskId: 1, startTime: 0 });
      expect(codes).toEqual(["invalid-record"]);
      publisher.publishNetworkMetrics({
        operation: "GET",
        host: "h",
        port: 1,
        startTime: Date.now() - 5,
        endTime: Date.now(),
        bytesSent: 1,
        bytesReceived: 2,
      });
      const page = await publisher.metrics();
      expect(await promtoolCheckMetrics(page)).toEqual({ exitCode: 0, output: "" });
      parseExposition(page, "text");
      parseExposition(await publisher.metrics({ format: "openmetrics" }), "openmetrics");
      await publisher.close();
    });
  },
);
