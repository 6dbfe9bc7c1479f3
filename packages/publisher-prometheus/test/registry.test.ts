import * as successor from "@prometheus-io/client";
import type { PrometheusPublisherOptions, WritableRegistry } from "@eventmeter/publisher-prometheus";
import * as client from "prom-client";
import { describe, expect, test } from "vitest";
import { FamilyNames } from "../src/page/taken-names.ts";
import { readFamilies } from "../src/sources/registry-families.ts";
import { parseExposition } from "./exposition-parser.ts";
import { lineValue, openPublisher, publishEvent, publishNetwork } from "./publisher-harness.ts";

// Both are taken as they are typed, without a cast.
const readable: readonly NonNullable<PrometheusPublisherOptions["registry"]>[] = [
  new client.Registry(),
  new successor.Registry(),
];
const writable: readonly WritableRegistry[] = [new client.Registry(), new successor.Registry()];

test("both registries fit", () => {
  for (const registry of readable) openPublisher({ server: false, registry });
  for (const registry of writable) openPublisher({ server: false }).publisher.registerInto(registry);
});

const clients: readonly (readonly [string, typeof client])[] = [
  ["prom-client", client],
  ["@prometheus-io/client", successor as unknown as typeof client],
];

const byName = ([one]: readonly [string, unknown], [other]: readonly [string, unknown]): number =>
  one < other ? -1 : 1;

describe.each(clients)("a registry of %s", (_name, { Counter, Gauge, Histogram, Registry, Summary }) => {
  test("is served on the page as it would serve itself", async () => {
    const registry = new Registry();
    const registers = [registry];
    registry.setDefaultLabels({ app: "shop" });
    new Counter({ name: "jobs_total", help: "Jobs.", labelNames: ["queue"], registers }).inc({ queue: 'a"b\\c\nd' }, 3);
    new Gauge({ name: "depth", help: 'Depth \\ of "it".', registers }).set(-1.5);
    new Histogram({ name: "wait_seconds", help: "Wait.", labelNames: ["queue"], buckets: [0.1, 1], registers }).observe(
      { queue: "a" },
      0.5,
    );
    new Summary({ name: "size_bytes", help: "Size.", percentiles: [0.5, 0.99], registers }).observe(7);
    const { publisher } = openPublisher({ server: false, registry });
    const page = await publisher.metrics();
    const theirs = (await registry.metrics()).split("\n").filter((line) => line !== "" && !line.startsWith("#"));
    // Labels may stand in another order: what they say is compared.
    const series = (text: string): string[] =>
      parseExposition(text, "text")
        .flatMap(({ samples }) => samples)
        .map(({ name, labels, value }) => JSON.stringify([name, Object.entries(labels).toSorted(byName), value]))
        .toSorted();
    const own = series(page.slice(page.indexOf("# HELP jobs_total")));
    expect(own).toEqual(series(await registry.metrics()));
    expect(own).toHaveLength(theirs.length);
    parseExposition(await publisher.metrics({ format: "openmetrics" }), "openmetrics");
  });

  test("keeps the names of its counters, whichever format it is for and renders itself", async () => {
    const registry = new Registry<client.RegistryContentType>();
    registry.setContentType(Registry.OPENMETRICS_CONTENT_TYPE);
    const counter = new Counter({ name: "jobs_total", help: "Jobs.", registers: [registry], enableExemplars: true });
    counter.inc({ value: 2, exemplarLabels: { trace_id: "abc" } } as never);
    const { publisher } = openPublisher({ server: false, registry });
    for (let round = 0; round < 2; round += 1) {
      expect(lineValue(await publisher.metrics(), "jobs_total")).toBe(2);
      const page = await publisher.metrics({ format: "openmetrics" });
      expect(page).toMatch(/^jobs_total 2 # \{trace_id="abc"\} 2 \d+/m);
      parseExposition(page, "openmetrics");
      await registry.metrics();
    }
  });

  test("serves what was published on its own page, with the numbers of one moment", async () => {
    const registry = new Registry();
    const { publisher } = openPublisher({ server: false, labels: { event: ["tenant"] } });
    publisher.registerInto(registry);
    for (let round = 1; round <= 2; round += 1) {
      publishEvent(publisher, 'a"b\\c\nd');
      publishNetwork(publisher);
      const theirs = parseExposition(await registry.metrics(), "text").flatMap(({ samples }) => samples);
      const ours = parseExposition(await publisher.metrics(), "text").flatMap(({ samples }) => samples);
      const sorted = (samples: typeof ours): string[] =>
        samples
          .map(({ name, labels, value }) => [
            name,
            Object.entries(labels)
              .map(([label, text]) => [label, label === "le" ? Number(text.replace("Inf", "Infinity")) : text] as const)
              .toSorted(byName),
            value,
          ])
          .map((entry) => JSON.stringify(entry))
          .toSorted();
      expect(sorted(theirs)).toEqual(sorted(ours));
    }
    expect(await registry.getMetricsAsJSON()).toEqual(
      expect.arrayContaining([expect.objectContaining({ name: "event_retries_total" })]),
    );
    registry.resetMetrics();
    expect(lineValue(await publisher.metrics(), 'event_retries_total{event_name="a\\"b\\\\c\\nd",tenant=""}')).toBe(4);
  });

  test("serves them in OpenMetrics too, and in text after that", async () => {
    const registry = new Registry<client.RegistryContentType>();
    const { publisher } = openPublisher({ server: false, exemplars: true });
    publisher.registerInto(registry);
    publishEvent(publisher);
    registry.setContentType(Registry.OPENMETRICS_CONTENT_TYPE);
    for (let round = 0; round < 2; round += 1) {
      const page = await registry.metrics();
      expect(page).toContain("# TYPE event_retries counter\n");
      expect(lineValue(page, 'event_retries_total{event_name="import"}')).toBe(2);
      expect(page).toContain('# {task_id="t-1"} 0.04');
    }
    registry.setContentType(Registry.PROMETHEUS_CONTENT_TYPE);
    const text = await registry.metrics();
    expect(text).toContain("# TYPE event_retries_total counter\n");
    expect(lineValue(text, 'event_retries_total{event_name="import"}')).toBe(2);
    parseExposition(text, "text");
  });

  test("gets its page back when the publisher is closed", async () => {
    const registry = new Registry();
    const { publisher } = openPublisher({ server: false });
    publisher.registerInto(registry);
    await publisher.close();
    expect((await registry.metrics()).trim()).toBe("");
  });

  test("keeps a metric of a name that it has, and gets none of ours then", () => {
    const registry = new Registry();
    const gauge = new Gauge({ name: "network_bytes_total", help: "Foreign.", registers: [registry] });
    const { publisher } = openPublisher({ server: false });
    expect(() => publisher.registerInto(registry)).toThrow(/network_bytes_total/);
    expect(registry.getMetricsAsArray()).toEqual([gauge]);
  });

  test("is never the global one", async () => {
    const before = client.register.getMetricsAsArray().length + successor.register.getMetricsAsArray().length;
    const { publisher } = openPublisher({ server: false, registry: new Registry(), processMetrics: true });
    await publisher.metrics();
    expect(client.register.getMetricsAsArray().length + successor.register.getMetricsAsArray().length).toBe(before);
  });
});

interface Odd {
  readonly labels?: unknown;
  readonly value: unknown;
  readonly metricName?: unknown;
}

async function pageOf(
  type: unknown,
  values: readonly Odd[],
  name: unknown = "odd",
): Promise<{ page: string; messages: string[] }> {
  const registry = { getMetricsAsJSON: () => Promise.resolve([{ name, help: "Odd.\r\nVery.", type, values }]) };
  const { publisher, errors } = openPublisher({ server: false, registry });
  const page = await publisher.metrics();
  parseExposition(page, "text");
  parseExposition(await publisher.metrics({ format: "openmetrics" }), "openmetrics");
  expect(lineValue(page, 'eventmeter_registry_up{source="registry"}')).toBe(1);
  return { page, messages: errors.map(({ message }) => message) };
}

/** Gives a histogram's buckets from 0 on, those with the given bounds too, +Inf, its sum and its count. */
function bucketsOf(count: number, ...more: readonly string[]): readonly (Odd & { readonly labels: object })[] {
  const bounds = [...Array.from({ length: count }, (_, bound) => String(bound)), ...more, "+Inf"];
  return [
    ...bounds.map((le, at) => ({ labels: { le }, metricName: "odd_bucket", value: at + 1 })),
    { labels: {}, metricName: "odd_sum", value: 1 },
    { labels: {}, metricName: "odd_count", value: bounds.length },
  ];
}

describe("what a registry gives", () => {
  const throwing = {
    toString(): string {
      throw new Error("canary");
    },
  };

  test("has label values of any kind, shown as text", async () => {
    const labels = {
      list: ["a", 1],
      object: { toString: () => 'x"y' },
      number: 5,
      none: undefined,
      null: null,
      symbol: Symbol("s"),
      bare: Object.create(null),
      throwing,
    };
    const { page, messages } = await pageOf("gauge", [{ labels, value: 1 }]);
    expect(page).toContain(
      'odd{list="a,1",object="x\\"y",number="5",none="",null="",symbol="Symbol(s)",bare="",throwing=""} 1\n',
    );
    expect(messages).toEqual([]);
  });

  test.each([
    [
      "a label __proto__",
      "gauge",
      [{ labels: JSON.parse('{"__proto__":"x"}'), value: 1 }],
      "a label has an illegal name",
    ],
    ["a label with a dash", "gauge", [{ labels: { "a-b": "x" }, value: 1 }], "a label has an illegal name"],
    ["a value that is text", "gauge", [{ labels: {}, value: "1" }], "a value is no number"],
    [
      "a sample of another name",
      "gauge",
      [{ labels: {}, value: 1, metricName: "event_retries_total" }],
      "a sample has a name that does not belong to it",
    ],
    [
      "a series twice",
      "gauge",
      [
        { labels: { a: "1", b: "2" }, value: 1 },
        { labels: { b: "2", a: "1", c: "" }, value: 2 },
      ],
      "a series is there twice",
    ],
    [
      "a series again after another",
      "gauge",
      ["1", "2", "1"].map((a) => ({ labels: { a }, value: 1 })),
      "a series is there twice",
    ],
    ["a bucket twice", "histogram", [...bucketsOf(1, "1", "1.0")], "a series is there twice"],
    ["a bucket twice among many", "histogram", [...bucketsOf(100, "98", "98.0")], "a series is there twice"],
    [
      "a sum twice",
      "histogram",
      [...bucketsOf(2), { labels: { a: "" }, metricName: "odd_sum", value: 1 }],
      "a series is there twice",
    ],
    [
      "buckets without a count",
      "histogram",
      bucketsOf(3).slice(0, -1),
      "a histogram lacks its bucket +Inf or its count",
    ],
    [
      "a histogram with a broken part",
      "histogram",
      [
        { labels: { le: "+Inf" }, metricName: "odd_bucket", value: 1 },
        { labels: {}, metricName: "odd_sum", value: null },
      ],
      "a value is no number",
    ],
  ] as const)("is left out and reported once where it has %s", async (_what, type, values, reason) => {
    const { page, messages } = await pageOf(type, values);
    expect(page).not.toMatch(/__proto__|a-b|^odd_/m);
    expect(messages).toEqual([`prometheus: a metric of a registry is not on the page: odd: ${reason}`]);
  });

  test("is shown whole where label sets follow one another, and a label makes another text each time", async () => {
    let calls = 0;
    const changing = { toString: () => String((calls += 1)) };
    const values = [{ a: "1" }, { a: "2" }, { a: "1", b: "\0" }].flatMap((set) =>
      bucketsOf(40).map((sample) => ({ ...sample, labels: { ...set, ...sample.labels } })),
    );
    const { page, messages } = await pageOf("histogram", values);
    expect(messages).toEqual([]);
    expect(page.match(/^odd_bucket/gm)).toHaveLength(3 * 41);
    expect(page).toContain('odd_bucket{a="1",b="\uFFFD",le="39"} 40\n');
    const changed = await pageOf(
      "gauge",
      [1, 2].map((value) => ({ labels: { changing }, value })),
    );
    expect(changed.messages).toEqual([]);
    let bounds = -1;
    const rising = { toString: () => ["1", "2", "+Inf"][(bounds += 1) % 3] };
    const histogram = await pageOf("histogram", [
      ...[1, 2, 3].map((value) => ({ labels: { le: rising }, metricName: "odd_bucket", value })),
      { labels: {}, metricName: "odd_sum", value: 3 },
      { labels: {}, metricName: "odd_count", value: 3 },
    ]);
    expect(histogram.messages).toEqual([]);
  });

  test("keeps the names that a family of its own has in either format", async () => {
    const values = [{ labels: {}, value: 1 }];
    const summary = [{ labels: { quantile: "0.5" }, value: 1 }];
    const metrics = [
      { name: "size", type: "summary", values: summary },
      { name: "size_created", type: "gauge", values },
      { name: "jobs_total", type: "counter", values },
      { name: "jobs_created", type: "gauge", values },
    ];
    const { publisher, errors } = openPublisher({
      server: false,
      registry: { getMetricsAsJSON: () => Promise.resolve(metrics) },
    });
    const page = await publisher.metrics();
    expect([...page.matchAll(/^# TYPE (size|jobs)\S*/gm)].map(([line]) => line)).toEqual([
      "# TYPE size",
      "# TYPE jobs_total",
    ]);
    expect(errors.map(({ message }) => message.split("page: ")[1])).toEqual(
      ["size_created", "jobs_created"].map((name) => `${name}: its name is taken by another family of the page`),
    );
  });

  test.each([
    [128, true],
    [129, false],
  ])("has exemplars of at most 128 characters: of %i it is shown: %s", async (characters, isShown) => {
    const exemplar = { labelSet: { id: "x".repeat(characters - 2) }, value: 1 };
    const metrics = [{ name: "odd_total", type: "counter", values: [{ labels: {}, value: 1, exemplar }] }];
    const registry = { getMetricsAsJSON: () => Promise.resolve(metrics) };
    const { publisher } = openPublisher({ server: false, registry });
    expect((await publisher.metrics({ format: "openmetrics" })).includes("# {id=")).toBe(isShown);
  });

  test.each(["9a", "a-b", "__a", "a b", 5, null, "a\n# EOF"])(
    "is left out where a metric is called %j",
    async (name) => {
      const { messages } = await pageOf("gauge", [{ labels: {}, value: 1 }], name);
      expect(messages).toEqual(["prometheus: a metric of a registry is not on the page: a metric has an illegal name"]);
    },
  );

  test.each(["canary", undefined, 7])("is untyped where its type is %j", async (type) => {
    const { page } = await pageOf(type, [{ labels: {}, value: 3n }]);
    expect(page).toContain("# HELP odd Odd. \\nVery.\n# TYPE odd untyped\nodd 3\n");
  });

  test("is left out where it is no metric at all", async () => {
    const registry = {
      getMetricsAsJSON: () => Promise.resolve([null, 5, "x", undefined, [], { name: "ok", values: "none" }]),
    };
    const { publisher } = openPublisher({ server: false, registry });
    expect(await publisher.metrics()).toContain("# TYPE ok untyped\n");
  });

  test("costs nothing but itself where it throws while it is read", async () => {
    const hostile = {
      get name(): string {
        throw new Error("canary");
      },
    };
    const registry = { getMetricsAsJSON: () => Promise.resolve([hostile]) };
    const { publisher, errors } = openPublisher({ server: false, registry });
    expect(lineValue(await publisher.metrics(), 'eventmeter_registry_up{source="registry"}')).toBe(0);
    expect(errors).toHaveLength(1);
  });
});

test("labels are built once for each label set, however often a registry asks", async () => {
  interface Asked {
    getForPromString(): Promise<{ values: { sharedLabels?: object }[] }>;
  }
  const asked: Asked[] = [];
  const { publisher } = openPublisher({ server: false });
  publisher.registerInto({ registerMetric: (metric: never) => void asked.push(metric) });
  publishEvent(publisher);
  const labels = async (): Promise<object | undefined> => (await asked[0]?.getForPromString())?.values[0]?.sharedLabels;
  const first = await labels();
  publishEvent(publisher);
  expect(first).toEqual({ event_name: "import", status: "completed" });
  expect(await labels()).toBe(first);
});

test("a registry gets nothing of a publisher that is closed", async () => {
  const { publisher } = openPublisher({ server: false });
  const closing = publisher.close();
  const registered: unknown[] = [];
  publisher.registerInto({ registerMetric: (metric: never) => void registered.push(metric) });
  await closing;
  expect(registered).toEqual([]);
});

test("a large registry is read in steps", () => {
  const values = Array.from({ length: 10_000 }, (_, value) => ({ labels: { v: String(value) }, value }));
  const metrics = [{ name: "large", help: "h", type: "gauge", values }];
  const steps = readFamilies(metrics, new FamilyNames(), false, () => {});
  let count = 0;
  let step = steps.next();
  for (; step.done !== true; step = steps.next()) count += 1;
  expect(count).toBeGreaterThan(100);
  expect(step.value[0]?.samples).toHaveLength(10_000);
});
