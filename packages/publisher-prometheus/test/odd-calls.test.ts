import { setImmediate } from "node:timers/promises";
import { PrometheusPublisher, type WritableRegistry } from "@eventmeter/publisher-prometheus";
import { Gauge, Registry } from "prom-client";
import { expect, onTestFinished, test } from "vitest";
import { parseExposition } from "./exposition-parser.ts";
import { openPublisher, publishEvent } from "./publisher-harness.ts";

test("a registry that cannot take a metric off costs the close nothing, and the others are taken off", async () => {
  const removed: string[] = [];
  const registry: WritableRegistry = {
    registerMetric: () => {},
    removeSingleMetric(name) {
      removed.push(name);
      throw new Error("canary");
    },
  };
  const { publisher, errors } = openPublisher();
  await publisher.start();
  const { url } = publisher;
  publisher.registerInto(registry);
  expect(await publisher.close()).toMatchObject({ status: "complete" });
  expect(removed).toHaveLength(5);
  expect(errors.map(({ message }) => message)).toContain(
    "prometheus: event_duration_seconds could not be taken off a registry",
  );
  await expect(fetch(url ?? "")).rejects.toThrow();
});

test("a metric that somebody else has registered under one of our names stays when we are closed", async () => {
  const registry = new Registry();
  const { publisher } = openPublisher({ server: false });
  publisher.registerInto(registry);
  registry.clear();
  const gauge = new Gauge({ name: "event_duration_seconds", help: "Theirs.", registers: [registry] });
  await publisher.close();
  expect(registry.getMetricsAsArray()).toEqual([gauge]);
});

test("a health that is a promise is none, and its rejection harms nobody", async () => {
  const rejections: unknown[] = [];
  const note = (cause: unknown): void => void rejections.push(cause);
  process.on("unhandledRejection", note);
  onTestFinished(() => void process.off("unhandledRejection", note));
  const { publisher } = openPublisher({ server: false });
  publisher.watch({ name: "odd", health: (async () => Promise.reject(new Error("canary"))) as never });
  expect(await publisher.metrics()).toContain('eventmeter_publisher_up{publisher="odd"} 0\n');
  await setImmediate();
  await setImmediate();
  expect(rejections).toEqual([]);
});

test("watched publishers of one name have series of their own, whatever the names of others", async () => {
  const { publisher } = openPublisher({ server: false });
  const { publisher: inner } = openPublisher({ server: false });
  const health = { ...inner.health(), droppedBy: { "r\ud800": 1, "r\ud801": 2 } };
  for (const name of ["x#2", "x", "x", "y\ud800", "y\ud801", "y\ufffd"])
    publisher.watch({ name, health: () => health as never });
  const page = await publisher.metrics();
  parseExposition(page, "text");
  const names = [...page.matchAll(/^eventmeter_publisher_up\{publisher="(.*)"\}/gm)].map(([, name]) => name);
  expect(names).toEqual(["x#2", "x", "x#3", "y\ufffd", "y\ufffd#2", "y\ufffd#3"]);
});

test("watch rejects what throws while it is looked at, as an option", () => {
  const { publisher } = openPublisher({ server: false });
  const hostile = {
    get name(): string {
      throw new Error("canary");
    },
  };
  expect(() => publisher.watch(hostile as never)).toThrow(expect.objectContaining({ code: "options" }));
});

test("check never rejects, whatever its signal is", async () => {
  const { publisher } = openPublisher();
  await publisher.start();
  const signal = {
    aborted: false,
    addEventListener(): void {
      throw new Error("canary");
    },
    removeEventListener(): void {},
  };
  expect(await publisher.check({ signal })).toMatchObject({ ok: true });
  expect(await publisher.check({ signal: AbortSignal.abort() })).toMatchObject({ ok: false, code: "page-failed" });
});

test("metrics takes null for no options, and fetch answers what is no request", async () => {
  const { publisher } = openPublisher({ server: false });
  publishEvent(publisher);
  expect(await publisher.metrics(null as never)).toBe(await publisher.metrics());
  for (const request of [undefined, null, 5, {}, { method: "GET" }])
    expect([400, 405]).toContain((await publisher.fetch(request as never)).status);
});

const hole: unknown[] = [];
hole.length = 1;

test.each([
  ["labels.event[0]", { labels: { event: hole } }],
  ["bounds.event_duration_seconds[0]", { bounds: { event_duration_seconds: hole } }],
  ["allowedHosts[0]", { allowedHosts: hole }],
])("a hole in %s is a wrong option", (path, options) => {
  expect(() => new PrometheusPublisher({ server: false, ...(options as object) })).toThrow(
    expect.objectContaining({ code: "options", message: expect.stringContaining(path) as string }),
  );
});
