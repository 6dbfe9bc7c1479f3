import { CATALOGUE, DEFAULT_BOUNDS, SeriesStore } from "@eventmeter/aggregation";
import { createEventFields, createNetworkFields } from "@eventmeter/core/publisher";
import { expect, test } from "vitest";
import { addEvent, addNetwork, counters, family, histograms, START } from "./sample-records.ts";

test("a fresh snapshot holds the four families of the catalogue, empty", () => {
  const { families } = new SeriesStore().snapshot();
  expect(families.map(({ name, type, unit, size }) => [name, type, unit, size])).toEqual([
    ["event_duration_seconds", "histogram", "seconds", 0],
    ["event_retries_total", "counter", "", 0],
    ["network_bytes_total", "counter", "bytes", 0],
    ["network_latency_seconds", "histogram", "seconds", 0],
  ]);
  expect(families.map(({ labelNames }) => labelNames)).toEqual(CATALOGUE.map(({ labelNames }) => labelNames));
});

test("a finished event is one duration under its name and status", () => {
  const store = new SeriesStore();
  addEvent(store, { endTime: START + 250 });
  addEvent(store, { endTime: START + 400 });
  addEvent(store, { status: "failed" });
  const points = histograms(store).map(({ labels, sum, count }) => ({ labels, sum, count }));
  expect(points).toEqual([
    { labels: { event_name: "job", status: "completed" }, sum: 0.65, count: 2 },
    { labels: { event_name: "job", status: "failed" }, sum: 1, count: 1 },
  ]);
});

test("retries make a series only where there are any, whatever the status", () => {
  const store = new SeriesStore();
  addEvent(store, { eventName: "calm" });
  addEvent(store, { retryCount: 2 });
  addEvent(store, { retryCount: 3, status: "failed" });
  expect(counters(store, "event_retries_total")).toEqual([{ labels: { event_name: "job" }, value: 5 }]);
});

test("a finished network operation is its bytes in both directions and one latency", () => {
  const store = new SeriesStore();
  addNetwork(store, { bytesSent: 10, bytesReceived: 0 });
  addNetwork(store, { bytesSent: 5, bytesReceived: 7 });
  expect(counters(store, "network_bytes_total")).toEqual([
    { labels: { operation: "GET", direction: "sent" }, value: 15 },
    { labels: { operation: "GET", direction: "received" }, value: 7 },
  ]);
  const [point] = histograms(store, "network_latency_seconds");
  expect([point?.labels, point?.sum, point?.count]).toEqual([{ operation: "GET" }, 2, 2]);
});

test.each(DEFAULT_BOUNDS.map((bound, bucket) => [bound, bucket] as const))(
  "a duration of %s s is within its bound",
  (bound, bucket) => {
    const store = new SeriesStore();
    addEvent(store, { endTime: START + bound * 1000 });
    addEvent(store, { endTime: START + bound * 1000 + 1 });
    const counts = histograms(store)[0]?.bucketCounts;
    expect(counts?.[bucket]).toBe(1);
    expect(counts?.[bucket + 1]).toBe(1);
  },
);

test("bounds are those given, for the family they are given for", () => {
  const bounds = [1, 2];
  const store = new SeriesStore({ bounds: { network_latency_seconds: bounds } });
  bounds.push(3);
  addNetwork(store, { endTime: START + 1_500 });
  addNetwork(store, { endTime: START + 60_000 });
  addEvent(store);
  expect(histograms(store, "network_latency_seconds")[0]?.bounds).toEqual([1, 2]);
  expect([...(histograms(store, "network_latency_seconds")[0]?.bucketCounts ?? [])]).toEqual([0, 1, 1]);
  expect(histograms(store)[0]?.bounds).toEqual(DEFAULT_BOUNDS);
});

test("durations in whole milliseconds add up exactly", () => {
  const store = new SeriesStore();
  for (let added = 0; added < 10_000; added += 1) addEvent(store, { endTime: START + 1 });
  expect(histograms(store)[0]?.sum).toBe(10);
});

test.each([null, START - 1, Number.NaN, Infinity])(
  "fields that end at %s are rejected and leave no trace",
  (endTime) => {
    const store = new SeriesStore();
    const event = Object.assign(createEventFields("series"), {
      eventName: "job",
      status: "s",
      startTime: START,
      endTime,
    });
    const network = Object.assign(createNetworkFields("series"), { operation: "GET", startTime: START, endTime });
    expect(() => store.addEvent(event)).toThrow(RangeError);
    expect(() => store.addNetwork(network)).toThrow(RangeError);
    expect(store.snapshot().families.map(({ size }) => size)).toEqual([0, 0, 0, 0]);
  },
);

test.each([Number.NaN, Infinity, -Infinity, -1])("an amount of %s counts as nothing", (amount) => {
  const store = new SeriesStore();
  const event = { ...createEventFields("series"), eventName: "job", status: "s", startTime: START, endTime: START };
  store.addEvent({ ...event, retryCount: amount });
  const network = { ...createNetworkFields("series"), operation: "GET", startTime: START, endTime: START };
  store.addNetwork({ ...network, bytesSent: amount, bytesReceived: amount });
  expect(family(store, "event_retries_total").size).toBe(0);
  expect(counters(store, "network_bytes_total").map(({ value }) => value)).toEqual([0, 0]);
});

test("a counter never goes down and never becomes infinite", () => {
  const store = new SeriesStore();
  let before = 0;
  for (const bytesSent of [1e308, 1, Number.MAX_VALUE, Number.MAX_SAFE_INTEGER, 5]) {
    addNetwork(store, { bytesSent });
    const value = counters(store, "network_bytes_total")[0]?.value ?? Number.NaN;
    expect(value).toBeGreaterThanOrEqual(before);
    expect(value).toBeLessThan(Infinity);
    before = value;
  }
});

test("a snapshot stays as it was while records go on", () => {
  const store = new SeriesStore({ exemplars: true });
  addEvent(store, { taskId: "first", retryCount: 1 });
  addNetwork(store);
  const snapshot = store.snapshot();
  const before = structuredClone(snapshot.families.map(({ points, size }) => ({ points: [...points], size })));
  for (let added = 0; added < 100; added += 1) {
    addEvent(store, { eventName: `job-${added % 40}`, taskId: "later", retryCount: 1 });
    addEvent(store, { taskId: "later", retryCount: 1 });
    addNetwork(store, { operation: `op-${added}` });
  }
  expect(snapshot.families.map(({ points, size }) => ({ points: [...points], size }))).toEqual(before);
  const [duration] = snapshot.families;
  expect(duration?.type === "histogram" && duration.exemplar(0, 9)?.labels).toEqual({ task_id: "first" });
});

test("times come from the clock: now, and the moment of construction", () => {
  let now = 5_000;
  const clock = { now: () => now, monotonic: () => 0, setTimeout: () => ({ cancel() {} }) };
  const store = new SeriesStore({ clock });
  now = 9_000;
  expect(store.snapshot()).toMatchObject({ startTime: 5_000, time: 9_000 });
});

test("two stores share nothing", () => {
  const [one, other] = [new SeriesStore(), new SeriesStore()];
  addEvent(one);
  expect(family(other, "event_duration_seconds").size).toBe(0);
});

test("says how much memory its series take, which grows with label sets and not with records", () => {
  const store = new SeriesStore();
  expect(store.bytes).toBe(0);
  const add = (name: string): void => {
    addEvent(store, { eventName: name, retryCount: 1 });
    addNetwork(store, { operation: name });
  };
  // A histogram has 15 buckets and a sum, and there are three counters.
  const bytesPerName = (2 * (15 + 1) + 3) * 8;
  add("a");
  const one = store.bytes;
  expect(one).toBeGreaterThanOrEqual(bytesPerName);
  for (let records = 0; records < 10_000; records += 1) add("a");
  expect(store.bytes).toBe(one);
  for (let names = 0; names < 300; names += 1) add(`e${names}`);
  const many = store.bytes;
  expect(many).toBeGreaterThanOrEqual(301 * bytesPerName);
  // Room in the arrays, and the labels.
  expect(many).toBeLessThanOrEqual(5 * 301 * bytesPerName + one);
  for (let records = 0; records < 10_000; records += 1) add(`e${records % 300}`);
  expect(store.bytes).toBe(many);
});

test("a full store has room for what it can ever need and no more", () => {
  const store = new SeriesStore({ maxLabelSets: 20 });
  for (let names = 0; names < 100; names += 1) {
    addEvent(store, { eventName: `e${names}`, retryCount: 1 });
    addNetwork(store, { operation: `o${names}` });
  }
  // The overflow set is one more; of the bytes it is one for each direction.
  const numbers = (2 * 21 * (15 + 1) + 21 + 22) * 8;
  expect(store.bytes).toBeGreaterThan(numbers);
  // Besides the numbers, some 145 bytes for the labels of each of the 85 label sets.
  expect(store.bytes - numbers).toBeLessThan(85 * 160);
});
