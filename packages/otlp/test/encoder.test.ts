import { runInSlices, SeriesStore, type Snapshot } from "@eventmeter/aggregation";
import { createMetricsEncoder, type MetricsEncoder } from "@eventmeter/otlp";
import { fc, test as property } from "@fast-check/vitest";
import { expect, test } from "vitest";
import { PointCaches } from "../src/point-cache.ts";
import { encodeRequest } from "../src/request.ts";
import { decodeRequest, expectedMetrics, metricsIn, textField } from "./protobuf-decoder.ts";
import { addEvent, addNetwork, anySnapshot, anyText, counter, histogram, snapshotOf, START } from "./snapshots.ts";

const scope = { name: "lib", version: "1.0.0" };

function encoder(): MetricsEncoder {
  return createMetricsEncoder({ resource: { "service.name": "svc" }, scope });
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}

// Both vectors were made with the official schema.
const HISTOGRAM_VECTOR =
  "0a770a170a150a0c736572766963652e6e616d6512050a03737663125c0a0c0a036c69621205312e302e30124c0a01681a01734a440a40" +
  "1100002a36fe9c9717190058712e0c9d971721030000000000000029000000000000f83f3210010000000000000002000000000000003a08" +
  "9a9999999999b93f1002";
const SUM_VECTOR =
  "0a570a170a150a0c736572766963652e6e616d6512050a03737663123c0a0c0a036c69621205312e302e30122c0a07725f746f74616c3a21" +
  "0a1b1100002a36fe9c9717190058712e0c9d9717310400000000000000" +
  "10021801";

test("a histogram is byte for byte what the official schema makes of it", async () => {
  const family = histogram({ name: "h", unit: "seconds", labelNames: [], bounds: [0.1] }, [
    { labels: [], sum: 1.5, buckets: [1, 2] },
  ]);
  expect(hex(await encoder().encode(snapshotOf(family)))).toBe(HISTOGRAM_VECTOR);
});

test("a counter is byte for byte what the official schema makes of it, but a double in place of the integer", async () => {
  const family = counter({ name: "r_total", labelNames: [] }, [{ labels: [], value: 4 }]);
  const own = hex(await encoder().encode(snapshotOf(family)));
  // asInt, field 6, becomes asDouble, field 4; both take 9 bytes.
  expect(own).toBe(SUM_VECTOR.replace("310400000000000000", "210000000000001040"));
  const [vector] = metricsIn(Buffer.from(SUM_VECTOR, "hex"));
  const [point] = vector?.sum?.dataPoints ?? [];
  expect(metricsIn(Buffer.from(own, "hex"))[0]?.sum?.dataPoints).toEqual([
    { ...point, asInt: undefined, asDouble: Number((point as { asInt: string }).asInt) },
  ]);
});

property.prop([anySnapshot])("an independent reader finds every series with its exact numbers", async (snapshot) => {
  expect(metricsIn(await encoder().encode(snapshot))).toEqual(expectedMetrics(snapshot));
});

property.prop([fc.array(anySnapshot, { maxLength: 4 })])(
  "what one encoder has seen before changes nothing",
  async (snapshots) => {
    const used = encoder();
    for (const snapshot of [...snapshots, ...snapshots.toReversed()])
      // oxlint-disable-next-line no-await-in-loop -- one encoder, one snapshot after the other
      expect(hex(await used.encode(snapshot))).toBe(hex(await encoder().encode(snapshot)));
  },
);

test("families that share their labels but not their type or bounds are not taken for one another", async () => {
  const labelNames = ["a"];
  const labels = ["x"];
  const used = encoder();
  const families = [
    histogram({ name: "one", labelNames, bounds: [1] }, [{ labels, sum: 1, buckets: [1, 2] }]),
    histogram({ name: "two", labelNames, bounds: [2] }, [{ labels, sum: 1, buckets: [1, 2] }]),
    counter({ name: "three", labelNames }, [{ labels, value: 3 }]),
    counter({ name: "four", labelNames: ["b"] }, [{ labels, value: 4 }]),
  ];
  const snapshot = snapshotOf(...families, ...families.toReversed());
  expect(metricsIn(await used.encode(snapshot))).toEqual(expectedMetrics(snapshot));
  expect(metricsIn(await used.encode(snapshot))).toEqual(expectedMetrics(snapshot));
});

property.prop([
  fc.array(fc.shuffledSubarray(["a", "b", "c", "d", "e"], { minLength: 1 }), { minLength: 2, maxLength: 6 }),
])("label sets may come, go and change their places", async (rounds) => {
  const labelNames = ["name"];
  const sets = new Map(["a", "b", "c", "d", "e"].map((name) => [name, [name]]));
  const used = encoder();
  for (const names of rounds) {
    const series = names.map((name, value) => ({ labels: sets.get(name) ?? [], value }));
    const snapshot = snapshotOf(counter({ name: "c_total", labelNames }, series));
    // oxlint-disable-next-line no-await-in-loop -- one encoder, one snapshot after the other
    expect(metricsIn(await used.encode(snapshot))).toEqual(expectedMetrics(snapshot));
  }
});

property.prop([fc.array(fc.nat({ max: 8 }), { minLength: 1, maxLength: 20 }), fc.boolean()])(
  "a store that grows is encoded as if it were new, whole and in halves",
  async (steps, exemplars) => {
    const store = new SeriesStore({ exemplars, maxLabelSets: 6 });
    const used = encoder();
    for (const step of steps) {
      addEvent(store, `e${step}`, { taskId: `t${step}` });
      if (step % 2 === 0) addNetwork(store, `o${step}`);
      const whole = store.snapshot();
      const [first, second] = store.split(whole) ?? [whole, whole];
      for (const snapshot of step % 3 === 0 ? [first, second] : [whole, second, first])
        // oxlint-disable-next-line no-await-in-loop -- one encoder, one snapshot after the other
        expect(hex(await used.encode(snapshot))).toBe(hex(await encoder().encode(snapshot)));
    }
  },
);

test("the halves of a snapshot hold its data points between them", async () => {
  const store = new SeriesStore({ exemplars: true });
  for (let index = 0; index < 300; index += 1) addEvent(store, `event ${index}`, { taskId: `task ${index}` });
  const whole = store.snapshot();
  const own = encoder();
  const points = async (...parts: readonly Snapshot[]): Promise<string[]> => {
    const metrics = (await Promise.all(parts.map((part) => own.encode(part)))).flatMap(metricsIn);
    return metrics.flatMap(({ name, sum, histogram: data }) =>
      ((sum ?? data)?.dataPoints ?? []).map((point) => name + JSON.stringify(point)),
    );
  };
  const all = (await points(whole)).toSorted();
  expect(all).toHaveLength(600);
  expect((await points(...(store.split(whole) ?? []))).toSorted()).toEqual(all);
});

test("an empty snapshot is a request of no bytes", async () => {
  expect(await encoder().encode(new SeriesStore().snapshot())).toEqual(new Uint8Array());
});

test("a family without label sets is left out", async () => {
  const store = new SeriesStore();
  addNetwork(store, "GET");
  const names = metricsIn(await encoder().encode(store.snapshot())).map(({ name }) => name);
  expect(names).toEqual(["network_bytes_total", "network_latency_seconds"]);
});

test("the families of the catalogue have units that keep their names as they are", async () => {
  const store = new SeriesStore({ maxLabelSets: 2 });
  for (const name of ["a", "b", "c"]) addEvent(store, name);
  addNetwork(store, "GET");
  const units = metricsIn(await encoder().encode(store.snapshot())).map(({ name, unit }) => [name, unit]);
  expect(units).toEqual([
    ["event_duration_seconds", "s"],
    ["event_retries_total", "{retry}"],
    ["network_bytes_total", "By"],
    ["network_latency_seconds", "s"],
    ["eventmeter_overflow_total", "{record}"],
  ]);
});

test("an empty label value is left out", async () => {
  const store = new SeriesStore({ labels: { event: ["tenant"] } });
  addEvent(store, "job");
  const [metric] = metricsIn(await encoder().encode(store.snapshot()));
  const [point] = (metric?.histogram?.dataPoints ?? []) as { attributes: { key: string }[] }[];
  expect(point?.attributes.map(({ key }) => key)).toEqual(["event_name", "status"]);
});

property.prop([
  fc.dictionary(anyText, fc.oneof(anyText, fc.boolean(), fc.maxSafeInteger(), fc.double(), fc.constant(undefined))),
  anyText,
  anyText,
])("resource and scope arrive as they are", async (resource, name, version) => {
  const own = createMetricsEncoder({ resource, scope: { name, version } });
  const request = await own.encode(
    snapshotOf(counter({ name: "c_total", labelNames: [] }, [{ labels: [], value: 1 }])),
  );
  const [found] = decodeRequest(request).resourceMetrics ?? [];
  const expected = Object.entries(resource)
    .filter(([, value]) => value !== undefined && value !== "")
    .map(([key, value]) => ({ ...textField("key", key), value: valueOf(value) }));
  expect(found?.resource.attributes ?? []).toEqual(expected);
  expect(found?.scopeMetrics[0]?.scope).toEqual({ ...textField("name", name), ...textField("version", version) });
});

function valueOf(value: string | number | boolean | undefined): object {
  if (typeof value === "boolean") return { boolValue: value };
  if (typeof value === "string") return { stringValue: value.toWellFormed() };
  return Number.isSafeInteger(value) ? { intValue: String(value) } : { doubleValue: value };
}

test("two encodings at a time do not meddle with each other", async () => {
  const own = encoder();
  const store = new SeriesStore();
  const another = new SeriesStore();
  for (let index = 0; index < 3_000; index += 1) {
    addEvent(store, `event ${index}`);
    addEvent(another, `other ${index}`);
  }
  const snapshots = [store, another, store, another].map((each) => each.snapshot());
  const together = await Promise.all(snapshots.map((snapshot) => own.encode(snapshot)));
  const alone = await Promise.all(snapshots.map((snapshot) => encoder().encode(snapshot)));
  expect(together.map(hex)).toEqual(alone.map(hex));
});

test("others run while many series are encoded", async () => {
  const store = new SeriesStore({ maxLabelSets: 20_000, exemplars: true });
  for (let index = 0; index < 20_000; index += 1) addEvent(store, `event ${index}`);
  let turns = 0;
  let isDone = false;
  const turn = (): void => {
    turns += 1;
    if (!isDone) setImmediate(turn);
  };
  setImmediate(turn);
  await encoder().encode(store.snapshot());
  isDone = true;
  expect(turns).toBeGreaterThanOrEqual(2);
});

test("an encoding takes its turn among the works of the process", async () => {
  const store = new SeriesStore();
  addEvent(store, "job");
  const order: string[] = [];
  const { promise: paused, resolve: resume } = Promise.withResolvers<void>();
  const work = runInSlices(
    function* () {
      yield;
      order.push("page");
    },
    { sliceMs: 0, pause: () => paused },
  );
  const encoding = encoder()
    .encode(store.snapshot())
    .then(() => order.push("request"));
  await new Promise((resolve) => setImmediate(resolve));
  resume();
  await Promise.all([work, encoding]);
  expect(order).toEqual(["page", "request"]);
});

test.each([
  ["with", true],
  ["without", false],
])("looks at the clock after each 64 label sets or 32 KiB, %s exemplars", (_, exemplars) => {
  const store = new SeriesStore({ maxLabelSets: 6_400, exemplars });
  for (let index = 0; index < 6_400; index += 1) addEvent(store, `event ${index}`);
  const snapshot = store.snapshot();
  const caches = new PointCaches();
  for (const state of ["new", "known"]) {
    const work = encodeRequest(snapshot, new Uint8Array(), new Uint8Array(), caches);
    let steps = 0;
    let step = work.next();
    for (; step.done !== true; step = work.next()) steps += 1;
    const plans = (2 * 6_400) / 64;
    const pieces = exemplars ? 6_400 / 64 : Math.floor(step.value.length / (32 * 1024));
    expect([state, steps >= plans + pieces]).toEqual([state, true]);
  }
});

test("what is known of a family is kept from one request to the next, for whole snapshots and their halves", () => {
  const store = new SeriesStore();
  for (let index = 0; index < 300; index += 1) addEvent(store, `event ${index}`);
  const snapshot = store.snapshot();
  const caches = new PointCaches();
  const encode = (each: Snapshot): void => {
    const work = encodeRequest(each, new Uint8Array(), new Uint8Array(), caches);
    while (work.next().done !== true);
  };
  const known = (): unknown[] => snapshot.families.map(({ labelNames }) => caches.get(labelNames));
  encode(snapshot);
  const first = known();
  expect(first.filter(Boolean)).toHaveLength(2);
  for (const each of [store.snapshot(), ...(store.split(snapshot) ?? [])]) {
    encode(each);
    for (const [at, cache] of known().entries()) expect(cache).toBe(first[at]);
  }
});

test("a data point can be larger than the pieces that are copied at a time", async () => {
  const bounds = Array.from({ length: 2_500 }, (_, bound) => bound);
  const buckets = [...bounds, 7];
  const series = ["a", "b"].map((label) => ({ labels: [label], sum: 1, buckets }));
  const snapshot = snapshotOf(histogram({ name: "h", labelNames: ["l"], bounds, unit: "seconds" }, series));
  expect(metricsIn(await encoder().encode(snapshot))).toEqual(expectedMetrics(snapshot));
});

test.each(["constructor", "__proto__", "toString"])("a family can be called %s", async (name) => {
  const snapshot = snapshotOf(counter({ name, labelNames: [] }, [{ labels: [], value: 1 }]));
  expect(metricsIn(await encoder().encode(snapshot))).toEqual(expectedMetrics(snapshot));
});

test("a trace id is the same 16 bytes in either case", async () => {
  const id = "0af7651916cd43dd8448eb211c80319c";
  const exemplars = [id, id.toUpperCase()].map((traceId) => ({ labels: { trace_id: traceId }, value: 1, time: START }));
  const family = histogram({ name: "h", labelNames: [], bounds: [1] }, [
    { labels: [], sum: 1, buckets: [1, 1], exemplars },
  ]);
  const [metric] = metricsIn(await encoder().encode(snapshotOf(family)));
  const [point] = (metric?.histogram?.dataPoints ?? []) as { exemplars: { traceId: string }[] }[];
  const bytes = Buffer.from(id, "hex").toString("base64");
  expect(point?.exemplars.map(({ traceId }) => traceId)).toEqual([bytes, bytes]);
});

test.each([18_446_744_073_709 + 0.5625, 18_446_744_073_710, 1e300, Infinity, -1, Number.NaN])(
  "a time of %s ms is unknown",
  async (time) => {
    const family = counter({ name: "c_total", labelNames: [] }, [{ labels: [], value: 1 }]);
    const [metric] = metricsIn(await encoder().encode({ time, startTime: START, families: [family] }));
    expect(metric?.sum?.dataPoints).toEqual([{ startTimeUnixNano: "1700000000000000000", asDouble: 1 }]);
  },
);

test("a task id of 32 hex digits is not taken for a trace id", async () => {
  const store = new SeriesStore({ exemplars: true });
  const id = "0af7651916cd43dd8448eb211c80319c";
  addEvent(store, "job", { taskId: id });
  const [metric] = metricsIn(await encoder().encode(store.snapshot()));
  const [point] = (metric?.histogram?.dataPoints ?? []) as { exemplars: object[] }[];
  expect(point?.exemplars).toEqual([
    expect.objectContaining({ asDouble: 0.25, filteredAttributes: [{ key: "task_id", value: { stringValue: id } }] }),
  ]);
  expect(point?.exemplars[0]).not.toHaveProperty("traceId");
});

test("numbers that a store never has are still a valid request", async () => {
  const family = histogram({ name: "h", labelNames: [], bounds: [1, 2, 3, 4] }, [
    { labels: [], sum: Number.NaN, buckets: [1.9, -1, 0, Infinity, 2 ** 64] },
    { labels: [], sum: Infinity, buckets: [Number.NaN, 0, 0, 0, 0] },
  ]);
  const [metric] = metricsIn(await encoder().encode({ ...snapshotOf(family), time: Number.NaN, startTime: -1 }));
  const most = "18446744073709551615";
  expect(metric?.histogram?.dataPoints).toEqual([
    { count: most, sum: Number.NaN, bucketCounts: ["1", "0", "0", most, most], explicitBounds: [1, 2, 3, 4] },
    { sum: Infinity, bucketCounts: ["0", "0", "0", "0", "0"], explicitBounds: [1, 2, 3, 4] },
  ]);
});

property.prop([fc.double({ min: 0, max: 4.1e12, noNaN: true })])(
  "a time is exact to the nanosecond that it says",
  async (time) => {
    const family = counter({ name: "c_total", labelNames: [] }, [{ labels: [], value: 1 }]);
    const [metric] = metricsIn(await encoder().encode({ time, startTime: START, families: [family] }));
    const whole = Math.floor(time);
    const exact = BigInt(whole) * 1_000_000n + BigInt(Math.round((time - whole) * 1e6));
    const [point] = (metric?.sum?.dataPoints ?? []) as { timeUnixNano?: string; startTimeUnixNano: string }[];
    expect([point?.startTimeUnixNano, point?.timeUnixNano ?? "0"]).toEqual(["1700000000000000000", String(exact)]);
  },
);
