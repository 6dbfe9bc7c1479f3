import { gunzipSync } from "node:zlib";
import { runInSlices, SeriesStore, type Snapshot } from "@eventmeter/aggregation";
import { createReporter } from "@eventmeter/core/publisher";
import type { PrometheusPublisher } from "@eventmeter/publisher-prometheus";
import { createVirtualClock } from "@eventmeter/testkit";
import { Counter, Registry } from "prom-client";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { PageRenderer } from "../src/page/page-renderer.ts";
import { parseExposition } from "./exposition-parser.ts";
import { lineValue, openPublisher, publishEvent, publishNetwork } from "./publisher-harness.ts";

const accept = { Accept: "application/openmetrics-text;version=1.0.0" };

test("shows what was published, in both formats", async () => {
  const { publisher } = openPublisher({ server: false });
  publishEvent(publisher);
  publishNetwork(publisher);
  for (const format of ["text", "openmetrics"] as const) {
    const page = await publisher.metrics({ format });
    parseExposition(page, format);
    expect(lineValue(page, 'event_duration_seconds_count{event_name="import",status="completed"}')).toBe(1);
    expect(lineValue(page, 'event_duration_seconds_sum{event_name="import",status="completed"}')).toBe(0.04);
    expect(lineValue(page, 'event_retries_total{event_name="import"}')).toBe(2);
    expect(lineValue(page, 'network_bytes_total{operation="GET",direction="received"}')).toBe(18_220);
    expect(lineValue(page, 'network_latency_seconds_sum{operation="GET"}')).toBe(0.012);
  }
});

test("shows who is measuring as target_info, with label names that are legal", async () => {
  const { publisher } = openPublisher({
    server: false,
    resource: {
      serviceName: "shop",
      serviceVersion: "1.2.3",
      serviceInstanceId: "shop-1",
      environment: "prod",
      attributes: { "k8s.pod.name": "shop-1", "9lives": true, __meta: 5 },
    },
  });
  const labels =
    'service_name="shop",service_version="1.2.3",service_instance_id="shop-1",deployment_environment_name="prod",k8s_pod_name="shop-1",key_9lives="true",meta="5"';
  const page = await publisher.metrics();
  expect(page).toContain(`# TYPE target_info gauge\ntarget_info{${labels}} 1\n`);
  const openmetrics = await publisher.metrics({ format: "openmetrics" });
  expect(openmetrics).toContain("# TYPE target info\n");
  expect(openmetrics).toContain(`target_info{${labels}} 1\n`);
  parseExposition(openmetrics, "openmetrics");
});

test("compresses the page for those who ask", async () => {
  const { publisher } = openPublisher({ server: false });
  publishEvent(publisher);
  const { headers, body } = await ask(publisher, { "Accept-Encoding": "gzip" });
  expect(headers.get("content-encoding")).toBe("gzip");
  expect(Number(headers.get("content-length"))).toBe(body.length);
  expect(gunzipSync(body).toString()).toBe(await publisher.metrics());
});

test("names the media type of what it gives", async () => {
  const { publisher } = openPublisher({ server: false });
  expect((await ask(publisher, {})).headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
  expect((await ask(publisher, accept)).headers.get("content-type")).toBe(
    "application/openmetrics-text; version=1.0.0; charset=utf-8",
  );
});

test("has _created lines only by option, and exemplars too", async () => {
  const options = { server: false, exemplars: true, createdLines: true };
  const [plain, full] = [openPublisher({ server: false }).publisher, openPublisher(options).publisher];
  publishEvent(plain);
  publishEvent(full);
  const [without, withBoth] = await Promise.all([plain, full].map(({ metrics }) => metrics({ format: "openmetrics" })));
  expect(without).not.toMatch(/_created|# \{/);
  expect(withBoth).toMatch(/^event_retries_created\{/m);
  expect(withBoth).toContain('# {task_id="t-1"} 0.04');
  parseExposition(withBoth ?? "", "openmetrics");
  parseExposition(await full.metrics(), "text");
});

async function ask(
  publisher: PrometheusPublisher,
  headers: Record<string, string>,
): Promise<{ status: number; headers: Headers; body: Buffer }> {
  const response = await publisher.fetch(new Request("http://any.example/metrics", { headers }));
  return { status: response.status, headers: response.headers, body: Buffer.from(await response.arrayBuffer()) };
}

describe("a page that cannot be made", () => {
  test("is a 500 with nothing of the cause, and is reported once", async () => {
    const { clock, reporter, errors } = listening();
    const broken = (): Snapshot => {
      throw new Error("canary");
    };
    let snapshot = broken;
    const pages = new PageRenderer({
      snapshot: () => snapshot(),
      ownFamilies: () => [],
      sources: [],
      createdLines: false,
      clock,
      reporter,
      signal: new AbortController().signal,
    });
    await expect(pages.render("text", 1_000)).rejects.toThrow("canary");
    await expect(pages.render("openmetrics", 1_000)).rejects.toThrow("canary");
    expect(pages.failing).toBe(true);
    expect(errors).toEqual(["test: the page could not be made"]);
    snapshot = () => ({ time: 0, startTime: 0, families: [] });
    await pages.render("text", 1_000);
    expect(pages.failing).toBe(false);
  });

  test("is a 500 to every scraper and shows in the health until it can be made again", async () => {
    const snapshot = vi.spyOn(SeriesStore.prototype, "snapshot");
    onTestFinished(() => snapshot.mockRestore());
    const breakOnce = (): void => {
      snapshot.mockImplementationOnce(() => {
        throw new Error("canary");
      });
    };
    const { publisher } = openPublisher({ server: false, clock: createVirtualClock() });
    breakOnce();
    const { status, body } = await ask(publisher, {});
    expect([status, body.toString()]).toEqual([500, "Internal Server Error\n"]);
    expect(publisher.health().state).toBe("failing");
    breakOnce();
    await expect(publisher.metrics()).rejects.toMatchObject({ code: "page-failed", publisher: "prometheus" });
    breakOnce();
    expect(await publisher.check()).toMatchObject({ ok: false, code: "page-failed" });
    expect((await ask(publisher, {})).status).toBe(200);
    expect(publisher.health().state).toBe("degraded");
  });
});

function listening(): {
  clock: ReturnType<typeof createVirtualClock>;
  reporter: ReturnType<typeof createReporter>;
  errors: string[];
} {
  const clock = createVirtualClock();
  const errors: string[] = [];
  return {
    clock,
    errors,
    reporter: createReporter("test", { clock, onError: ({ message }) => void errors.push(message) }),
  };
}

describe("scrapes at once", () => {
  test("share one collection, for each format", async () => {
    let readings = 0;
    const { promise: gate, resolve: open } = Promise.withResolvers<void>();
    const registry = {
      getMetricsAsJSON: async () => {
        readings += 1;
        await gate;
        return [];
      },
    };
    const { publisher } = openPublisher({ server: false, registry });
    publishEvent(publisher);
    const scrapes = Array.from({ length: 50 }, (_, at) => ask(publisher, at % 2 === 0 ? {} : accept));
    open();
    const bodies = new Set((await Promise.all(scrapes)).map(({ body }) => body.toString()));
    expect(bodies.size).toBe(2);
    expect(readings).toBe(1);
    await publisher.metrics();
    expect(readings).toBe(2);
  });

  test("take one snapshot and one compression, however long each waits, where nothing is waited for", async () => {
    let snapshots = 0;
    const { clock, reporter } = listening();
    const pages = new PageRenderer({
      snapshot: () => {
        snapshots += 1;
        return { time: 0, startTime: 0, families: [] };
      },
      ownFamilies: () => [],
      sources: [],
      createdLines: false,
      clock,
      reporter,
      signal: new AbortController().signal,
    });
    const rendered = await Promise.all(Array.from({ length: 50 }, (_, at) => pages.render("text", at * 100)));
    expect(new Set(rendered).size).toBe(1);
    expect(snapshots).toBe(1);
    expect(new Set(rendered.map((page) => page.gzipped())).size).toBe(1);
  });
});

test("a page takes its turn among the works of the process", async () => {
  const { publisher } = openPublisher({ server: false });
  const order: string[] = [];
  const { promise: paused, resolve: resume } = Promise.withResolvers<void>();
  const work = runInSlices(
    function* () {
      yield;
      order.push("request");
    },
    { sliceMs: 0, pause: () => paused },
  );
  const page = publisher.metrics().then(() => order.push("page"));
  await new Promise((resolve) => setImmediate(resolve));
  resume();
  await Promise.all([work, page]);
  expect(order).toEqual(["request", "page"]);
});

describe("a foreign registry", () => {
  const up = 'eventmeter_registry_up{source="registry"}';

  test.each([
    [
      "throws",
      () => {
        throw new Error("canary");
      },
      "",
    ],
    ["rejects", () => Promise.reject(new Error("canary")), ""],
    ["gives no array", () => Promise.resolve("canary" as never), " (TypeError)"],
  ])("that %s costs only its own metrics, shows as down and is reported once", async (_what, read, kind) => {
    let isBroken = true;
    const registry = { getMetricsAsJSON: (): PromiseLike<unknown[]> => (isBroken ? read() : Promise.resolve([])) };
    const { publisher, errors } = openPublisher({ server: false, registry });
    publishEvent(publisher);
    for (let scrape = 0; scrape < 3; scrape += 1) {
      const { status, body } = await ask(publisher, {});
      expect(status).toBe(200);
      expect(lineValue(body.toString(), up)).toBe(0);
      expect(body.toString()).toContain("event_duration_seconds_count{");
      expect(body.toString()).not.toContain("canary");
      parseExposition(body.toString(), "text");
    }
    expect(errors.map(({ message }) => message)).toEqual([
      `prometheus: the registry could not be read${kind}; the page goes without`,
    ]);
    isBroken = false;
    expect(lineValue(await publisher.metrics(), up)).toBe(1);
    isBroken = true;
    await publisher.metrics();
    expect(errors).toHaveLength(2);
  });

  test("that hangs is waited for once, within the scraper's own timeout", async () => {
    const clock = createVirtualClock();
    let readings = 0;
    let release = (): void => {};
    const registry = {
      getMetricsAsJSON: () => {
        readings += 1;
        return new Promise<unknown[]>((resolve) => {
          release = () => resolve([{ name: "late", help: "", type: "gauge", values: [{ labels: {}, value: 1 }] }]);
        });
      },
    };
    const { publisher } = openPublisher({ server: false, registry, clock });
    publishEvent(publisher);
    const scrape = ask(publisher, { "X-Prometheus-Scrape-Timeout-Seconds": "2" });
    let isDone = false;
    void scrape.then(() => (isDone = true));
    await clock.advance(1_500);
    expect(isDone).toBe(false);
    await clock.advance(150);
    const page = (await scrape).body.toString();
    expect(lineValue(page, up)).toBe(0);
    expect(page).toContain("event_duration_seconds_count{");
    const again = await ask(publisher, { "X-Prometheus-Scrape-Timeout-Seconds": "2" });
    expect(lineValue(again.body.toString(), up)).toBe(0);
    expect(readings).toBe(1);
    release();
    await clock.advance(0);
    const next = publisher.metrics();
    await clock.advance(0);
    release();
    const recovered = await next;
    expect(readings).toBe(2);
    expect(lineValue(recovered, up)).toBe(1);
    expect(lineValue(recovered, "late")).toBe(1);
  });

  test("is read once for an impatient scraper and a patient one, each of whom waits as long as it can", async () => {
    const clock = createVirtualClock();
    let readings = 0;
    const registry = {
      getMetricsAsJSON: () => {
        readings += 1;
        return new Promise<unknown[]>((resolve) => void clock.setTimeout(() => resolve([]), 2_500));
      },
    };
    const { publisher, errors } = openPublisher({ server: false, registry, clock });
    const impatient = ask(publisher, { "X-Prometheus-Scrape-Timeout-Seconds": "1" });
    await clock.advance(1_000);
    const patient = ask(publisher, { "X-Prometheus-Scrape-Timeout-Seconds": "10" });
    const rejected = ask(publisher, { "X-Prometheus-Scrape-Timeout-Seconds": "1" });
    expect(lineValue((await impatient).body.toString(), up)).toBe(0);
    expect(lineValue((await rejected).body.toString(), up)).toBe(0);
    await clock.advance(1_500);
    expect(lineValue((await patient).body.toString(), up)).toBe(1);
    expect([readings, errors.length]).toEqual([1, 1]);
  });

  test.each([
    ["0.001", 800],
    ["1", 800],
    ["10", 8_000],
    ["3600", 8_000],
    ["garbage", 4_000],
    ["-1", 4_000],
    ["Infinity", 8_000],
    [undefined, 4_000],
  ])("has a time that follows the scrape timeout %s within bounds: %i ms", async (timeout, budgetMs) => {
    const clock = createVirtualClock();
    const registry = { getMetricsAsJSON: () => new Promise<never>(() => {}) };
    const { publisher } = openPublisher({ server: false, registry, clock });
    const headers: Record<string, string> =
      timeout === undefined ? {} : { "X-Prometheus-Scrape-Timeout-Seconds": timeout };
    let isDone = false;
    const scrape = ask(publisher, headers).then(() => (isDone = true));
    await clock.advance(budgetMs - 1);
    expect(isDone).toBe(false);
    await clock.advance(1);
    await scrape;
  });

  test("that asks for the page itself is read once, and the page goes without it", async () => {
    const clock = createVirtualClock();
    let readings = 0;
    const { publisher } = openPublisher({
      server: false,
      clock,
      registry: {
        async getMetricsAsJSON() {
          readings += 1;
          await publisher.metrics();
          return [];
        },
      },
    });
    const page = publisher.metrics();
    await clock.advance(4_000);
    expect(lineValue(await page, up)).toBe(0);
    expect(readings).toBe(1);
  });

  test("that hangs is reported each time anew, once it has answered in between", async () => {
    const clock = createVirtualClock();
    let isHanging = true;
    let release = (): void => {};
    const registry = {
      getMetricsAsJSON: () =>
        isHanging ? new Promise<unknown[]>((resolve) => (release = () => resolve([]))) : Promise.resolve([]),
    };
    const { publisher, errors } = openPublisher({ server: false, registry, clock });
    for (let round = 1; round <= 2; round += 1) {
      isHanging = true;
      const late = publisher.metrics();
      await clock.advance(4_000);
      expect(lineValue(await late, up)).toBe(0);
      expect(errors.map(({ message }) => message)).toEqual(
        Array.from(
          { length: round },
          () => "prometheus: the registry did not answer within 4000 ms; the page goes without",
        ),
      );
      isHanging = false;
      release();
      await clock.advance(0);
      expect(lineValue(await publisher.metrics(), up)).toBe(1);
    }
  });

  test("has at most 100 reports of what is left out", async () => {
    const registry = {
      getMetricsAsJSON: () =>
        Promise.resolve(Array.from({ length: 150 }, (_, at) => ({ name: `m${at}`, type: "gauge", values: [{}] }))),
    };
    const { publisher, errors } = openPublisher({ server: false, registry });
    await publisher.metrics();
    await publisher.metrics();
    expect(errors).toHaveLength(100);
  });

  test("does not take the place of an own family, which is reported once", async () => {
    const registry = new Registry();
    const taken = ["event_retries_total", "event_duration_seconds_count", "network_bytes", "event_retries_created"];
    for (const name of [...taken, "jobs_total"]) new Counter({ name, help: "foreign", registers: [registry] }).inc(7);
    const { publisher, errors } = openPublisher({ server: false, registry });
    publishEvent(publisher);
    for (const format of ["text", "openmetrics", "text"] as const) {
      const page = await publisher.metrics({ format });
      parseExposition(page, format);
      expect(lineValue(page, 'event_retries_total{event_name="import"}')).toBe(2);
      expect(lineValue(page, "jobs_total")).toBe(7);
    }
    expect(errors.map(({ message }) => message)).toEqual(
      taken.map(
        (name) =>
          `prometheus: a metric of a registry is not on the page: ${name}: its name is taken by another family of the page`,
      ),
    );
  });
});
