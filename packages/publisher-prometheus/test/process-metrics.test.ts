import { PerformanceObserver } from "node:perf_hooks";
import { queryObjects } from "node:v8";
import { PrometheusPublisher } from "@eventmeter/publisher-prometheus";
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

test("leaves no observer and no timer behind when it is closed", async () => {
  const before = held();
  const publishers = Array.from({ length: 10 }, () => new PrometheusPublisher({ server: false, processMetrics: true }));
  await Promise.all(publishers.map((publisher) => publisher.metrics()));
  expect(held()).toEqual({ observers: before.observers + 10, timers: before.timers + 10 });
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
