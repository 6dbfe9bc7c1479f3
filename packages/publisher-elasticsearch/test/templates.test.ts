import { describe, expect, test } from "vitest";
import { TEMPLATE_VERSION, templateOf } from "../src/templates/index-template.ts";
import { type FakeTemplate, openFakeElasticsearch } from "./fake-elasticsearch.ts";
import { error } from "./fake-replies.ts";
import { eventually, NOON, openPublisher, until } from "./publisher-harness.ts";

const OURS = { managed_by: "eventmeter" };
const template = (version: number, managedBy?: string): FakeTemplate => ({
  index_patterns: ["mine"],
  version,
  ...(managedBy === undefined ? {} : { _meta: { managed_by: managedBy } }),
});

describe("the template", () => {
  test("of data streams names them alone, above the built-in ones, and manages their life", async () => {
    await using server = await openFakeElasticsearch({ builtIn: true });
    const { publisher, diagnostics } = openPublisher({ hosts: [server.url], namespace: "staging", retention: "30d" });
    await publisher.start();
    expect(server.templates.get("eventmeter-staging")).toMatchObject({
      index_patterns: ["metrics-eventmeter.event-staging", "metrics-eventmeter.network-staging"],
      priority: 501,
      version: TEMPLATE_VERSION,
      _meta: OURS,
      data_stream: {},
      template: { lifecycle: { data_retention: "30d" }, mappings: { date_detection: false } },
    });
    expect(diagnostics).toMatchObject([
      { code: "template-installed", message: expect.stringContaining("eventmeter-staging") },
    ]);
  });

  test("of daily indices names their days alone, and makes no stream", async () => {
    await using server = await openFakeElasticsearch();
    const { publisher } = openPublisher({ hosts: [server.url], indexPrefix: "job-metrics" });
    await publisher.start();
    const found = server.templates.get("eventmeter-daily-job-metrics");
    expect(found).toMatchObject({
      index_patterns: [
        "job-metrics-event-19*.*.*",
        "job-metrics-event-20*.*.*",
        "job-metrics-network-19*.*.*",
        "job-metrics-network-20*.*.*",
      ],
      priority: 501,
      _meta: OURS,
      allow_auto_create: true,
    });
    expect(found).not.toHaveProperty("data_stream");
    expect(found?.template).not.toHaveProperty("lifecycle");
  });

  test("has fields of types that every server knows, and no float", () => {
    for (const indexPrefix of [undefined, "jobs"]) {
      const found = new Set<unknown>();
      const given = { namespace: "default", indexPrefix, retention: undefined, hasNumericLabels: true };
      JSON.stringify(templateOf(given), (key, value: unknown) => {
        if (key === "type" && typeof value === "string") found.add(value);
        return value;
      });
      expect(
        [...found].every((type) =>
          ["keyword", "text", "date", "long", "double", "flattened", "ip", "object"].includes(String(type)),
        ),
      ).toBe(true);
    }
  });

  test("maps every field that a document can have", async () => {
    for (const indexPrefix of [undefined, "jobs"]) {
      await using server = await openFakeElasticsearch();
      const resource = {
        serviceName: "a",
        serviceVersion: "b",
        serviceInstanceId: "c",
        environment: "d",
        attributes: { e: 1 },
      };
      const { publisher } = openPublisher({ hosts: [server.url], resource, indexPrefix });
      const common = {
        startTime: NOON,
        endTime: NOON,
        error: "x",
        errorType: "E",
        recordId: "r",
        traceId: "t",
        spanId: "s",
        attributes: { a: 1 },
      };
      publisher.publishEventMetrics({
        ...common,
        eventName: "a",
        taskId: 1,
        pipelineId: "p",
        processId: 1,
        retryCount: 1,
      });
      publisher.publishNetworkMetrics({
        ...common,
        operation: "a",
        host: "::1",
        port: 1,
        bytesSent: 1,
        bytesReceived: 1,
        taskId: 1,
        eventName: "e",
      });
      expect(await publisher.flush()).toMatchObject({ delivered: 2 });
      const [{ template: body } = {}] = server.templates.values();
      const unmapped = [...server.indices.values()].flatMap(({ documents }) =>
        [...documents.values()].flatMap((document) => unmappedIn(document, body?.mappings?.properties, "")),
      );
      expect(unmapped).toEqual([]);
    }
  });
});

function unmappedIn(value: unknown, properties: unknown, path: string): readonly string[] {
  return Object.entries(value as object).flatMap(([name, inner]): readonly string[] => {
    const mapping = (properties as Readonly<Record<string, { type?: string; properties?: unknown }>> | undefined)?.[
      name
    ];
    if (mapping === undefined) return [path + name];
    return mapping.properties === undefined ? [] : unmappedIn(inner, mapping.properties, `${path}${name}.`);
  });
}

describe("a template of that name on the server", () => {
  test.each([
    ["older, of ours", template(0, "eventmeter"), "replaced", ["template-installed"]],
    ["of this version", template(TEMPLATE_VERSION, "eventmeter"), "kept", []],
    ["newer, of ours", template(TEMPLATE_VERSION + 1, "eventmeter"), "kept", []],
    ["older, of somebody else", template(0, "terraform"), "kept", ["template-kept"]],
    ["of nobody in particular", template(0), "kept", ["template-kept"]],
    ["of nobody, without a version", { index_patterns: ["mine"], priority: 3 }, "kept", ["template-kept"]],
  ] as const)("that is %s is handled so: %s", async (...[, existing, becomes, codes]) => {
    await using server = await openFakeElasticsearch();
    server.templates.set("eventmeter-default", existing);
    const { publisher, diagnostics, errors } = openPublisher({ hosts: [server.url] });
    await publisher.start();
    expect(server.templates.get("eventmeter-default") === existing).toBe(becomes === "kept");
    expect(diagnostics.map(({ code }) => code)).toEqual(codes);
    expect(errors).toEqual([]);
  });
});

describe("numeric attributes", () => {
  const numericLabelsOf = (server: { readonly templates: Map<string, FakeTemplate> }): unknown =>
    server.templates.get("eventmeter-default")?.template?.mappings?.properties?.["numeric_labels"];
  const limits = { "index.mapping.total_fields.ignore_dynamic_beyond_limit": true };

  test.each([
    ["9.5.3", true],
    ["8.14.0", true],
    ["8.13.4", false],
  ])("are fields in templates for Elasticsearch %s: %s", async (version, isOn) => {
    await using server = await openFakeElasticsearch({ version });
    const { publisher, diagnostics } = openPublisher({ hosts: [server.url] });
    await publisher.start();
    expect(numericLabelsOf(server)).toMatchObject(isOn ? { subobjects: false } : { enabled: false });
    const settings = server.templates.get("eventmeter-default")?.template?.settings;
    if (isOn) expect(settings).toMatchObject(limits);
    else expect(settings).toBeUndefined();
    expect(diagnostics.map(({ code }) => code)).toEqual([
      "template-installed",
      ...(isOn ? [] : ["numeric-labels-off"]),
    ]);
  });

  test("become fields once the server is updated, and a server that does not tell its version changes nothing", async () => {
    const options: { version: string; keys?: Record<string, object> } = { version: "8.13.4" };
    await using server = await openFakeElasticsearch(options);
    const seen: unknown[] = [];
    for (const [version, keys] of [
      ["8.13.4"],
      ["8.13.4", { "ApiKey a2V5": { write: true, manageTemplates: true } }],
      ["8.14.0"],
      ["8.14.0", { "ApiKey a2V5": { write: true, manageTemplates: true } }],
    ] as const) {
      options.version = version;
      if (keys === undefined) delete options.keys;
      else options.keys = keys;
      const { publisher, diagnostics } = openPublisher({ hosts: [server.url], auth: { apiKey: "a2V5" } });
      // oxlint-disable-next-line no-await-in-loop -- one start after the other
      await publisher.start();
      seen.push([numericLabelsOf(server), ...diagnostics.map(({ code }) => code)]);
    }
    const [off, on] = [expect.objectContaining({ enabled: false }), expect.objectContaining({ subobjects: false })];
    expect(seen).toEqual([[off, "template-installed", "numeric-labels-off"], [off], [on, "template-installed"], [on]]);
  });

  test("are no fields of daily indices", async () => {
    await using server = await openFakeElasticsearch({ version: "8.13.4" });
    const { publisher, diagnostics } = openPublisher({ hosts: [server.url], indexPrefix: "jobs" });
    await publisher.start();
    expect(diagnostics.map(({ code }) => code)).toEqual(["template-installed"]);
  });
});

describe("the retention", () => {
  const retentionOf = (found: FakeTemplate | undefined): unknown => found?.template?.lifecycle?.data_retention;

  test("that is asked for later is written into the template, and stays where nobody asks for one", async () => {
    await using server = await openFakeElasticsearch();
    const seen: unknown[] = [];
    for (const retention of [undefined, "30d", "30d", "7d", undefined]) {
      const { publisher, diagnostics } = openPublisher({ hosts: [server.url], retention });
      // oxlint-disable-next-line no-await-in-loop -- one start after the other
      await publisher.start();
      seen.push([retentionOf(server.templates.get("eventmeter-default")), ...diagnostics.map(({ code }) => code)]);
    }
    expect(seen).toEqual([
      [undefined, "template-installed"],
      ["30d", "template-installed"],
      ["30d"],
      ["7d", "template-installed"],
      ["7d"],
    ]);
  });

  test("is kept when a newer version takes the place of the template, and that of a newer one is left alone", async () => {
    await using server = await openFakeElasticsearch();
    const older = { ...template(0, "eventmeter"), _meta: { managed_by: "eventmeter", retention: "90d" } };
    server.templates.set("eventmeter-default", older);
    await openPublisher({ hosts: [server.url] }).publisher.start();
    expect(retentionOf(server.templates.get("eventmeter-default"))).toBe("90d");

    const newer = { ...older, version: TEMPLATE_VERSION + 1 };
    server.templates.set("eventmeter-default", newer);
    await openPublisher({ hosts: [server.url], retention: "1d" }).publisher.start();
    expect(server.templates.get("eventmeter-default")).toBe(newer);
  });
});

describe("a key", () => {
  const auth = { apiKey: "a2V5" };

  test("that may only write is enough", async () => {
    await using server = await openFakeElasticsearch({ builtIn: true, keys: { "ApiKey a2V5": { write: true } } });
    const { publisher, publish, diagnostics, errors } = openPublisher({ hosts: [server.url], auth });
    publish("a");
    expect(await publisher.flush()).toMatchObject({ delivered: 1 });
    expect(diagnostics).toMatchObject([
      {
        code: "template-not-allowed",
        message: expect.stringMatching(/may not see whether there is .* \(403\); without it/),
      },
    ]);
    expect(errors).toEqual([]);
  });

  test("that may see templates and not write them hears that there is none", async () => {
    await using server = await openFakeElasticsearch({ builtIn: true });
    server.intercept = ({ method }) => (method === "PUT" ? error(403, "security_exception", "hunter2") : undefined);
    const { publisher, publish, diagnostics, errors } = openPublisher({ hosts: [server.url] });
    publish("a");
    expect(await publisher.flush()).toMatchObject({ delivered: 1 });
    expect(diagnostics).toMatchObject([
      { code: "template-not-allowed", message: expect.stringContaining("eventmeter-default is not installed") },
    ]);
    expect(errors).toEqual([]);
  });

  test("that is not known keeps records waiting, and start() says so", async () => {
    await using server = await openFakeElasticsearch({ keys: {} });
    const { publisher, publish, errors } = openPublisher({ hosts: [server.url], auth });
    await expect(publisher.start()).rejects.toMatchObject({
      code: "start-failed",
      retryable: true,
      message: expect.stringContaining("check auth"),
    });
    publish("a");
    expect(publisher.health()).toMatchObject({ pending: 1, dropped: 0 });
    expect(JSON.stringify(errors)).not.toContain(auth.apiKey);
  });
});

test("with templates: false the server is asked which templates decide, and none is written", async () => {
  await using server = await openFakeElasticsearch({ builtIn: true });
  const { publisher, publish } = openPublisher({ hosts: [server.url], templates: false });
  publish("a");
  expect(await publisher.flush()).toMatchObject({ delivered: 1 });
  expect(server.requests.map(({ method, path }) => `${method} ${path}`)).toEqual([
    "GET /",
    "POST /_index_template/_simulate_index/metrics-eventmeter.event-default",
    "POST /_index_template/_simulate_index/metrics-eventmeter.network-default",
    "POST /metrics-eventmeter.event-default/_bulk",
  ]);
});

test("a server that rejects the template is reported, with what becomes of records", async () => {
  await using server = await openFakeElasticsearch({ builtIn: true });
  server.templates.set("another", {
    index_patterns: ["metrics-eventmeter.event-default"],
    priority: 501,
    data_stream: {},
  });
  const { publisher, publish, errors } = openPublisher({ hosts: [server.url] });
  publish("a");
  expect(await publisher.flush()).toMatchObject({ delivered: 1 });
  expect(errors.map(({ code, message }) => [code, message])).toEqual([
    [
      "template-failed",
      expect.stringMatching(
        /\(400, illegal_argument_exception\); another template gives the data streams their mappings, or records are held where there is none$/,
      ),
    ],
  ]);
});

test.each([503, 429, 408])("a server that answers %d is asked again, and nothing is sent before", async (status) => {
  await using server = await openFakeElasticsearch();
  server.intercept = () => error(status, "some_exception", "hunter2");
  const { publisher, publish, clock, errors } = openPublisher({ hosts: [server.url] });
  publish("a");
  await until(() => errors.length > 0);
  expect(errors[0]).toMatchObject({
    code: "start-failed",
    retryable: true,
    message: expect.stringContaining("GET _cluster/health says more"),
  });
  expect(server.bulks).toHaveLength(0);
  server.intercept = undefined;
  await eventually({ clock }, () => publisher.health().delivered === 1);
});

test("an answer about the template that cannot be read is asked for again, and nobody's template is touched", async () => {
  await using server = await openFakeElasticsearch();
  server.intercept = () => ({ status: 200, body: '{"index_templates":[{"index_t' });
  const { publisher, publish, clock, errors, diagnostics } = openPublisher({ hosts: [server.url] });
  publish("a");
  await until(() => errors.length > 0);
  expect(errors[0]).toMatchObject({ code: "start-failed", message: expect.stringContaining("could not be read") });
  expect(server.requests.map(({ method }) => method)).toEqual(["GET", "GET"]);
  server.intercept = undefined;
  await eventually({ clock }, () => publisher.health().delivered === 1);
  expect(diagnostics.map(({ code }) => code)).toEqual(["template-installed"]);
});

test("a server that does not answer the start is given up after the time of one request, and asked again", async () => {
  await using server = await openFakeElasticsearch();
  server.intercept = () => "hang";
  const { publisher, publish, clock, errors } = openPublisher({ hosts: [server.url], sendTimeoutMs: 3_000 });
  publish("a");
  await until(() => server.requests.length === 1);
  await clock.advance(3_000);
  await until(() => errors.length > 0);
  expect(errors[0]?.message).toContain("did not answer in time");
  server.intercept = undefined;
  await eventually({ clock }, () => publisher.health().delivered === 1);
});

test("a stream without a template is waited for, and never made as a plain index", async () => {
  await using server = await openFakeElasticsearch();
  const { publisher, publish, clock, errors } = openPublisher({ hosts: [server.url], templates: false });
  publish("a");
  void publisher.flush();
  await until(() => errors.length > 0);
  expect(errors[0]).toMatchObject({
    code: "held",
    message: expect.stringContaining("(404, index_not_found_exception)"),
  });
  expect(server.indices.size).toBe(0);
  server.templates.set("made", { index_patterns: ["metrics-*"], data_stream: {} });
  await eventually({ clock }, () => publisher.health().delivered === 1);
});

test("a template that somebody removes is installed again, and the records go on", async () => {
  await using server = await openFakeElasticsearch();
  const { publisher, publish, clock, diagnostics } = openPublisher({ hosts: [server.url] });
  publish("a");
  expect(await publisher.flush()).toMatchObject({ delivered: 1 });
  server.templates.clear();
  server.indices.clear();
  publish("b");
  await eventually({ clock }, () => publisher.health().delivered === 2);
  expect(diagnostics.map(({ code }) => code)).toEqual(["template-installed", "template-installed"]);
  expect(server.templates.has("eventmeter-default")).toBe(true);
});

test("a template that several requests miss at the same time is installed again once, and holds none of them", async () => {
  await using server = await openFakeElasticsearch();
  const { publisher, publish, clock, errors, diagnostics } = openPublisher({ hosts: [server.url], maxBatchRecords: 1 });
  await publisher.start();
  server.templates.clear();
  publish("a", "b", "c", "d");
  publisher.publishNetworkMetrics({
    operation: "GET",
    host: "h",
    port: 1,
    startTime: NOON,
    endTime: NOON,
    bytesSent: 1,
    bytesReceived: 1,
  });
  void publisher.flush();
  await eventually({ clock, leapMs: 1_000 }, () => publisher.health().delivered === 5);
  expect(diagnostics.map(({ code }) => code)).toEqual(["template-installed", "template-installed"]);
  expect(errors.filter(({ code }) => code === "held")).toEqual([]);
});

test("a template that is gone holds its stream if installing it takes longer than a quarter of a request", async () => {
  await using server = await openFakeElasticsearch();
  const { publisher, publish, clock, errors } = openPublisher({ hosts: [server.url], sendTimeoutMs: 40_000 });
  await publisher.start();
  server.templates.clear();
  server.intercept = ({ path }) => (path.startsWith("/_index_template/") ? "hang" : undefined);
  const before = server.requests.length;
  publish("a");
  void publisher.flush();
  await until(() => server.requests.length === before + 2);
  await clock.advance(9_999);
  await new Promise((resolve) => setImmediate(resolve));
  expect(errors).toEqual([]);
  await clock.advance(1);
  await until(() => errors.length > 0);
  expect(errors).toMatchObject([{ code: "held", message: expect.stringContaining("index_not_found_exception") }]);
  server.intercept = undefined;
  await eventually({ clock }, () => publisher.health().delivered === 1);
});

test("a template that is there and does not help is looked at once for each attempt, and the records are held", async () => {
  await using server = await openFakeElasticsearch();
  const { publisher, publish, errors, clock } = openPublisher({ hosts: [server.url] });
  await publisher.start();
  server.fault = () => ({ status: 404, type: "index_not_found_exception" });
  const before = server.requests.length;
  publish("a");
  void publisher.flush();
  await until(() => errors.length > 0);
  expect(errors).toMatchObject([{ code: "held" }]);
  expect(server.requests.slice(before).map(({ method, path }) => `${method} ${path}`)).toEqual([
    "POST /metrics-eventmeter.event-default/_bulk",
    "GET /_index_template/eventmeter-default",
  ]);
  server.fault = undefined;
  await eventually({ clock }, () => publisher.health().delivered === 1);
});

test("a key that may not manage templates says so once, however often its records are held", async () => {
  await using server = await openFakeElasticsearch({ keys: { "ApiKey a2V5": { write: true } } });
  const { publisher, publish, errors, diagnostics, clock } = openPublisher({
    hosts: [server.url],
    auth: { apiKey: "a2V5" },
  });
  publish("a");
  void publisher.flush();
  await until(() => errors.length > 0);
  await eventually({ clock }, () => server.bulks.length > 3);
  expect(diagnostics.map(({ code }) => code)).toEqual(["template-not-allowed"]);
  expect(errors.map(({ code }) => code)).toEqual(["held"]);
});

test("a template of daily indices that is rejected holds nobody up", async () => {
  await using server = await openFakeElasticsearch();
  server.intercept = ({ method }) =>
    method === "PUT" ? error(400, "illegal_argument_exception", "hunter2") : undefined;
  const { publisher, publish, errors } = openPublisher({ hosts: [server.url], indexPrefix: "jobs" });
  publish("a");
  expect(await publisher.flush()).toMatchObject({ delivered: 1 });
  expect(errors).toMatchObject([
    { code: "template-failed", message: expect.stringMatching(/; Elasticsearch guesses the mappings$/) },
  ]);
});

test("a retention that replaces another one is reported; one that replaces none is not", async () => {
  await using server = await openFakeElasticsearch();
  const first = openPublisher({ hosts: [server.url], retention: "30d" });
  await first.publisher.start();
  expect(first.errors).toEqual([]);
  const second = openPublisher({ hosts: [server.url], retention: "7d" });
  await second.publisher.start();
  expect(second.errors).toMatchObject([
    { code: "retention-replaced", message: expect.stringContaining("was 30d, and is 7d now") },
  ]);
  const third = openPublisher({ hosts: [server.url] });
  await third.publisher.start();
  expect(third.errors).toEqual([]);
});
