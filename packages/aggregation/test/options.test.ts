import { fc, test as property } from "@fast-check/vitest";
import { DEFAULT_BOUNDS, describeMilliseconds, SeriesStore, type SeriesStoreOptions } from "@eventmeter/aggregation";
import { isPublisherError } from "@eventmeter/core";
import { expect, test } from "vitest";
import { addEvent, family, histograms } from "./sample-records.ts";

function faults(options: unknown): string {
  try {
    void new SeriesStore(options as SeriesStoreOptions);
  } catch (error) {
    return isPublisherError(error) && error.code === "options" ? error.message : `unexpected ${String(error)}`;
  }
  return "";
}

function labelName(attribute: string): string | undefined {
  return family(new SeriesStore({ labels: { network: [attribute] } }), "network_latency_seconds").labelNames[1];
}

test("every wrong option is named in one error", () => {
  const message = faults({
    maxLabelSets: 0,
    exemplars: 1,
    bounds: { event_duration_seconds: [2, 1] },
    lables: {},
    clock: {},
    onOverflow: 1,
  });
  for (const part of [
    "maxLabelSets",
    "exemplars",
    "bounds.event_duration_seconds[1]",
    'did you mean "labels"',
    "clock",
    "onOverflow",
  ])
    expect(message).toContain(part);
});

test.each([
  [[]],
  [[1, 1]],
  [[Number.NaN]],
  [[-1]],
  [[Infinity]],
  [[1, Infinity, Infinity]],
  [[Infinity, 1]],
  [["1"]],
  [[1, [2]]],
  ["1"],
  [Array.from({ length: 1_001 }, (_, bound) => bound)],
])("bounds %j are rejected", (bounds) =>
  expect(faults({ bounds: { network_latency_seconds: bounds } })).toContain("bounds.network_latency_seconds"),
);

test.each([
  ["tenant", "tenant"],
  ["tenant.id", "tenant_id"],
  ["größe 😀", "gr__e__"],
  ["1st", "key_1st"],
  ["__proto__", "proto__"],
  ["__name__", "name__"],
  ["..a", "a"],
  ["job", "exported_job"],
  ["instance", "exported_instance"],
  ["le", "exported_le"],
  ["quantile", "exported_quantile"],
  ["constructor", "constructor"],
  ["errorType", "error_type"],
])("the attribute %j becomes the label %s", (attribute, label) => expect(labelName(attribute)).toBe(label));

test.each([
  ["event", ["status"], "labels.event[0]"],
  ["event", ["event-name"], "labels.event[0]"],
  ["network", ["direction"], "labels.network[0]"],
  ["network", ["a", "b", "a"], "labels.network[2]: becomes the same label as [0]"],
  ["event", ["a.b", "a-b"], "labels.event[1]: becomes the same label as [0]"],
  ["event", ["errorType", "error_type"], "labels.event[1]"],
  ["event", ["job", "exported_job"], "labels.event[1]"],
  ["event", [""], "labels.event[0]"],
  ["event", [7], "labels.event[0]"],
  ["event", "tenant", "labels.event: expected an array, got a string"],
  ["event", ["eventName"], "labels.event[0]: becomes a label that the family has anyway"],
  ["event", ["a", "taskId"], "labels.event[1]: taskId is a field of the record that cannot be a label"],
  ["event", ["error"], "attributes and errorType can"],
  ["event", ["task_id"], "labels.event[0]: task_id is a field"],
  ["event", ["retryCount"], "labels.event[0]: retryCount is a field"],
  ["network", ["host"], "labels.network[0]: host is a field of the record that cannot be a label"],
  ["network", ["port"], "attributes, errorType and eventName can"],
  ["network", ["bytes_sent"], "labels.network[0]: bytes_sent is a field"],
  ["network", ["event_name"], "labels.network[0]: event_name is a field"],
  ["network", ["eventName", "event-name"], "labels.network[1]: becomes the same label as [0]"],
])("labels.%s %j is rejected", (kind, names, part) => expect(faults({ labels: { [kind]: names } })).toContain(part));

test("an attribute can have the name of a field that records of its kind do not have", () => {
  expect(faults({ labels: { event: ["host", "port", "operation"], network: ["status", "retryCount"] } })).toBe("");
});

test.each([["tenant"], "tenant", 7])("labels %j are rejected with the form that they have", (labels) =>
  expect(faults({ labels })).toContain(
    'labels: expected names of attributes by kind of record, as { event: ["tenant"]',
  ),
);

test.each([[[1, 2]], "1", 7])("bounds %j are rejected with the form that they have", (bounds) =>
  expect(faults({ bounds })).toContain("bounds: expected bounds by family, as { event_duration_seconds: [0.1, 1, 10]"),
);

test("a wrong bound is described in seconds", () =>
  expect(faults({ bounds: { event_duration_seconds: [1, "2"] } })).toContain(
    "bounds.event_duration_seconds[1]: expected a bound in seconds, a number not below 0, got a string",
  ));

test("a last bound of +Inf is dropped, since every histogram has it", () => {
  const store = new SeriesStore({ bounds: { event_duration_seconds: [1, 2, Infinity] } });
  addEvent(store);
  expect(histograms(store)[0]?.bounds).toEqual([1, 2]);
  expect([...(histograms(store)[0]?.bucketCounts ?? [])]).toEqual([1, 0, 0]);
});

test.each([
  [{ event_duration_seconds: [5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000] }, "event_duration_seconds"],
  [{ network_latency_seconds: [100, 1_000, Infinity] }, "network_latency_seconds"],
  [
    { event_duration_seconds: [1_000], network_latency_seconds: [500, 2_500] },
    "event_duration_seconds and bounds.network",
  ],
])("bounds %j look like milliseconds", (bounds, names) =>
  expect(describeMilliseconds(bounds)).toContain(`bounds.${names}`),
);

test.each([
  undefined,
  {},
  { event_duration_seconds: undefined },
  { event_duration_seconds: DEFAULT_BOUNDS },
  { event_duration_seconds: [0.5, 10, 1_000] },
  { event_duration_seconds: [1, 10, 60, 300, 900, 1_800, 3_600] },
  { event_duration_seconds: [60, 600, 3_600, 7_200, 14_400, 43_200, 86_400, 604_800] },
])("bounds %j do not", (bounds) => expect(describeMilliseconds(bounds)).toBeUndefined());

property.prop([
  fc.uniqueArray(fc.string({ unit: "grapheme", minLength: 1, maxLength: 12 }), { minLength: 1, maxLength: 8 }),
])("names that are accepted become legal labels, each one its own", (names) => {
  if (faults({ labels: { event: names } }) !== "") return;
  const labels = family(new SeriesStore({ labels: { event: names } }), "event_duration_seconds").labelNames;
  expect(new Set(labels).size).toBe(labels.length);
  expect(labels).toHaveLength(names.length + 2);
  for (const label of labels) expect(label).toMatch(/^(?!__)(?!(?:le|quantile|job|instance)$)[a-zA-Z_][a-zA-Z0-9_]*$/);
});
