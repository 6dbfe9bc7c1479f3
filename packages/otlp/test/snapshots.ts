import type { CounterSnapshot, Exemplar, FamilySnapshot, HistogramSnapshot, Snapshot } from "@eventmeter/aggregation";
import { createEventFields, createNetworkFields, readEvent, readNetwork } from "@eventmeter/core/publisher";
import type { SeriesStore } from "@eventmeter/aggregation";
import { fc } from "@fast-check/vitest";

/** When the counting of these tests began, in epoch milliseconds. */
export const START = 1_700_000_000_000;

/** A label set and its total. */
export interface CounterSeries {
  readonly labels: readonly string[];
  readonly value: number;
}

/** A label set, its buckets and what else it says. */
export interface HistogramSeries {
  readonly labels: readonly string[];
  readonly sum: number;
  readonly buckets: readonly number[];
  readonly exemplars?: readonly (Exemplar | undefined)[] | undefined;
}

type Head = Pick<FamilySnapshot, "name" | "labelNames"> & Partial<Pick<FamilySnapshot, "help" | "unit">>;

/** Makes a counter family as a store would give it. */
export function counter(head: Head, series: readonly CounterSeries[]): CounterSnapshot {
  const values = Float64Array.from(series, ({ value }) => value);
  return { type: "counter", ...baseOf(head, series), values, points: [] };
}

/** Makes a histogram family as a store would give it. */
export function histogram(
  head: Head & Pick<HistogramSnapshot, "bounds">,
  series: readonly HistogramSeries[],
): HistogramSnapshot {
  return {
    type: "histogram",
    ...baseOf(head, series),
    bounds: head.bounds,
    buckets: Float64Array.from(series.flatMap(({ buckets }) => buckets)),
    sums: Float64Array.from(series, ({ sum }) => sum),
    hasExemplars: series.some(({ exemplars }) => exemplars !== undefined),
    exemplar: (index, bucket) => series[index]?.exemplars?.[bucket],
    points: [],
  };
}

/** Makes a snapshot of a minute's counting. */
export function snapshotOf(...families: readonly FamilySnapshot[]): Snapshot {
  return { time: START + 60_000, startTime: START, families };
}

function baseOf({ name, labelNames, help = "", unit = "" }: Head, series: readonly { labels: readonly string[] }[]) {
  const labelValues = (index: number): readonly string[] => series[index]?.labels ?? [];
  return { name, help, unit, labelNames, size: series.length, labelValues };
}

/** Adds an event to a store as a publisher does. */
export function addEvent(store: SeriesStore, eventName: string, more: object = {}): void {
  const fields = createEventFields("series");
  readEvent({ eventName, taskId: "t", startTime: START, endTime: START + 250, retryCount: 1, ...more }, fields);
  store.addEvent(fields);
}

/** Adds a network operation to a store as a publisher does. */
export function addNetwork(store: SeriesStore, operation: string): void {
  const fields = createNetworkFields("series");
  const times = { startTime: START, endTime: START + 30 };
  readNetwork({ operation, host: "h", port: 80, bytesSent: 10, bytesReceived: 2, ...times }, fields);
  store.addNetwork(fields);
}

const HOSTILE = ["", "\uD800", "\uDC00x", "a\uD83D", "\u{1F600}", "\0", "é", "日本", "_overflow", "x".repeat(300)];
const text = fc.oneof(fc.constantFrom(...HOSTILE), fc.string({ unit: "binary", maxLength: 40 }));
const count = fc.oneof(fc.nat({ max: 9 }), fc.maxSafeNat(), fc.constantFrom(2 ** 32 - 1, 2 ** 32, 2 ** 53, 2 ** 63));
const amount = fc.oneof(
  fc.double({ min: 0, noNaN: true }),
  fc.maxSafeNat(),
  fc.constantFrom(0, 2 ** 53 + 2, 2 ** 63, 1e300),
);
const hex = fc.stringMatching(/^[0-9a-f]{32}$/);
const exemplar = fc.record({
  labels: fc.oneof(
    fc.record({ trace_id: fc.oneof(hex, text) }),
    fc.record({ task_id: text }),
    fc.record({ trace_id: hex, task_id: text }),
  ),
  value: fc.double({ noNaN: true }),
  time: fc.integer({ min: 0, max: 4e12 }),
});

const names = fc.uniqueArray(
  text.filter((name) => name !== ""),
  { maxLength: 3 },
);

const counters = fc
  .tuple(text, text, names, fc.constantFrom("seconds", "bytes", "" as const))
  .chain(([name, help, labelNames, unit]) =>
    fc
      .array(fc.record({ labels: labelsFor(labelNames), value: amount }), { maxLength: 5 })
      .map((series) => counter({ name, help, labelNames, unit }, series)),
  );

const histograms = fc
  .tuple(text, names, fc.uniqueArray(fc.double({ noNaN: true }), { maxLength: 20 }), fc.boolean())
  .chain(([name, labelNames, given, hasExemplars]) => {
    const bounds = given.toSorted((one, other) => one - other);
    const width = { minLength: bounds.length + 1, maxLength: bounds.length + 1 };
    const exemplars = hasExemplars ? fc.array(fc.option(exemplar, { nil: undefined }), width) : fc.constant(undefined);
    const series = fc.record({
      labels: labelsFor(labelNames),
      sum: amount,
      buckets: fc.array(count, width),
      exemplars,
    });
    return fc
      .array(series, { maxLength: 5 })
      .map((all) => histogram({ name, labelNames, bounds, unit: "seconds" }, all));
  });

function labelsFor(labelNames: readonly string[]): fc.Arbitrary<string[]> {
  return fc.array(text, { minLength: labelNames.length, maxLength: labelNames.length });
}

/** Any families with any numbers, texts and exemplars. */
export const anySnapshot: fc.Arbitrary<Snapshot> = fc.record({
  time: fc.integer({ min: 0, max: 4e12 }),
  startTime: fc.integer({ min: 0, max: 4e12 }),
  families: fc.array(fc.oneof(counters, histograms), { maxLength: 4 }),
});

/** Any text, lone surrogates among them. */
export const anyText: fc.Arbitrary<string> = text;
