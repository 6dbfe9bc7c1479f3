import { PerformanceObserver } from "node:perf_hooks";
import { setTimeout } from "node:timers/promises";
import { queryObjects } from "node:v8";
import { PrometheusPublisher } from "@eventmeter/publisher-prometheus";
import { createVirtualClock } from "@eventmeter/testkit";
import { collectDefaultMetrics, Registry } from "prom-client";
import { afterEach, expect, test } from "vitest";
import { takeWarnings } from "../../../test/warnings.ts";
import { parseExposition } from "./exposition-parser.ts";
import { lineValue, openPublisher } from "./publisher-harness.ts";

/** Counts what only an observer holds. */
function held(): { readonly observers: number; readonly timers: number } {
  const { libuv } = process.report.getReport() as unknown as {
    libuv: { type: string; is_active: boolean; repeat: number }[];
  };
  return {
    observers: queryObjects(PerformanceObserver) as unknown as number,
    timers: libuv.filter(({ type, is_active: isActive, repeat }) => type === "timer" && isActive && repeat === 10)
      .length,
  };
}

// The first call of v8.queryObjects() in a process warns.
afterEach(async () => {
  for (const warning of await takeWarnings())
    expect(warning).toMatchObject({
      name: "ExperimentalWarning",
      message: expect.stringContaining("v8.queryObjects()"),
    });
});

test("has every default metric of prom-client under its own name, type and help", async () => {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const { publisher } = openPublisher({ server: false, processMetrics: true });
  const page = await publisher.metrics();
  const ours = new Map(parseExposition(page, "text").map(({ name, type, help }) => [name, { type, help }]));
  for (const { name, type, help } of registry.getMetricsAsArray()) {
    // Absent where it cannot be measured, on their page too.
    const theirs = await registry.getSingleMetricAsString(name);
    if (theirs.trim().split("\n").length > 2) expect(ours.get(name), name).toEqual({ type, help });
  }
  parseExposition(await publisher.metrics({ format: "openmetrics" }), "openmetrics");
});

test("measures garbage collection and the lag of the event loop", async () => {
  const { publisher } = openPublisher({ server: false, processMetrics: true });
  await publisher.metrics();
  queryObjects(Registry);
  await expect
    .poll(async () => lineValue(await publisher.metrics(), 'nodejs_gc_duration_seconds_count{kind="major"}'))
    .toBeGreaterThan(0);
  await expect
    .poll(async () => lineValue(await publisher.metrics(), "nodejs_eventloop_lag_mean_seconds"))
    .toBeGreaterThan(0);
  expect(lineValue(await publisher.metrics(), "nodejs_eventloop_lag_seconds")).toBeGreaterThanOrEqual(0);
});

test("two scrapers do not take the lag of the event loop from each other", async () => {
  const clock = createVirtualClock();
  const { publisher } = openPublisher({ server: false, processMetrics: true, clock });
  const longest = async (): Promise<number> =>
    lineValue(await publisher.metrics(), "nodejs_eventloop_lag_max_seconds") ?? Number.NaN;
  await longest();
  // The histograms count what the event loop does after they have begun.
  await setTimeout(50);
  const end = performance.now() + 500;
  while (performance.now() < end);
  await setTimeout(50);
  expect(await longest()).toBeGreaterThan(0.4);
  expect(await longest()).toBeGreaterThan(0.4);
  await clock.advance(59_999);
  expect(await longest()).toBeGreaterThan(0.4);
  // From here on the histogram that began with the first page is read, and the next one begins.
  await clock.advance(1);
  expect(await longest()).toBeGreaterThan(0.4);
  await clock.advance(60_000);
  expect(await longest()).not.toBeGreaterThan(0.4);
});

test("leaves no observer and no timer behind when it is closed", async () => {
  const before = held();
  const publishers = Array.from({ length: 10 }, () => new PrometheusPublisher({ server: false, processMetrics: true }));
  await Promise.all(publishers.map((publisher) => publisher.metrics()));
  expect(held()).toEqual({ observers: before.observers + 10, timers: before.timers + 20 });
  await Promise.all(publishers.map((publisher) => publisher.close()));
  await expect.poll(held).toEqual(before);
});

test("loads nothing when it is closed first", async () => {
  const before = held();
  const { publisher } = openPublisher({ processMetrics: true });
  const starting = publisher.start();
  await publisher.close();
  await expect(starting).rejects.toThrow();
  await import("prom-client");
  expect(held()).toEqual(before);
});
