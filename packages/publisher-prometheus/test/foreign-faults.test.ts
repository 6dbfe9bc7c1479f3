import { systemClock } from "@eventmeter/core/publisher";
import * as client from "prom-client";
import { expect, test } from "vitest";
import { parseExposition } from "./exposition-parser.ts";
import { openPublisher, publishEvent } from "./publisher-harness.ts";

async function pagesOf(type: string, values: readonly unknown[], help = "h"): Promise<[string, string[]]> {
  const registry = { getMetricsAsJSON: () => Promise.resolve([{ name: "odd_total", help, type, values }]) };
  const { publisher, errors } = openPublisher({ server: false, registry });
  parseExposition(await publisher.metrics(), "text");
  const page = await publisher.metrics({ format: "openmetrics" });
  parseExposition(page, "openmetrics");
  return [page, errors.map(({ message }) => message.split("odd_total: ")[1] ?? message)];
}

test.each([
  ["no number as its time", { value: 1, timestamp: Number.NaN }, 'odd_total 5 # {trace_id="a"} 1\n'],
  ["an endless time", { value: 1, timestamp: Infinity }, 'odd_total 5 # {trace_id="a"} 1\n'],
  ["no number as its value", { value: Number.NaN, timestamp: 1 }, "odd_total 5\n"],
  ["an endless value", { value: -Infinity, timestamp: 1 }, "odd_total 5\n"],
])("an exemplar with %s costs nothing but itself", async (_what, exemplar, line) => {
  const values = [{ labels: {}, value: 5, exemplar: { labelSet: { trace_id: "a" }, ...exemplar } }];
  expect((await pagesOf("counter", values))[0]).toContain(line);
});

test("a clock that gives no number costs neither our page nor that of a registry", async () => {
  const clock = { ...systemClock, now: () => Number.NaN };
  const { publisher } = openPublisher({ server: false, clock, exemplars: true, createdLines: true });
  const registry = new client.Registry<client.RegistryContentType>();
  registry.setContentType(client.Registry.OPENMETRICS_CONTENT_TYPE);
  publisher.registerInto(registry);
  publishEvent(publisher);
  for (const page of [await publisher.metrics({ format: "openmetrics" }), await registry.metrics()]) {
    expect(page).toContain("event_duration_seconds_count{");
    expect(page.replaceAll('le="+Inf"', "")).not.toMatch(/NaN|Inf/);
  }
});

const twice = "a series is there twice";
const bucket = (le: unknown, value = 1, labels = {}): unknown => ({
  metricName: "odd_total_bucket",
  labels: { le, ...labels },
  value,
});
const count = { metricName: "odd_total_count", labels: {}, value: 1 };
const sum = { metricName: "odd_total_sum", labels: {}, value: 1 };

test.each([
  [
    "lone surrogates that look the same",
    "gauge",
    ["x\ud800", "x\ud801"].map((v) => ({ labels: { v }, value: 1 })),
    twice,
  ],
  ["a NUL and what it becomes", "gauge", ["x\0", "x\ufffd"].map((v) => ({ labels: { v }, value: 1 })), twice],
  ["one bound in two spellings", "histogram", [bucket("1"), bucket("1.0"), bucket("+Inf"), count], twice],
  [
    "one quantile in two spellings",
    "summary",
    [".5", "0.50"].map((quantile) => ({ labels: { quantile }, value: 1 })),
    twice,
  ],
  ["a bucket without a bound", "histogram", [bucket(undefined), bucket("+Inf"), count], "a sample has no good le"],
  ["a bound that is text", "histogram", [bucket("abc"), bucket("+Inf"), count], "a sample has no good le"],
  [
    "a bound that only JavaScript reads",
    "histogram",
    [bucket("0x10"), bucket("+Inf"), count],
    "a sample has no good le",
  ],
  ["no last bucket", "histogram", [bucket("1"), sum, count], "a histogram lacks its bucket +Inf or its count"],
  [
    "one label set without a count",
    "histogram",
    [bucket("+Inf"), count, bucket("+Inf", 1, { a: "b" })],
    "a histogram lacks its bucket +Inf or its count",
  ],
  ["a sum alone", "histogram", [sum], "a histogram lacks its bucket +Inf or its count"],
  ["a negative bucket", "histogram", [bucket("+Inf", -1), count], "a count is negative or no number"],
  ["a negative counter", "counter", [{ labels: {}, value: -1 }], "a count is negative or no number"],
  ["a counter that is no number", "counter", [{ labels: {}, value: Number.NaN }], "a count is negative or no number"],
  ["a counter without end below", "counter", [{ labels: {}, value: -Infinity }], "a count is negative or no number"],
  ["a quantile above 1", "summary", [{ labels: { quantile: 1.5 }, value: 1 }], "a quantile is outside 0 to 1"],
  ["a quantile below 0", "summary", [{ labels: { quantile: -0.5 }, value: 1 }], "a quantile is outside 0 to 1"],
] as const)("a family with %s is left out and reported", async (_what, type, values, reason) => {
  const [page, messages] = await pagesOf(type, values);
  expect(page.split("\n").filter((line) => line.startsWith("odd")).length).toBeLessThan(2);
  expect(messages).toEqual([reason]);
});

test("a bound that is Infinity is shown as +Inf", async () => {
  const [page, messages] = await pagesOf("histogram", [bucket(Infinity), sum, count]);
  expect(page).toContain('odd_total_bucket{le="+Inf"} 1\n');
  expect(messages).toEqual([]);
});

test("a help of many megabytes is cut at 4,096 characters", async () => {
  const [page] = await pagesOf("gauge", [{ labels: {}, value: 1 }], "x".repeat(10_000_000));
  expect(page).toContain(`# HELP odd_total ${"x".repeat(4_096)}\n`);
});
