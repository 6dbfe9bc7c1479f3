import { type HistogramSnapshot, SeriesStore } from "@eventmeter/aggregation";
import { expect, test } from "vitest";
import { addEvent, addNetwork, family, START } from "./sample-records.ts";

const TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
const clock = { now: () => 1_234, monotonic: () => 0, setTimeout: () => ({ cancel() {} }) };

function durations(store: SeriesStore, name = "event_duration_seconds"): HistogramSnapshot {
  return family(store, name) as HistogramSnapshot;
}

test("each bucket keeps the trace of its last record, with value and time", () => {
  const store = new SeriesStore({ exemplars: true, clock });
  addEvent(store, { traceId: "0".repeat(31) + "1", endTime: START + 700 });
  addEvent(store, { traceId: TRACE, endTime: START + 600 });
  addNetwork(store, { traceId: TRACE });
  expect(durations(store).exemplar(0, 8)).toEqual({ labels: { trace_id: TRACE }, value: 0.6, time: 1_234 });
  expect(durations(store).exemplar(0, 9)).toBeUndefined();
  expect(durations(store, "network_latency_seconds").exemplar(0, 9)?.labels).toEqual({ trace_id: TRACE });
});

test.each([undefined, "", TRACE.toUpperCase(), "0".repeat(32), `${TRACE}0`, `${TRACE}\n`])(
  "a trace id %j is none: the task id stands in",
  (traceId) => {
    const store = new SeriesStore({ exemplars: true });
    addEvent(store, { traceId, taskId: 42 });
    expect(durations(store).exemplar(0, 9)?.labels).toEqual({ task_id: "42" });
  },
);

test.each([
  ["a".repeat(121), true],
  ["a".repeat(122), false],
  ["😀".repeat(121), true],
  ["😀".repeat(122), false],
])("an exemplar has at most 128 characters (%#)", (taskId, kept) => {
  const store = new SeriesStore({ exemplars: true });
  addEvent(store, { taskId });
  expect(durations(store).exemplar(0, 9)?.labels).toEqual(kept ? { task_id: taskId } : undefined);
});

test("a record without any id leaves the exemplar of the one before", () => {
  const store = new SeriesStore({ exemplars: true });
  addNetwork(store, { taskId: "known" });
  addNetwork(store);
  expect(durations(store, "network_latency_seconds").exemplar(0, 9)?.labels).toEqual({ task_id: "known" });
});

test("without the option there are none", () => {
  const store = new SeriesStore();
  addEvent(store, { traceId: TRACE });
  expect(durations(store).hasExemplars).toBe(false);
  expect(durations(store).exemplar(0, 9)).toBeUndefined();
});

test("exemplars stay with their label set when room is made for more", () => {
  const store = new SeriesStore({ exemplars: true });
  for (let added = 0; added < 200; added += 1) addEvent(store, { eventName: `job-${added}`, taskId: added });
  const ids = Array.from({ length: 200 }, (_, index) => durations(store).exemplar(index, 9)?.labels["task_id"]);
  expect(ids).toEqual(Array.from({ length: 200 }, (_, index) => String(index)));
});

test("a task id has U+FFFD in place of everything that a page cannot hold", () => {
  const store = new SeriesStore({ exemplars: true });
  addEvent(store, { taskId: "a\0b\0\uD800" });
  expect(durations(store).exemplar(0, 9)?.labels).toEqual({ task_id: "a\uFFFDb\uFFFD\uFFFD" });
});
