import { setImmediate } from "node:timers/promises";
import {
  runInSlices,
  SeriesStore,
  type SeriesStoreOptions,
  type SliceOptions,
  type Snapshot,
} from "@eventmeter/aggregation";
import { createEventFields, createNetworkFields } from "@eventmeter/core/publisher";
import { fc, test as property } from "@fast-check/vitest";
import { describe, expect, test } from "vitest";
import type { PageFormat } from "../src/page/exposition-text.ts";
import { writePage } from "../src/page/page-writer.ts";
import type { PlainFamily } from "../src/page/plain-families.ts";
import { type ParsedFamily, parseExposition } from "./exposition-parser.ts";

const TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
const START = 1_760_000_000_000;
const FORMATS: readonly PageFormat[] = ["text", "openmetrics"];
const clock = { now: () => START, monotonic: () => 0, setTimeout: () => ({ cancel() {} }) };
const HOSTILE = [
  '"',
  "\\",
  "\n",
  '\\"',
  "\\n",
  "\r",
  "\t",
  "",
  " ",
  "{}",
  'a="b",c="d"} 1 # {',
  "# EOF",
  "\u2028",
  "😀",
  "\uD800",
];
const text = fc.oneof(fc.constantFrom(...HOSTILE), fc.string({ unit: "binary", maxLength: 20 }));

function storeOf(options: SeriesStoreOptions = {}): SeriesStore {
  return new SeriesStore({ clock, ...options });
}

function addEvent(store: SeriesStore, eventName: string, status = "completed", milliseconds = 250, ids = {}): void {
  const times = { startTime: START, endTime: START + milliseconds };
  store.addEvent({ ...createEventFields("series"), eventName, status, ...times, ...ids });
}

function addNetwork(store: SeriesStore, operation: string): void {
  const times = { startTime: START, endTime: START + 30 };
  store.addNetwork({ ...createNetworkFields("series"), operation, ...times, bytesSent: 10, bytesReceived: 2 ** 53 });
}

/** Writes a page in slices, as its renderer does. */
function chunksOf(
  snapshot: Snapshot,
  format: PageFormat,
  others: readonly PlainFamily[] = [],
  { createdLines = false, ...slices }: SliceOptions & { createdLines?: boolean } = {},
): Promise<Buffer[]> {
  return runInSlices(() => writePage(snapshot, others, format, createdLines), slices);
}

async function page(...args: Parameters<typeof chunksOf>): Promise<string> {
  return Buffer.concat(await chunksOf(...args)).toString();
}

async function parsed(...args: Parameters<typeof page>): Promise<ParsedFamily[]> {
  return parseExposition(await page(...args), args[1]);
}

function labelsOf(families: readonly ParsedFamily[], sample: string): Record<string, string>[] {
  const found = families.flatMap(({ samples }) => samples.filter(({ name }) => name === sample));
  return found.map(({ labels }) => Object.fromEntries(labels instanceof Map ? labels : Object.entries(labels)));
}

test("a fresh page in text names all families", async () => {
  expect(await page(storeOf().snapshot(), "text")).toBe(
    `# HELP event_duration_seconds Time from the start to the end of finished events.
# TYPE event_duration_seconds histogram
# HELP event_retries_total Retries that finished events needed.
# TYPE event_retries_total counter
# HELP network_bytes_total Bytes that finished network operations sent and received.
# TYPE network_bytes_total counter
# HELP network_latency_seconds Time from the start to the end of finished network operations.
# TYPE network_latency_seconds histogram
`,
  );
});

test("a page in OpenMetrics says type, unit and help in this order, and where it ends", async () => {
  const store = storeOf({ bounds: { event_duration_seconds: [0.25, 1] } });
  addEvent(store, "job", "completed", 250, { retryCount: 3 });
  addEvent(store, "job", "completed", 2_000);
  expect(await page(store.snapshot(), "openmetrics")).toBe(
    `# TYPE event_duration_seconds histogram
# UNIT event_duration_seconds seconds
# HELP event_duration_seconds Time from the start to the end of finished events.
event_duration_seconds_bucket{event_name="job",status="completed",le="0.25"} 1
event_duration_seconds_bucket{event_name="job",status="completed",le="1.0"} 1
event_duration_seconds_bucket{event_name="job",status="completed",le="+Inf"} 2
event_duration_seconds_sum{event_name="job",status="completed"} 2.25
event_duration_seconds_count{event_name="job",status="completed"} 2
# TYPE event_retries counter
# HELP event_retries Retries that finished events needed.
event_retries_total{event_name="job"} 3
# TYPE network_bytes counter
# UNIT network_bytes bytes
# HELP network_bytes Bytes that finished network operations sent and received.
# TYPE network_latency_seconds histogram
# UNIT network_latency_seconds seconds
# HELP network_latency_seconds Time from the start to the end of finished network operations.
# EOF
`,
  );
});

test("created lines stand beside their own series, in OpenMetrics only, and only when asked for", async () => {
  const store = storeOf({ bounds: { event_duration_seconds: [1], network_latency_seconds: [1] } });
  for (const name of ["a", "b"]) addEvent(store, name, "s", 1, { retryCount: 1 });
  const options = { createdLines: true };
  const lines = (await page(store.snapshot(), "openmetrics", [], options))
    .split("\n")
    .filter((line) => !line.startsWith("#"));
  expect(lines.map((line) => line.replace(/ \S+$/, ""))).toEqual([
    ...["a", "b"].flatMap((name) => [
      `event_duration_seconds_bucket{event_name="${name}",status="s",le="1.0"}`,
      `event_duration_seconds_bucket{event_name="${name}",status="s",le="+Inf"}`,
      `event_duration_seconds_sum{event_name="${name}",status="s"}`,
      `event_duration_seconds_count{event_name="${name}",status="s"}`,
      `event_duration_seconds_created{event_name="${name}",status="s"}`,
    ]),
    ...["a", "b"].flatMap((name) => [
      `event_retries_total{event_name="${name}"}`,
      `event_retries_created{event_name="${name}"}`,
    ]),
    "",
  ]);
  expect(lines.filter((line) => line.includes("_created")).every((line) => line.endsWith(` ${START / 1000}`))).toBe(
    true,
  );
  parseExposition(await page(store.snapshot(), "openmetrics", [], options), "openmetrics");
  expect(await page(store.snapshot(), "text", [], options)).not.toContain("_created");
  expect(await page(store.snapshot(), "openmetrics")).not.toContain("_created");
});

test("exemplars stand on their buckets in OpenMetrics, with times in seconds, and not in text", async () => {
  const store = storeOf({ exemplars: true });
  addEvent(store, "job", "s", 250, { traceId: TRACE });
  addEvent(store, "job", "s", 600, { taskId: '"\\\n😀' });
  const lines = (await page(store.snapshot(), "openmetrics")).split("\n").filter((line) => line.includes(" # "));
  expect(lines).toEqual([
    `event_duration_seconds_bucket{event_name="job",status="s",le="0.25"} 1 # {trace_id="${TRACE}"} 0.25 ${START / 1000}`,
    `event_duration_seconds_bucket{event_name="job",status="s",le="0.75"} 2 # {task_id="\\"\\\\\\n😀"} 0.6 ${START / 1000}`,
  ]);
  await parsed(store.snapshot(), "openmetrics");
  expect(await page(store.snapshot(), "text")).not.toContain(" # ");
});

test("the longest exemplars fit on each bucket of the longest names", async () => {
  const bounds = Array.from({ length: 200 }, (_, bound) => bound / 10);
  // Value and time with as many digits as there are.
  const late = { ...clock, now: () => START + 0.123 };
  const store = storeOf({ exemplars: true, bounds: { event_duration_seconds: bounds }, clock: late });
  for (let milliseconds = 0; milliseconds < 19_900; milliseconds += 100)
    addEvent(store, "😀\n".repeat(256), '"'.repeat(1_024), milliseconds + 0.0625, { taskId: "😀".repeat(121) });
  const [family] = await parsed(store.snapshot(), "openmetrics");
  expect(family?.samples.filter(({ exemplar }) => exemplar !== undefined)).toHaveLength(199);
});

test("the largest counts fit on each bucket", async () => {
  const snapshot = storeOf().snapshot();
  const [empty] = snapshot.families;
  if (empty?.type !== "histogram") throw new Error("no histogram");
  // Bounds of one length, so that no line lends room to another one.
  const bounds = Array.from({ length: 5_000 }, (_, bound) => 10_000 + bound);
  const buckets = new Float64Array(bounds.length + 1);
  buckets[0] = 2 ** 53;
  const family = { ...empty, size: 1, bounds, buckets, sums: Float64Array.of(1), labelValues: () => ["job", "s"] };
  const [shown] = await parsed({ ...snapshot, families: [family] }, "text");
  const counts = shown?.samples.filter(({ name }) => name.endsWith("_bucket")).map(({ value }) => value);
  expect(counts).toEqual(Array.from(buckets, () => 2 ** 53));
});

describe.each(FORMATS)("in %s", (format) => {
  property.prop([fc.uniqueArray(fc.tuple(text, text, text), { maxLength: 30 })])(
    "label values come back as they went in",
    async (sets) => {
      const store = storeOf({ labels: { event: ["tenant"] } });
      for (const [eventName, status, tenant] of sets)
        addEvent(store, eventName, status, 40, { retryCount: 1, attributes: { tenant } });
      const families = await parsed(store.snapshot(), format);
      const expected = sets.map((set) =>
        set.map((value) => value.toWellFormed().replaceAll("\0", "\uFFFD")).join("\0"),
      );
      const found = labelsOf(families, "event_duration_seconds_count").map((labels) =>
        [labels["event_name"], labels["status"], labels["tenant"]].join("\0"),
      );
      expect(new Set(found)).toEqual(new Set(expected));
    },
  );

  property.prop([
    fc.array(fc.nat({ max: 20_000 }), { minLength: 1, maxLength: 50 }),
    fc.uniqueArray(fc.double({ min: 0, noNaN: true, noDefaultInfinity: true }), { minLength: 1, maxLength: 8 }),
  ])(
    "buckets are cumulative, the last is the count, and each bound is the number that it was",
    async (durations, unordered) => {
      const bounds = unordered.map(Math.abs).toSorted((one, other) => one - other);
      if (new Set(bounds).size < bounds.length) return;
      const store = storeOf({ bounds: { event_duration_seconds: bounds } });
      for (const milliseconds of durations) addEvent(store, "job", "s", milliseconds);
      const [family] = await parsed(store.snapshot(), format);
      const value = (name: string): number[] =>
        family?.samples.filter((sample) => sample.name === name).map((sample) => sample.value) ?? [];
      const within = [...bounds, Infinity].map(
        (bound) => durations.filter((milliseconds) => milliseconds / 1000 <= bound).length,
      );
      expect(value("event_duration_seconds_bucket")).toEqual(within);
      expect(value("event_duration_seconds_count")).toEqual([durations.length]);
      expect(value("event_duration_seconds_sum")).toEqual([
        durations.reduce((sum, milliseconds) => sum + milliseconds, 0) / 1000,
      ]);
      const printed = labelsOf(family === undefined ? [] : [family], "event_duration_seconds_bucket").map(({ le }) =>
        Number(le?.replace("+Inf", "Infinity")),
      );
      expect(printed).toEqual([...bounds, Infinity]);
    },
  );

  test("a page over many chunks holds every series once, whole", async () => {
    const store = storeOf({ maxLabelSets: 3_000 });
    for (let added = 0; added < 1_500; added += 1) {
      addEvent(store, `event-😀-${added}`, "completed", added, { retryCount: added });
      addNetwork(store, `operation-${added}`);
    }
    const chunks = await chunksOf(store.snapshot(), format);
    expect(chunks.length).toBeGreaterThan(40);
    const families = parseExposition(Buffer.concat(chunks).toString(), format);
    expect(labelsOf(families, "event_duration_seconds_count")).toHaveLength(1_500);
    expect(labelsOf(families, "network_bytes_total")).toHaveLength(3_000);
    expect(new Set(labelsOf(families, "event_duration_seconds_count").map((labels) => labels["event_name"])).size).toBe(
      1_500,
    );
  });

  test("records that are added while a page is written do not change it", async () => {
    const store = storeOf({ maxLabelSets: 5_000 });
    for (let added = 0; added < 2_000; added += 1) addEvent(store, `event-${added}`);
    const before = await page(store.snapshot(), format);
    let pauses = 0;
    const during = await page(store.snapshot(), format, [], {
      sliceMs: 0,
      pause: async () => {
        pauses += 1;
        for (let added = 0; added < 100; added += 1) addEvent(store, `later-${pauses}-${added}`);
        for (let added = 0; added < 2_000; added += 1) addEvent(store, `event-${added}`);
      },
    });
    expect(during).toBe(before);
    expect(pauses).toBeGreaterThan(20);
  });

  property.prop([text, text, fc.dictionary(fc.constantFrom("a", "b", "le"), text), fc.double()])(
    "a foreign family comes back as it went in",
    async (help, value, others, number) => {
      const labels: [string, string][] = [["v", value], ...Object.entries(others)];
      const family: PlainFamily = {
        name: "foreign",
        type: "gauge",
        help: help.replaceAll("\r", ""),
        samples: [{ name: "foreign", labels, value: number }],
      };
      const found = (await parsed(storeOf().snapshot(), format, [family])).at(-1);
      expect(found).toMatchObject({
        name: "foreign",
        type: "gauge",
        help: help.replaceAll("\r", "").toWellFormed().replaceAll("\0", "\uFFFD"),
      });
      expect(labelsOf(found === undefined ? [] : [found], "foreign")).toEqual([
        Object.fromEntries(labels.map(([name, one]) => [name, one.toWellFormed().replaceAll("\0", "\uFFFD")])),
      ]);
      expect(found?.samples[0]?.value).toBe(number === 0 ? 0 : number);
    },
  );
});

test("a counter of a foreign registry keeps its name in both formats", async () => {
  const extra: PlainFamily[] = [
    {
      name: "served_total",
      type: "counter",
      help: "h",
      samples: [
        {
          name: "served_total",
          labels: {},
          value: 1,
          exemplar: { labels: { trace_id: TRACE }, value: 1, timestamp: 2.5 },
        },
      ],
    },
    {
      name: "served",
      type: "counter",
      help: "h",
      samples: [{ name: "served", labels: { a: "b" }, value: Number.NaN }],
    },
  ];
  const snapshot = storeOf().snapshot();
  expect((await page(snapshot, "text", extra)).split("\n").slice(-7, -1)).toEqual([
    "# HELP served_total h",
    "# TYPE served_total counter",
    "served_total 1",
    "# HELP served h",
    "# TYPE served counter",
    'served{a="b"} NaN',
  ]);
  expect((await page(snapshot, "openmetrics", extra)).split("\n").slice(-8, -1)).toEqual([
    "# TYPE served counter",
    "# HELP served h",
    `served_total 1 # {trace_id="${TRACE}"} 1 2.5`,
    "# TYPE served unknown",
    "# HELP served h",
    'served{a="b"} NaN',
    "# EOF",
  ]);
});

test("a foreign histogram has canonical bounds in OpenMetrics and its own in text", async () => {
  const samples = [
    { name: "h_bucket", labels: { le: "1" }, value: 1 },
    { name: "h_bucket", labels: { le: "+Inf" }, value: 2 },
    { name: "h_sum", labels: {}, value: 3 },
    { name: "h_count", labels: {}, value: 2 },
  ];
  const extra: PlainFamily[] = [{ name: "h", type: "histogram", help: 'say "h"', unit: "seconds", samples }];
  const snapshot = storeOf().snapshot();
  expect(await page(snapshot, "text", extra)).toContain('# HELP h say "h"\n# TYPE h histogram\nh_bucket{le="1"} 1\n');
  expect(await page(snapshot, "openmetrics", extra)).toContain(
    '# TYPE h histogram\n# HELP h say \\"h\\"\nh_bucket{le="1.0"} 1\nh_bucket{le="+Inf"} 2\n',
  );
  await parsed(snapshot, "openmetrics", extra);
});

test("target_info is an info in OpenMetrics and a gauge in text", async () => {
  const extra: PlainFamily[] = [
    { name: "target_info", type: "info", help: "h", samples: [{ name: "target_info", labels: { v: "1" }, value: 1 }] },
  ];
  expect(await page(storeOf().snapshot(), "openmetrics", extra)).toContain(
    '# TYPE target info\n# HELP target h\ntarget_info{v="1"} 1\n',
  );
  expect(await page(storeOf().snapshot(), "text", extra)).toContain('# TYPE target_info gauge\ntarget_info{v="1"} 1\n');
});

test("others can run after every chunk, of whichever family", async () => {
  const store = storeOf({ maxLabelSets: 5_000 });
  for (let added = 0; added < 5_000; added += 1) addEvent(store, `event-${added}`, "s", 1, { retryCount: 1 });
  const samples = Array.from({ length: 5_000 }, (_, value) => ({ name: "g", labels: { v: String(value) }, value }));
  let pauses = 0;
  const pause = async (): Promise<number> => (pauses += 1);
  // Nothing is left of the slice of an earlier page then.
  await setImmediate();
  await setImmediate();
  const chunks = await chunksOf(store.snapshot(), "text", [{ name: "g", type: "gauge", help: "h", samples }], {
    sliceMs: 0,
    pause,
  });
  expect(pauses).toBe(chunks.length - 1);
  expect(Math.max(...chunks.map(({ length }) => length))).toBeLessThanOrEqual(64 * 1024);
});
