/* oxlint-disable no-await-in-loop -- pushes follow one another */
import { describe, expect, test } from "vitest";
import {
  exemplarsOf,
  liveReason,
  numberOf,
  otlpEndpoint,
  rawSeries,
  type StoredSeries,
  waitFor,
} from "./live-prometheus.ts";
import { open, type Opened } from "./publisher-harness.ts";

const bounds = [0.1, 0.25, 0.5, 1.5];
const traceId = "0af7651916cd43dd8448eb211c80319c";

function publish({ publisher }: Opened, elapsedMs: number): void {
  const endTime = Date.now();
  const startTime = endTime - elapsedMs;
  publisher.publishEventMetrics({
    eventName: "import",
    taskId: `t-${elapsedMs}`,
    startTime,
    endTime,
    retryCount: 2,
    traceId,
    attributes: { "tenant.id": 'a"b\\c\nü' },
  });
  publisher.publishNetworkMetrics({
    operation: "GET",
    host: "h",
    port: 1,
    startTime,
    endTime,
    bytesSent: 3,
    bytesReceived: elapsedMs,
  });
}

const valuesOf = ({ samples }: StoredSeries): readonly number[] => samples.map(({ value }) => value);

describe.skipIf(liveReason !== undefined)(
  `the OTLP receiver of a real Prometheus${liveReason === undefined ? "" : ` (${liveReason})`}`,
  () => {
    test("stores label values of 2,048 bytes, cut between two characters", async () => {
      const serviceInstanceId = crypto.randomUUID();
      const labels = { event: ["tenant"] };
      const { publisher, errors } = open({
        endpoint: otlpEndpoint,
        labels,
        resource: { serviceName: "cut", serviceInstanceId },
      });
      const endTime = Date.now();
      const attributes = { tenant: "€".repeat(700) };
      publisher.publishEventMetrics({ eventName: "import", taskId: 1, startTime: endTime - 5, endTime, attributes });
      expect(await publisher.flush()).toMatchObject({ status: "complete", delivered: 1 });
      expect(errors).toEqual([]);
      const [series] = await rawSeries(`event_duration_seconds_count{instance="${serviceInstanceId}"}`);
      expect(series?.labels["tenant"]).toBe("€".repeat(682));
    });

    test("stores under the names of the catalogue exactly what the records say, while they go on", async () => {
      const instance = crypto.randomUUID();
      const opened = open({
        endpoint: otlpEndpoint,
        exemplars: true,
        labels: { event: ["tenant.id"] },
        bounds: { event_duration_seconds: bounds, network_latency_seconds: bounds },
        resource: {
          serviceName: "shop",
          serviceInstanceId: instance,
          serviceVersion: "1.2.3",
          environment: "test",
          attributes: { "k8s.pod.name": "shop-1" },
        },
      });
      const { publisher, errors } = opened;
      expect(await publisher.check()).toMatchObject({ ok: true });

      const elapsed: number[] = [];
      const pushed: number[][] = [];
      for (let round = 1; round <= 5; round += 1) {
        for (const ms of [40, 100, 180, 400, 5_000].slice(0, round)) {
          publish(opened, ms);
          elapsed.push(ms);
        }
        expect(await publisher.flush()).toMatchObject({
          status: "complete",
          pending: 0,
          dropped: 0,
          delivered: elapsed.length * 2,
        });
        pushed.push([...elapsed]);
      }

      const own = `{instance="${instance}"}`;
      const stored = await waitFor(async () => {
        const series = await rawSeries(own);
        return series.length > 0 && series.every(({ samples }) => samples.length > 0) && series;
      });
      const families = new Set(stored.map(({ labels }) => labels["__name__"]));
      expect(families).toEqual(
        new Set([
          "event_duration_seconds_bucket",
          "event_duration_seconds_count",
          "event_duration_seconds_sum",
          "event_retries_total",
          "network_bytes_total",
          "network_latency_seconds_bucket",
          "network_latency_seconds_count",
          "network_latency_seconds_sum",
          "target_info",
        ]),
      );

      const seconds = (values: readonly number[]): number => values.reduce((sum, ms) => sum + ms, 0) / 1000;
      for (const series of stored) {
        const { __name__: name = "", le = "", direction } = series.labels;
        expect(series.labels["job"], name).toBe("shop");
        if (name === "target_info") continue;
        const expected = pushed.map((values) => {
          if (name.endsWith("_bucket"))
            return values.filter((ms) => ms / 1000 <= Number(le.replace("Inf", "Infinity"))).length;
          if (name.endsWith("_count")) return values.length;
          if (name.endsWith("_sum")) return seconds(values);
          if (name === "event_retries_total") return values.length * 2;
          return direction === "sent" ? values.length * 3 : seconds(values) * 1000;
        });
        const values = valuesOf(series);
        expect(
          values.map((value) => Number(value.toFixed(9))),
          JSON.stringify(series.labels),
        ).toEqual(expected.map((value) => Number(value.toFixed(9))));
        const times = series.samples.map(({ time }) => time);
        expect(times).toEqual(times.toSorted((a, b) => a - b));
        expect(Math.max(...times) * 1000).toBeLessThanOrEqual(Date.now());
        if (name.startsWith("event_"))
          expect(series.labels).toMatchObject({ event_name: "import", tenant_id: 'a"b\\c\nü' });
      }
      const info = stored.find(({ labels }) => labels["__name__"] === "target_info");
      expect(info?.labels).toMatchObject({
        service_version: "1.2.3",
        deployment_environment_name: "test",
        k8s_pod_name: "shop-1",
      });
      const les = stored
        .filter(({ labels }) => labels["__name__"] === "event_duration_seconds_bucket")
        .map(({ labels }) => labels["le"]);
      expect(new Set(les)).toEqual(new Set(["+Inf", "0.1", "0.25", "0.5", "1.5"]));

      const median = await numberOf(`histogram_quantile(0.5, event_duration_seconds_bucket${own})`);
      expect(median).toBeGreaterThan(0);
      expect(median).toBeLessThanOrEqual(0.1);

      const exemplars = await exemplarsOf(`event_duration_seconds_bucket${own}`);
      expect(exemplars.length).toBeGreaterThanOrEqual(4);
      for (const { exemplars: of } of exemplars)
        for (const { labels, value } of of) {
          expect(labels).toEqual({ trace_id: traceId });
          expect(elapsed).toContain(Math.round(Number(value) * 1000));
        }
      expect(errors).toEqual([]);
    });

    test("takes many series in one request, and in parts of one moment", async () => {
      const instance = crypto.randomUUID();
      const opened = open({
        endpoint: otlpEndpoint,
        maxLabelSets: 20_000,
        resource: { serviceName: "shop", serviceInstanceId: instance },
      });
      const { publisher, errors } = opened;
      const endTime = Date.now();
      for (let index = 0; index < 9_000; index += 1)
        publisher.publishEventMetrics({
          eventName: `${"x".repeat(400)}${index}`,
          taskId: index,
          startTime: endTime - 5,
          endTime,
        });
      expect(await publisher.flush({ timeoutMs: 60_000 })).toMatchObject({ status: "complete", delivered: 9_000 });
      const own = `event_duration_seconds_count{instance="${instance}"}`;
      expect(await numberOf(`sum(${own})`)).toBe(9_000);
      expect(await numberOf(`count(${own})`)).toBe(9_000);
      expect(await numberOf(`max(timestamp(${own})) - min(timestamp(${own}))`)).toBe(0);
      expect(errors).toEqual([]);
    });

    test("two publishers of one service do not disturb each other", async () => {
      const name = `shop-${crypto.randomUUID()}`;
      const both = [1, 2].map(() => open({ endpoint: otlpEndpoint, resource: { serviceName: name } }));
      for (let round = 0; round < 3; round += 1) {
        for (const opened of both) publish(opened, 40);
        for (const { publisher } of both) expect(await publisher.flush()).toMatchObject({ status: "complete" });
      }
      expect(await numberOf(`sum(event_duration_seconds_count{job="${name}"})`)).toBe(6);
      expect(both.flatMap(({ errors }) => errors)).toEqual([]);
    });

    test("says that two processes share an instance", async () => {
      const resource = { serviceName: "shop", serviceInstanceId: crypto.randomUUID() };
      const late = Date.now() - 60_000;
      const clock = {
        now: () => late,
        monotonic: () => performance.now(),
        setTimeout: (run: () => void, ms: number) => {
          const timer = setTimeout(run, ms).unref();
          return { cancel: () => clearTimeout(timer) };
        },
      };
      const [first, second] = [
        open({ endpoint: otlpEndpoint, resource }),
        open({ endpoint: otlpEndpoint, resource, clock }),
      ];
      publish(first, 40);
      await first.publisher.flush();
      publish(second, 40);
      void second.publisher.flush({ timeoutMs: 1_000 });
      expect(await second.error()).toMatchObject({
        code: "snapshot-rejected",
        message: expect.stringContaining(
          "the endpoint answered 400: newer samples of these series are stored already; give every process its own serviceInstanceId",
        ) as string,
      });
    });

    test("says that a path is wrong", async () => {
      const { publisher } = open({ endpoint: otlpEndpoint.replace("/api/v1/otlp", "") });
      expect(await publisher.check()).toMatchObject({
        ok: false,
        code: "not-found",
        message: "grafana-cloud: the endpoint answered 404: it takes no metrics at this path",
      });
    });
  },
);
