import { randomUUID } from "node:crypto";
import { gzipSync } from "node:zlib";
import { SeriesStore, type Snapshot } from "@eventmeter/aggregation";
import { createMetricsEncoder, type ExportResponse, readExportResponse, resourceAttributes } from "@eventmeter/otlp";
import { describe, expect, test } from "vitest";
import { addEvent, addNetwork } from "./snapshots.ts";

const server = process.env["PROMETHEUS_URL"];
const HEADERS = { "content-type": "application/x-protobuf", "content-encoding": "gzip" };

interface Sample {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [number, string];
}

/** Sends snapshots to the server as one instance of a service, and asks what it has kept of it. */
function openInstance(): {
  readonly push: (snapshot: Snapshot) => Promise<ExportResponse | undefined>;
  readonly query: (name: string) => Promise<Sample[]>;
} {
  const instance = randomUUID();
  const encoder = createMetricsEncoder({
    resource: resourceAttributes({ serviceName: "otlp-test", serviceInstanceId: instance, environment: "test" }),
    scope: { name: "@eventmeter/otlp" },
  });
  return {
    async push(snapshot) {
      const body = gzipSync(await encoder.encode(snapshot), { level: 1 });
      const response = await fetch(`${server}/api/v1/otlp/v1/metrics`, { method: "POST", headers: HEADERS, body });
      const answer = new Uint8Array(await response.arrayBuffer());
      expect([response.status, new TextDecoder().decode(answer)]).toEqual([200, ""]);
      return readExportResponse(answer);
    },
    async query(name) {
      const query = new URLSearchParams({ query: `${name}{instance="${instance}"}` });
      const response = await fetch(`${server}/api/v1/query?${query.toString()}`);
      return ((await response.json()) as { data: { result: Sample[] } }).data.result;
    },
  };
}

describe.skipIf(server === undefined)(
  `a real Prometheus${server === undefined ? " (skipped: PROMETHEUS_URL is not set)" : ""}`,
  () => {
    test("keeps every number as the store has it, under the names of the catalogue", async () => {
      const { push, query } = openInstance();
      const store = new SeriesStore({ exemplars: true, bounds: { event_duration_seconds: [0.1, 0.25] } });
      addEvent(store, "unicode \u{1F600} é \uD800", { traceId: "0af7651916cd43dd8448eb211c80319c" });
      addEvent(store, "large", { retryCount: Number.MAX_SAFE_INTEGER });
      for (let more = 0; more < 1_100; more += 1) addEvent(store, "huge", { retryCount: Number.MAX_SAFE_INTEGER });
      addNetwork(store, "GET");
      expect(await push(store.snapshot())).toEqual({ rejectedDataPoints: 0, errorMessage: "" });

      const retries = await query("event_retries_total");
      expect(Object.fromEntries(retries.map(({ metric, value }) => [metric["event_name"], Number(value[1])]))).toEqual({
        "unicode \u{1F600} é \uFFFD": 1,
        large: Number.MAX_SAFE_INTEGER,
        huge: counted(store, "event_retries_total", "huge"),
      });
      const buckets = await query("event_duration_seconds_bucket");
      const large = buckets.filter(({ metric }) => metric["event_name"] === "large");
      expect(Object.fromEntries(large.map(({ metric, value }) => [metric["le"], value[1]]))).toEqual({
        "0.1": "0",
        "0.25": "1",
        "+Inf": "1",
      });
      expect((await query("event_duration_seconds_sum")).map(({ value }) => value[1]).toSorted()).toEqual([
        "0.25",
        "0.25",
        "275",
      ]);
      expect((await query("network_bytes_total")).map(({ metric, value }) => [metric["direction"], value[1]])).toEqual(
        expect.arrayContaining([
          ["sent", "10"],
          ["received", "2"],
        ]),
      );
      expect(await query("network_latency_seconds_count")).toHaveLength(1);
      const [info] = await query("target_info");
      expect(info?.metric).toMatchObject({ job: "otlp-test", deployment_environment_name: "test" });
    });

    test("takes the halves of a snapshot as it takes the whole", async () => {
      const { push, query } = openInstance();
      const store = new SeriesStore();
      for (let index = 0; index < 50; index += 1) addEvent(store, `event ${index}`);
      const whole = store.snapshot();
      for (const half of store.split(whole) ?? []) {
        // oxlint-disable-next-line no-await-in-loop -- one half after the other, as they are sent
        await push(half);
      }
      expect(await query("event_retries_total")).toHaveLength(50);
      // The same time and numbers again are harmless.
      await push(whole);
      expect(await query("event_duration_seconds_count")).toHaveLength(50);
    });
  },
);

function counted(store: SeriesStore, name: string, eventName: string): number | undefined {
  const family = store.snapshot().families.find((each) => each.name === name);
  for (const point of family?.points ?? [])
    if ("value" in point && point.labels["event_name"] === eventName) return point.value;
  return undefined;
}
