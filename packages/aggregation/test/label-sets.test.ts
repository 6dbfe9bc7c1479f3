import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { fc, test as property } from "@fast-check/vitest";
import { SeriesStore } from "@eventmeter/aggregation";
import { expect, test } from "vitest";
import { addEvent, addNetwork, counters, family, histograms, START } from "./sample-records.ts";

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

const full = process.env["EVENTMETER_FULL"] === "1";
const HOSTILE = [
  "__proto__",
  "constructor",
  "toString",
  "hasOwnProperty",
  "_overflow",
  "0",
  "-0",
  "",
  '"',
  "\\",
  "\n",
  ",",
  "=",
  "\0",
  "é",
  "e\u0301",
  "\uD800",
  "\uDC00",
  "\uFFFD",
  "a\u0000b",
  'x",status="y',
];
const value = fc.oneof(
  fc.constantFrom(...HOSTILE),
  fc.string({ unit: "binary", maxLength: 6 }),
  fc.string({ unit: fc.constantFrom("a", "b", "\0", '"', ",", "\uD800") }),
);
const eventNames = value.map((text) => (text === "" ? "a" : text));

property.prop([fc.array(fc.tuple(eventNames, value, value), { maxLength: 60 })])(
  "label sets that differ are never merged, and those that are equal never split",
  (records) => {
    const store = new SeriesStore({ labels: { event: ["__proto__"] } });
    const expected = new Map<string, number>();
    for (const [eventName, status, promoted] of records) {
      addEvent(store, { eventName, status, attributes: Object.fromEntries([["__proto__", promoted]]) });
      const key = JSON.stringify(
        [eventName, status, promoted].map((text) => text.toWellFormed().replaceAll("\0", "\uFFFD")),
      );
      expected.set(key, (expected.get(key) ?? 0) + 1);
    }
    const points = histograms(store).map(({ labels, count }) => {
      const { event_name: event, status, proto__: promoted } = labels;
      return [JSON.stringify([event, status, promoted]), count];
    });
    expect(Object.fromEntries(points)).toEqual(Object.fromEntries(expected));
    expect(points).toHaveLength(expected.size);
  },
);

test("values that a page cannot tell apart are one series, however often they come", () => {
  const store = new SeriesStore();
  for (const eventName of ["\uD800", "\uDBFF", "\uFFFD", "\uD800", "\0"]) addEvent(store, { eventName });
  expect(histograms(store).map(({ labels, count }) => [labels["event_name"], count])).toEqual([["\uFFFD", 5]]);
});

test("an index never changes its meaning, and its values are the same array each time", () => {
  const store = new SeriesStore();
  addNetwork(store);
  const before = family(store, "network_bytes_total").labelValues(1);
  for (let added = 0; added < 100; added += 1) addNetwork(store, { operation: `op-${added}` });
  expect(family(store, "network_bytes_total").labelValues(1)).toBe(before);
  expect(before).toEqual(["GET", "received"]);
});

test(`${full ? "1,000,000" : "50,000"} label sets become 2,000 and one for the rest, with exact sums and bounded memory`, () => {
  const amount = full ? 1_000_000 : 50_000;
  const reported: string[] = [];
  const store = new SeriesStore({ onOverflow: (name) => reported.push(name) });
  collectGarbage();
  const before = process.memoryUsage();
  for (let added = 0; added < amount; added += 1) {
    addEvent(store, { eventName: `event-${added}`, endTime: START + 3, retryCount: 1 });
    addNetwork(store, { operation: `operation-${added}`, bytesSent: 3, bytesReceived: 4 });
  }
  collectGarbage();
  const after = process.memoryUsage();
  const durations = histograms(store);
  expect(durations).toHaveLength(2_001);
  expect(durations.at(-1)).toMatchObject({
    labels: { event_name: "_overflow", status: "_overflow" },
    count: amount - 2_000,
  });
  expect(durations.reduce((sum, point) => sum + point.count, 0)).toBe(amount);
  expect(durations.at(-1)?.sum).toBe(((amount - 2_000) * 3) / 1000);
  const retries = counters(store, "event_retries_total");
  expect(retries).toHaveLength(2_001);
  expect(retries.reduce((sum, point) => sum + point.value, 0)).toBe(amount);
  const bytes = counters(store, "network_bytes_total");
  expect(bytes).toHaveLength(2_002);
  expect(bytes.slice(-2)).toEqual([
    { labels: { operation: "_overflow", direction: "sent" }, value: (amount - 1_000) * 3 },
    { labels: { operation: "_overflow", direction: "received" }, value: (amount - 1_000) * 4 },
  ]);
  expect(counters(store, "eventmeter_overflow_total")).toEqual([
    { labels: { family: "event_duration_seconds" }, value: amount - 2_000 },
    { labels: { family: "event_retries_total" }, value: amount - 2_000 },
    { labels: { family: "network_bytes_total" }, value: amount - 1_000 },
    { labels: { family: "network_latency_seconds" }, value: amount - 2_000 },
  ]);
  expect(reported.toSorted()).toEqual([
    "event_duration_seconds",
    "event_retries_total",
    "network_bytes_total",
    "network_latency_seconds",
  ]);
  expect(grownBetween(before, after) / 8_003).toBeLessThan(300);
});

test("records of label sets that are there take no memory, those beyond the limit neither", () => {
  const store = new SeriesStore({ labels: { event: ["tenant"] }, maxLabelSets: 100, exemplars: true });
  const add = (count: number): void => {
    for (let added = 0; added < count; added += 1) {
      const name = `name-${added % 200}`;
      addEvent(store, { eventName: name, taskId: "t", retryCount: 1, attributes: { tenant: "a" } });
      addNetwork(store, { operation: name, taskId: "t" });
    }
  };
  add(20_000);
  collectGarbage();
  const before = process.memoryUsage();
  add(200_000);
  collectGarbage();
  // Less than a byte for each record, of which there are 400,000.
  expect(grownBetween(before, process.memoryUsage())).toBeLessThan(400_000);
});

function grownBetween(before: NodeJS.MemoryUsage, after: NodeJS.MemoryUsage): number {
  return after.heapUsed - before.heapUsed + after.arrayBuffers - before.arrayBuffers;
}

test("nothing overflows, and nothing says so, up to the bound itself", () => {
  const store = new SeriesStore({ maxLabelSets: 4, onOverflow: (name) => expect.fail(name) });
  for (let added = 0; added < 8; added += 1) {
    addEvent(store, { eventName: `job-${added % 4}` });
    addNetwork(store, { operation: `op-${added % 2}` });
  }
  expect(store.snapshot().families.map(({ size }) => size)).toEqual([4, 0, 4, 2]);
});

test("a record that is named as the overflow set is part of it, before and after", () => {
  const store = new SeriesStore({ maxLabelSets: 2 });
  const overflow = { eventName: "_overflow", status: "_overflow" };
  addEvent(store, overflow);
  for (const eventName of ["a", "b", "c"]) addEvent(store, { eventName });
  addEvent(store, overflow);
  expect(histograms(store).map(({ labels, count }) => [labels["event_name"], count])).toEqual([
    ["_overflow", 4],
    ["a", 1],
  ]);
});

test("the families of one record overflow each at its own bound, also where one of them knows the name _overflow already", () => {
  const store = new SeriesStore({ maxLabelSets: 2 });
  addEvent(store, { eventName: "_overflow", status: "_overflow", retryCount: 1 });
  for (const status of ["a", "b", "c"])
    for (const eventName of ["x", "_overflow"]) addEvent(store, { eventName, status, retryCount: 1 });
  for (const eventName of ["y", "z"]) addEvent(store, { eventName, retryCount: 1 });
  expect(histograms(store).map(({ labels, count }) => [labels["event_name"], labels["status"], count])).toEqual([
    ["_overflow", "_overflow", 8],
    ["x", "a", 1],
  ]);
  expect(
    counters(store, "event_retries_total").map(({ labels, value: total }) => [labels["event_name"], total]),
  ).toEqual([
    ["_overflow", 6],
    ["x", 3],
  ]);
  expect(counters(store, "eventmeter_overflow_total").map(({ value: total }) => total)).toEqual([7, 2]);
});

test("a record counts as overflow each time, also where only its second family is full", () => {
  const store = new SeriesStore({ maxLabelSets: 2 });
  addEvent(store, { eventName: "x", status: "a" });
  addEvent(store, { eventName: "x", status: "b" });
  for (const eventName of ["y", "z", "x", "x", "x"]) addEvent(store, { eventName, status: "a", retryCount: 1 });
  expect(counters(store, "eventmeter_overflow_total")).toEqual([
    { labels: { family: "event_duration_seconds" }, value: 2 },
    { labels: { family: "event_retries_total" }, value: 3 },
  ]);
});

test("an overflow handler that throws or publishes costs no record", () => {
  const store: SeriesStore = new SeriesStore({
    maxLabelSets: 1,
    onOverflow() {
      addEvent(store, { eventName: "nested" });
      throw new Error("no");
    },
  });
  addEvent(store, { eventName: "a" });
  addEvent(store, { eventName: "b" });
  expect(histograms(store).map(({ count }) => count)).toEqual([1, 2]);
});

test("promoted attributes are labels after the family's own, empty where the record has none", () => {
  const store = new SeriesStore({ labels: { event: ["tenant", "errorType"], network: ["zone.id"] } });
  addEvent(store, { attributes: { tenant: "a", other: "x" }, error: new TypeError("m") });
  addEvent(store, { attributes: { tenant: 7 }, retryCount: 1 });
  addEvent(store, { attributes: Object.create({ tenant: "inherited" }) as Record<string, string> });
  addNetwork(store, { attributes: { "zone.id": true } });
  expect(histograms(store).map(({ labels }) => labels)).toEqual([
    { event_name: "job", status: "failed", tenant: "a", error_type: "TypeError" },
    { event_name: "job", status: "completed", tenant: "7", error_type: "" },
    { event_name: "job", status: "completed", tenant: "", error_type: "" },
  ]);
  expect(counters(store, "event_retries_total")[0]?.labels).toEqual({ event_name: "job", tenant: "7", error_type: "" });
  expect(counters(store, "network_bytes_total")[1]?.labels).toEqual({
    operation: "GET",
    direction: "received",
    zone_id: "true",
  });
  expect(family(store, "network_latency_seconds").labelNames).toEqual(["operation", "zone_id"]);
});

test("eventName of a network operation is the label of the event that caused it", () => {
  const store = new SeriesStore({ labels: { network: ["zone", "eventName", "errorType"] } });
  addNetwork(store, { eventName: "import", attributes: { zone: "z", eventName: "not this one" } });
  addNetwork(store, { eventName: "import", attributes: { zone: "z" }, bytesSent: 4 });
  addNetwork(store);
  expect(family(store, "network_latency_seconds").labelNames).toEqual([
    "operation",
    "zone",
    "event_name",
    "error_type",
  ]);
  const sent = counters(store, "network_bytes_total").filter(({ labels }) => labels["direction"] === "sent");
  expect(sent.map(({ labels, value: total }) => [labels["zone"], labels["event_name"], total])).toEqual([
    ["z", "import", 5],
    ["", "", 1],
  ]);
});

test.each([
  ["€", 682],
  ["é", 1_024],
  ["😀", 512],
  ["a", 1_024],
])("a value of many %s is cut at 2,048 bytes, between two characters", (character, kept) => {
  const store = new SeriesStore({ labels: { event: ["tenant"] } });
  for (const length of [2_000, 700, 1_024]) addEvent(store, { attributes: { tenant: character.repeat(length) } });
  const values = histograms(store).map(({ labels }) => labels["tenant"] ?? "");
  expect(values[0]).toBe(character.repeat(kept));
  for (const text of values) expect(Buffer.byteLength(text)).toBeLessThanOrEqual(2_048);
  expect(Buffer.from(values[0] ?? "").toString()).toBe(values[0]);
});

test("values that are equal once they are cut are one series", () => {
  const store = new SeriesStore({ labels: { event: ["tenant"] } });
  const same = "€".repeat(690);
  for (const end of ["a", "b", "\uD800", "a"]) addEvent(store, { attributes: { tenant: same + end } });
  expect(histograms(store).map(({ labels, count }) => [labels["tenant"], count])).toEqual([["€".repeat(682), 4]]);
});

test("a getter that throws among the attributes leaves no trace, and the next record is whole", () => {
  const store = new SeriesStore({ labels: { event: ["tenant", "zone"] } });
  const attributes = {
    tenant: "lost",
    get zone(): string {
      throw new Error("no");
    },
  };
  expect(() => addEvent(store, { attributes, retryCount: 1 })).toThrow("no");
  expect(store.snapshot().families.map(({ size }) => size)).toEqual([0, 0, 0, 0]);
  addEvent(store, { attributes: { zone: "z" } });
  expect(histograms(store)[0]?.labels).toMatchObject({ tenant: "", zone: "z" });
});

test("a getter that publishes among the attributes changes neither record", () => {
  const store = new SeriesStore({ labels: { event: ["tenant", "zone"] } });
  const attributes = {
    tenant: "outer",
    get zone(): string {
      addEvent(store, { eventName: "inner", attributes: { tenant: "t" } });
      return "z";
    },
  };
  addEvent(store, { eventName: "first" });
  addEvent(store, { eventName: "outer", attributes, retryCount: 1 });
  expect(histograms(store).map(({ labels }) => labels)).toEqual([
    { event_name: "first", status: "completed", tenant: "", zone: "" },
    { event_name: "inner", status: "completed", tenant: "t", zone: "" },
    { event_name: "outer", status: "completed", tenant: "outer", zone: "z" },
  ]);
  expect(counters(store, "event_retries_total").map(({ labels }) => labels)).toEqual([
    { event_name: "outer", tenant: "outer", zone: "z" },
  ]);
});

test("a getter that publishes among the attributes of a network operation changes neither record", () => {
  const store = new SeriesStore({ labels: { network: ["tenant", "zone"] } });
  const attributes = {
    tenant: "outer",
    get zone(): string {
      addNetwork(store, { operation: "inner", attributes: { tenant: "t" } });
      return "z";
    },
  };
  addNetwork(store, { operation: "first" });
  addNetwork(store, { operation: "outer", attributes });
  expect(histograms(store, "network_latency_seconds").map(({ labels }) => Object.values(labels))).toEqual([
    ["first", "", ""],
    ["inner", "t", ""],
    ["outer", "outer", "z"],
  ]);
});

test("changing the given list of labels later changes nothing", () => {
  const labels = { event: ["tenant"], network: ["zone"] };
  const store = new SeriesStore({ labels });
  labels.event.push("status");
  labels.network.push("direction");
  addEvent(store, { attributes: { tenant: "a", status: "x" } });
  addNetwork(store, { attributes: { zone: "z" } });
  expect(histograms(store)[0]?.labels).toEqual({ event_name: "job", status: "completed", tenant: "a" });
  expect(counters(store, "network_bytes_total")[0]?.labels).toEqual({ operation: "GET", direction: "sent", zone: "z" });
});

test("a label value does not keep the document alive that it was cut from", () => {
  const store = new SeriesStore();
  collectGarbage();
  const before = process.memoryUsage().heapUsed;
  for (let added = 0; added < 50; added += 1) {
    const document = `${"x".repeat(1e6)}-name-of-event-${added}`.toUpperCase();
    addEvent(store, { eventName: document.slice(1e6) });
  }
  collectGarbage();
  expect(histograms(store)).toHaveLength(50);
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(10e6);
});
