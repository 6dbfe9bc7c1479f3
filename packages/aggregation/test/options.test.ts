import { fc, test as property } from "@fast-check/vitest";
import { SeriesStore, type SeriesStoreOptions } from "@eventmeter/aggregation";
import { isPublisherError } from "@eventmeter/core";
import { expect, test } from "vitest";
import { family } from "./sample-records.ts";

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
  [[1, Infinity]],
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
  ["event", "tenant", "labels.event"],
])("labels.%s %j is rejected", (kind, names, part) => expect(faults({ labels: { [kind]: names } })).toContain(part));

property.prop([
  fc.uniqueArray(fc.string({ unit: "grapheme", minLength: 1, maxLength: 12 }), { minLength: 1, maxLength: 8 }),
])("names that are accepted become legal labels, each one its own", (names) => {
  if (faults({ labels: { event: names } }) !== "") return;
  const labels = family(new SeriesStore({ labels: { event: names } }), "event_duration_seconds").labelNames;
  expect(new Set(labels).size).toBe(labels.length);
  expect(labels).toHaveLength(names.length + 2);
  for (const label of labels) expect(label).toMatch(/^(?!__)(?!(?:le|quantile|job|instance)$)[a-zA-Z_][a-zA-Z0-9_]*$/);
});
