import { type FamilySnapshot, SeriesStore, type SeriesStoreOptions, type Snapshot } from "@eventmeter/aggregation";
import { fc, test as property } from "@fast-check/vitest";
import { expect, test } from "vitest";
import { addEvent, addNetwork, START } from "./sample-records.ts";

const TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";

function storeOf(events: number, operations: number, options: SeriesStoreOptions = {}): SeriesStore {
  const store = new SeriesStore({ exemplars: true, ...options });
  for (let index = 0; index < events; index += 1) {
    const ids = index % 2 === 0 ? { traceId: TRACE } : { taskId: `t${index}` };
    addEvent(store, { eventName: `e${index}`, retryCount: index % 3, endTime: START + index * 100, ...ids });
  }
  for (let index = 0; index < operations; index += 1) addNetwork(store, { operation: `o${index}`, bytesSent: index });
  return store;
}

/** Everything that a snapshot says about each label set, in its order, per family. */
function contentOf(...parts: readonly Snapshot[]): Record<string, unknown[]> {
  const content: Record<string, unknown[]> = {};
  for (const family of parts.flatMap(({ families }) => families))
    content[family.name] = [...(content[family.name] ?? []), ...seriesOf(family)];
  return content;
}

function seriesOf(family: FamilySnapshot): unknown[] {
  expect([...family.points]).toHaveLength(family.size);
  return [...family.points].map((point, index) => ({
    ...point,
    values: family.labelValues(index),
    flat: family.type === "counter" ? family.values[index] : family.sums[index],
    exemplars: family.type === "counter" ? [] : family.bounds.map((_, bucket) => family.exemplar(index, bucket)),
    head: [family.type, family.help, family.unit, family.labelNames],
  }));
}

const sizeOf = ({ families }: Snapshot): number => families.reduce((total, { size }) => total + size, 0);

property.prop([
  fc.nat({ max: 9 }),
  fc.nat({ max: 9 }),
  fc.record({ maxLabelSets: fc.integer({ min: 1, max: 12 }), exemplars: fc.boolean() }),
])("two halves hold each label set once, with its numbers and exemplars", (events, operations, options) => {
  const store = storeOf(events, operations, options);
  const whole = store.snapshot();
  const halves = store.split(whole);
  if (halves === undefined) {
    expect(sizeOf(whole)).toBeLessThan(2);
    return;
  }
  expect(contentOf(...halves)).toEqual(contentOf(whole));
  for (const half of halves) {
    expect([half.time, half.startTime]).toEqual([whole.time, whole.startTime]);
    expect(half.families.map(({ name }) => name)).toEqual(whole.families.map(({ name }) => name));
  }
  expect(Math.abs(sizeOf(halves[0]) - sizeOf(halves[1]))).toBeLessThanOrEqual(1);
});

property.prop([fc.nat({ max: 6 }), fc.nat({ max: 6 })])(
  "splitting goes on down to single label sets and loses none",
  (events, operations) => {
    const store = storeOf(events, operations);
    const whole = store.snapshot();
    const parts = [whole];
    for (let at = 0; at < parts.length;) {
      const halves = store.split(parts[at] as Snapshot);
      if (halves === undefined) at += 1;
      else parts.splice(at, 1, ...halves);
    }
    expect(contentOf(...parts)).toEqual(contentOf(whole));
    if (sizeOf(whole) > 0) expect(parts.map(sizeOf)).toEqual(parts.map(() => 1));
  },
);

test("a snapshot of one label set, or of none, cannot be split", () => {
  expect(storeOf(0, 0).split(storeOf(0, 0).snapshot())).toBeUndefined();
  const store = storeOf(1, 0);
  expect(store.split(store.snapshot())).toBeUndefined();
});

test("a half has views of the numbers, not copies", () => {
  const store = storeOf(4, 0);
  const whole = store.snapshot();
  const [family] = whole.families;
  const [half] = store.split(whole)?.[1].families ?? [];
  if (family?.type !== "histogram" || half?.type !== "histogram") throw new Error("no histogram");
  expect(half.buckets.buffer).toBe(family.buckets.buffer);
  expect(half.labelValues(0)).toBe(family.labelValues(2));
});

test("what is added after a snapshot does not change its halves", () => {
  const store = storeOf(3, 2);
  const whole = store.snapshot();
  const before = contentOf(whole);
  const halves = store.split(whole) ?? [];
  addEvent(store, { eventName: "e0", taskId: "later" });
  expect(contentOf(...halves)).toEqual(before);
});
