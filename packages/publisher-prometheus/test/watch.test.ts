import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { createPublisher, filtered, type PublisherHealth } from "@eventmeter/core";
import { describe, expect, test } from "vitest";
import type { Watched } from "@eventmeter/publisher-prometheus";
import { WatchedPublishers } from "../src/sources/watched-publishers.ts";
import { parseExposition } from "./exposition-parser.ts";
import { lineValue, openPublisher, publishEvent } from "./publisher-harness.ts";

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

const health = (over: Partial<PublisherHealth> = {}): PublisherHealth => ({
  name: "inner",
  state: "ok",
  received: 10,
  recovered: 1,
  delivered: 5,
  dropped: 3,
  ignored: 2,
  pending: 1,
  droppedBy: { rejected: 2, "queue-full": 1 },
  ignoredBy: { unfinished: 2 },
  pendingDetail: { bytes: 512, oldestAgeMs: 5 },
  repaired: 0,
  retries: 4,
  lastSuccess: 1_800_000_000_500,
  lastError: { code: "x", message: "canary", time: 1_800_000_000_000 },
  ...over,
});

async function pageOf(...watched: readonly { name: string; health: () => PublisherHealth }[]): Promise<string> {
  const { publisher } = openPublisher({ server: false });
  for (const other of watched) publisher.watch(other);
  parseExposition(await publisher.metrics({ format: "openmetrics" }), "openmetrics");
  const page = await publisher.metrics();
  parseExposition(page, "text");
  return page;
}

test("shows all numbers of a publisher", async () => {
  const page = await pageOf({ name: "docs", health: () => health() });
  const lines = page.split("\n").filter((line) => line.startsWith("eventmeter_publisher_"));
  expect(lines).toEqual([
    'eventmeter_publisher_up{publisher="docs"} 1',
    'eventmeter_publisher_received_total{publisher="docs"} 10',
    'eventmeter_publisher_recovered_total{publisher="docs"} 1',
    'eventmeter_publisher_delivered_total{publisher="docs"} 5',
    'eventmeter_publisher_dropped_total{publisher="docs",reason="rejected"} 2',
    'eventmeter_publisher_dropped_total{publisher="docs",reason="queue-full"} 1',
    'eventmeter_publisher_ignored_total{publisher="docs",reason="unfinished"} 2',
    'eventmeter_publisher_retries_total{publisher="docs"} 4',
    'eventmeter_publisher_pending{publisher="docs"} 1',
    'eventmeter_publisher_pending_bytes{publisher="docs"} 512',
    'eventmeter_publisher_last_success_timestamp_seconds{publisher="docs"} 1800000000.5',
    'eventmeter_publisher_last_error_timestamp_seconds{publisher="docs"} 1800000000',
  ]);
});

test("shows nothing while nothing is watched, and has nothing of a publisher that is closed", async () => {
  expect(await pageOf()).not.toContain("eventmeter_publisher_");
  const { publisher } = openPublisher({ server: false });
  publisher.watch({ name: "docs", health: () => health() });
  await publisher.close();
  publisher.watch({ name: "docs", health: () => health() });
  expect(await publisher.metrics()).not.toContain("eventmeter_publisher_");
});

test("shows what is inside a publisher under its own name, told apart by its parents", async () => {
  const leaf = health({ name: "leaf" });
  const page = await pageOf({
    name: "all",
    health: () =>
      health({
        children: [health({ name: "a", children: [leaf, leaf] }), health({ name: "b", children: [leaf] }), leaf],
      }),
  });
  const shown = page.split("\n").filter((line) => line.startsWith("eventmeter_publisher_up{"));
  expect(shown).toEqual([
    'eventmeter_publisher_up{publisher="all"} 1',
    'eventmeter_publisher_up{publisher="a",parent="all"} 1',
    'eventmeter_publisher_up{publisher="leaf",parent="all/a"} 1',
    'eventmeter_publisher_up{publisher="leaf#2",parent="all/a"} 1',
    'eventmeter_publisher_up{publisher="b",parent="all"} 1',
    'eventmeter_publisher_up{publisher="leaf",parent="all/b"} 1',
    'eventmeter_publisher_up{publisher="leaf",parent="all"} 1',
  ]);
});

test("shows two publishers of one name apart, and one that is watched twice once", async () => {
  const [one, other] = [
    { name: "docs", health: () => health() },
    { name: "docs", health: () => health({ received: 11 }) },
  ];
  const page = await pageOf(one, one, other);
  expect(page.match(/^eventmeter_publisher_received_total.*$/gm)).toEqual([
    'eventmeter_publisher_received_total{publisher="docs"} 10',
    'eventmeter_publisher_received_total{publisher="docs#2"} 11',
  ]);
});

test("shows wrappers and itself", async () => {
  const { publisher } = openPublisher({ server: false });
  const wrapped = filtered(createPublisher({ name: "plugin", event: () => {} }), () => true);
  publisher.watch(wrapped);
  publisher.watch(publisher);
  publishEvent(publisher);
  wrapped.publishEventMetrics({ eventName: "a", taskId: 1, startTime: Date.now(), endTime: Date.now() });
  const page = await publisher.metrics();
  parseExposition(page, "text");
  expect(lineValue(page, 'eventmeter_publisher_delivered_total{publisher="prometheus"}')).toBe(1);
  expect(lineValue(page, 'eventmeter_publisher_received_total{publisher="plugin"}')).toBe(1);
});

describe("a health", () => {
  test.each<readonly [string, () => unknown]>([
    [
      "that throws",
      () => {
        throw new Error("canary");
      },
    ],
    ["that is empty", () => ({})],
    ["without a known state", () => health({ state: "fine" as never })],
    ["without one of the totals", () => ({ ...health(), delivered: undefined })],
    ["that is nothing", () => undefined],
    ["that is null", () => null],
    ["that is text", () => "canary"],
    [
      "with a getter that throws",
      () => ({
        get state(): never {
          throw new Error("canary");
        },
      }),
    ],
  ])("%s shows as down and harms nothing", async (_what, read) => {
    const page = await pageOf(
      { name: "bad", health: read as () => PublisherHealth },
      { name: "good", health: () => health() },
    );
    expect(page.match(/.*publisher="bad".*/g)).toEqual(['eventmeter_publisher_up{publisher="bad"} 0']);
    expect(lineValue(page, 'eventmeter_publisher_received_total{publisher="good"}')).toBe(10);
    expect(page).not.toContain("canary");
  });

  test("that is failing shows as down", async () => {
    expect(await pageOf({ name: "bad", health: () => health({ state: "failing" }) })).toContain(
      '_up{publisher="bad"} 0',
    );
  });

  const unusable = [Number.NaN, Infinity, "1", null, undefined, {}, 5n];

  test.each(unusable)("with the total %s shows as down", async (number) => {
    const page = await pageOf({ name: "odd", health: () => health({ received: number as never }) });
    expect(page.match(/.*publisher="odd".*/g)).toEqual(['eventmeter_publisher_up{publisher="odd"} 0']);
  });

  test.each([...unusable, -1])("with the number %s for a reason leaves that reason out", async (number) => {
    const odd = { droppedBy: { rejected: number, expired: 1 }, ignoredBy: { unfinished: number } } as never;
    const page = await pageOf({ name: "odd", health: () => health(odd) });
    expect(page.match(/(dropped|ignored)_total\{.*/g)).toEqual(['dropped_total{publisher="odd",reason="expired"} 1']);
    expect(lineValue(page, 'eventmeter_publisher_delivered_total{publisher="odd"}')).toBe(5);
  });

  test.each(unusable)("with %s bytes, retries and times has none of them", async (number) => {
    const odd = { pendingDetail: { bytes: number }, retries: number, lastSuccess: number, lastError: { time: number } };
    const page = await pageOf({ name: "odd", health: () => health(odd as never) });
    expect(lineValue(page, 'eventmeter_publisher_pending_bytes{publisher="odd"}')).toBe(0);
    expect(lineValue(page, 'eventmeter_publisher_retries_total{publisher="odd"}')).toBe(0);
    expect(page).not.toMatch(/last_success_timestamp_seconds\{/);
  });

  test("with negative numbers leaves them out", async () => {
    const odd = { received: -1, pendingDetail: { bytes: -1 }, lastSuccess: -1_000 } as never;
    const page = await pageOf({ name: "odd", health: () => health(odd) });
    expect(page).not.toMatch(/received_total\{|pending_bytes\{|last_success_timestamp_seconds\{/);
    expect(lineValue(page, 'eventmeter_publisher_delivered_total{publisher="odd"}')).toBe(5);
  });

  test("with odd parts keeps the rest", async () => {
    const odd = {
      droppedBy: null,
      ignoredBy: { 'a"b\n': 1 },
      pendingDetail: undefined,
      children: [null, 5, {}, "x"],
      lastError: 5,
      extra: () => "canary",
    } as never;
    const page = await pageOf({ name: "odd", health: () => health(odd) });
    expect(lineValue(page, 'eventmeter_publisher_ignored_total{publisher="odd",reason="a\\"b\\n"}')).toBe(1);
    expect(lineValue(page, 'eventmeter_publisher_up{publisher="odd"}')).toBe(1);
    expect(page).not.toMatch(/parent=|canary/);
  });

  test("that contains itself ends somewhere", () => {
    const children: PublisherHealth[] = [];
    const endless = health({ name: "loop", children });
    children.push(endless, endless);
    const watched = new WatchedPublishers({ error() {} });
    watched.add({ name: "loop", health: () => endless });
    const samples = watched.families()[0]?.samples ?? [];
    expect(samples).toHaveLength(1_000);
    const depths = samples.map(
      ({ labels }) => new Map(labels as [string, string][]).get("parent")?.split("/").length ?? 0,
    );
    expect(Math.max(...depths)).toBe(15);
    watched.add({ name: "another", health: () => endless });
    expect(watched.families()[0]?.samples).toHaveLength(1_000);
  });
});

test.each([undefined, null, 5, {}, { name: "x" }, { health: () => health() }])("rejects to watch %j", (value) => {
  const { publisher } = openPublisher({ server: false });
  expect(() => publisher.watch(value as never)).toThrow("prometheus: watch() expects a publisher");
});

describe("publishers that are closed", () => {
  const received = /^eventmeter_publisher_received_total.*$/gm;

  test("are shown on one more page, with their last numbers", async () => {
    const { publisher } = openPublisher({ server: false });
    const plugin = createPublisher({ name: "plugin", event: () => {} });
    publisher.watch(plugin);
    publisher.watch({ name: "living", health: () => health() });
    plugin.publishEventMetrics({ eventName: "a", taskId: 1, startTime: Date.now(), endTime: Date.now() });
    await plugin.close();
    expect((await publisher.metrics()).match(received)).toEqual([
      'eventmeter_publisher_received_total{publisher="plugin"} 1',
      'eventmeter_publisher_received_total{publisher="living"} 10',
    ]);
    expect((await publisher.metrics()).match(received)).toEqual([
      'eventmeter_publisher_received_total{publisher="living"} 10',
    ]);
  });

  test("are not kept where nobody asks for the page, and leave room for 1,000 others", async () => {
    const { publisher, errors } = openPublisher({ server: false });
    const refs: WeakRef<Watched>[] = [];
    for (let count = 0; count < 5_000; count += 1) {
      const closed: Watched = { name: `closed-${count}`, health: () => health({ state: "closed" }) };
      refs.push(new WeakRef(closed));
      publisher.watch(closed);
    }
    // A WeakRef keeps its target to the end of the turn that made it.
    await new Promise((resolve) => setImmediate(resolve));
    collectGarbage();
    expect(refs.filter((ref) => ref.deref() !== undefined).length).toBeLessThan(200);
    for (let count = 0; count < 900; count += 1)
      publisher.watch({ name: `living-${count}`, health: () => health({ received: 11 }) });
    await publisher.metrics();
    const page = await publisher.metrics();
    expect(page.match(/^eventmeter_publisher_received_total.* 11$/gm)).toHaveLength(900);
    expect(page).not.toContain("closed-");
    // The first page had no room for the last numbers of all that were closed.
    expect(errors.map((error) => (error as { code?: string }).code)).toEqual(["watch-overflow"]);
  });
});

test("a publisher that is unwatched leaves the page, and any other stays", async () => {
  const { publisher } = openPublisher({ server: false });
  const [one, other] = [
    { name: "one", health: () => health() },
    { name: "other", health: () => health() },
  ];
  publisher.watch(one);
  publisher.watch(other);
  publisher.unwatch(one);
  publisher.unwatch(one);
  publisher.unwatch(undefined as never);
  const page = await publisher.metrics();
  expect(page).not.toContain('publisher="one"');
  expect(lineValue(page, 'eventmeter_publisher_received_total{publisher="other"}')).toBe(10);
});

test("more publishers than the page shows are reported once, until there is room again", async () => {
  const { publisher, errors } = openPublisher({ server: false });
  const watched = Array.from({ length: 1_200 }, (_, at) => ({ name: `p-${at}`, health: () => health() }));
  for (const each of watched) publisher.watch(each);
  expect(errors.map(({ message }) => message)).toEqual([
    "prometheus: the page has room for 1000 publishers, those inside others included; further ones are not shown. Call unwatch() for publishers that are not used any more, or close() them",
  ]);
  expect((await publisher.metrics()).match(/^eventmeter_publisher_up.*$/gm)).toHaveLength(1_000);
  for (const each of watched.slice(0, 10)) publisher.unwatch(each);
  publisher.watch({
    name: "composite",
    health: () => health({ children: Array.from({ length: 20 }, () => health()) }),
  });
  await publisher.metrics();
  await publisher.metrics();
  expect(errors).toHaveLength(2);
});
