import { SeriesStore, type Snapshot } from "@eventmeter/aggregation";
import { expect, test } from "vitest";
import { addEvent, addNetwork, START } from "./sample-records.ts";

/** Splits a snapshot down to single label sets. */
function singles(store: SeriesStore, snapshot: Snapshot): readonly Snapshot[] {
  const halves = store.split(snapshot);
  return halves === undefined ? [snapshot] : halves.flatMap((half) => singles(store, half));
}

function exclude(store: SeriesStore, family: string, value: string): ReturnType<SeriesStore["exclude"]> {
  const found = singles(store, store.snapshot()).find(({ families }) =>
    families.some((part) => part.name === family && part.size === 1 && part.labelValues(0)[0] === value),
  );
  if (found === undefined) throw new Error(`no label set ${value}`);
  return store.exclude(found);
}

const listOf = ({ families }: Snapshot): unknown[] =>
  families.flatMap(({ name, points }) =>
    Array.from(
      points as Iterable<{ labels: Record<string, string>; value?: number; sum?: number; count?: number }>,
      (point) => [name, Object.values(point.labels).join(" "), point.value ?? point.sum, point.count ?? 0],
    ),
  );

test("a label set that is excluded is in no later snapshot, and its records are counted there", () => {
  const store = new SeriesStore({ exemplars: true });
  for (const eventName of ["a", "b", "c", "b"]) addEvent(store, { eventName, taskId: eventName, retryCount: 1 });
  addNetwork(store);
  expect(store.snapshot().excludedRecords ?? 0).toBe(0);
  expect(exclude(store, "event_duration_seconds", "b")).toEqual({ name: "event_duration_seconds", records: 2 });
  addEvent(store, { eventName: "b" });
  addEvent(store, { eventName: "c", taskId: "late", endTime: START + 3_000 });

  const snapshot = store.snapshot();
  expect(snapshot.excludedRecords).toBe(3);
  expect(listOf(snapshot)).toEqual([
    ["event_duration_seconds", "a completed", 1, 1],
    ["event_duration_seconds", "c completed", 4, 2],
    ["event_retries_total", "a", 1, 0],
    ["event_retries_total", "b", 2, 0],
    ["event_retries_total", "c", 1, 0],
    ["network_bytes_total", "GET sent", 1, 0],
    ["network_bytes_total", "GET received", 2, 0],
    ["network_latency_seconds", "GET", 1, 1],
  ]);
  const [duration] = snapshot.families;
  const ids = duration?.type === "histogram" ? [9, 11].map((bucket) => duration.exemplar(1, bucket)?.labels) : [];
  expect(ids).toEqual([{ task_id: "c" }, { task_id: "late" }]);
});

test("the label set of a counter has no records of its own", () => {
  const store = new SeriesStore();
  addNetwork(store, { operation: "GET" });
  addNetwork(store, { operation: "PUT" });
  expect(exclude(store, "network_bytes_total", "PUT")).toEqual({ name: "network_bytes_total", records: 0 });
  expect(store.snapshot().excludedRecords).toBe(0);
  expect(listOf(store.snapshot()).filter((point) => (point as string[])[1]?.startsWith("PUT"))).toEqual([
    ["network_bytes_total", "PUT received", 2, 0],
    ["network_latency_seconds", "PUT", 1, 1],
  ]);
});

test("parts of a later snapshot say how many records are excluded, and keep the arrays of their values", () => {
  const store = new SeriesStore();
  for (const eventName of ["a", "b", "c"]) addEvent(store, { eventName });
  const before = store.snapshot().families[0]?.labelValues(2);
  exclude(store, "event_duration_seconds", "a");
  const parts = singles(store, store.snapshot());
  expect(parts.map(({ excludedRecords }) => excludedRecords)).toEqual([1, 1]);
  expect(parts[1]?.families[0]?.labelValues(0)).toBe(before);
});
