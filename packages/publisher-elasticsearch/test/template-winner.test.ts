import { describe, expect, test } from "vitest";
import { type FakeTemplate, openFakeElasticsearch } from "./fake-elasticsearch.ts";
import { error } from "./fake-replies.ts";
import { eventually, openPublisher, until } from "./publisher-harness.ts";

const THEIRS: FakeTemplate = { index_patterns: ["metrics-event*"], priority: 900 };
const BOTH = "metrics-eventmeter.event-default and metrics-eventmeter.network-default";

describe("a template of higher priority that makes no data stream", () => {
  test("is named by the start, by check(), and the way to it by the held records", async () => {
    await using server = await openFakeElasticsearch();
    server.templates.set("team-metrics", THEIRS);
    const { publisher, publish, errors, clock } = openPublisher({ hosts: [server.url] });
    await publisher.start();
    expect(errors).toMatchObject([
      {
        code: "template-shadowed",
        message: `elasticsearch: the index template team-metrics (priority 900) decides about ${BOTH}, not eventmeter-default (priority 501), and makes no data stream: records are held; give it a priority below 501, or other index_patterns, or add data_stream: {} to it`,
      },
    ]);
    expect(await publisher.check()).toMatchObject({
      ok: false,
      code: "template-shadowed",
      message: expect.stringContaining("the index template team-metrics (priority 900) decides"),
      hint: expect.stringContaining("priority below 501"),
    });
    publish("a");
    await eventually({ clock }, () => errors.length > 1);
    expect(errors[1]).toMatchObject({ code: "held", message: expect.stringContaining("check() names it") });
    server.templates.set("team-metrics", { ...THEIRS, priority: 7 });
    await eventually({ clock }, () => publisher.health().delivered === 1);
  });

  test("is found by a start that finds its own template up to date, and with templates: false", async () => {
    await using server = await openFakeElasticsearch();
    await openPublisher({ hosts: [server.url] }).publisher.start();
    server.templates.set("team-metrics", THEIRS);
    for (const templates of [true, false]) {
      const { publisher, errors, diagnostics } = openPublisher({ hosts: [server.url], templates });
      // oxlint-disable-next-line no-await-in-loop -- one start after the other
      await publisher.start();
      expect(diagnostics).toEqual([]);
      expect(errors).toMatchObject([{ code: "template-shadowed", message: expect.stringContaining("team-metrics") }]);
      // oxlint-disable-next-line no-await-in-loop -- one start after the other
      expect(await publisher.check()).toMatchObject({ ok: false, code: "template-shadowed" });
    }
  });

  test("is found before the first start, unless the own template will win", async () => {
    await using server = await openFakeElasticsearch();
    const { publisher } = openPublisher({ hosts: [server.url] });
    for (const [priority, ok] of [
      [500, true],
      [501, false],
      [900, false],
    ] as const) {
      server.templates.set("team-metrics", { ...THEIRS, priority });
      // oxlint-disable-next-line no-await-in-loop -- one priority after the other
      expect(await publisher.check()).toMatchObject({ ok });
    }
  });

  test("that decides about one stream only is named for that one", async () => {
    await using server = await openFakeElasticsearch();
    server.templates.set("theirs", { ...THEIRS, index_patterns: ["*.network-default"] });
    const { publisher, errors } = openPublisher({ hosts: [server.url] });
    await publisher.start();
    expect(errors).toMatchObject([
      { message: expect.stringContaining("decides about metrics-eventmeter.network-default, not") },
    ]);
  });

  test("does not hold a stream that exists, and is a diagnostic", async () => {
    await using server = await openFakeElasticsearch();
    const first = openPublisher({ hosts: [server.url] });
    first.publish("a");
    await first.publisher.flush();
    server.templates.set("theirs", { ...THEIRS, index_patterns: ["*.event-default"] });
    const { publisher, publish, errors, diagnostics } = openPublisher({ hosts: [server.url] });
    publish("b");
    expect(await publisher.flush()).toMatchObject({ delivered: 1 });
    expect(errors).toEqual([]);
    expect(diagnostics).toMatchObject([{ code: "mappings-shadowed", message: expect.stringContaining("theirs") }]);
  });
});

test.each([{}, { indexPrefix: "jobs" }])(
  "a template of higher priority with other mappings is named, and records are sent (%j)",
  async (options) => {
    await using server = await openFakeElasticsearch();
    server.templates.set("theirs", { index_patterns: ["*-event*"], priority: 502, data_stream: {} });
    const { publisher, publish, errors, diagnostics } = openPublisher({ hosts: [server.url], ...options });
    publish("a");
    expect(await publisher.flush()).toMatchObject({ delivered: 1 });
    expect(errors).toEqual([]);
    expect(diagnostics.map(({ code }) => code)).toEqual(["template-installed", "mappings-shadowed"]);
    expect(diagnostics[1]?.message).toMatch(/the index template theirs \(priority 502\) decides about .*event/);
    expect(await publisher.check()).toMatchObject({ ok: true, code: "mappings-shadowed", hint: expect.any(String) });
  },
);

test("a template of lower priority is not named, and those of other names are not either", async () => {
  await using server = await openFakeElasticsearch({ builtIn: true });
  for (const pattern of ["metrics-eventmeter.event", "*.event-default-*", "metrics-*.other-default"])
    server.templates.set(pattern, { index_patterns: [pattern], priority: 900 });
  const { publisher, errors, diagnostics } = openPublisher({ hosts: [server.url] });
  await publisher.start();
  expect(errors).toEqual([]);
  expect(diagnostics.map(({ code }) => code)).toEqual(["template-installed"]);
  expect(await publisher.check()).toMatchObject({ ok: true, code: "write-unknown" });
});

test("a winner that the server does not name is reported without a name", async () => {
  await using server = await openFakeElasticsearch();
  server.templates.set("theirs", THEIRS);
  server.intercept = ({ path }) => (path === "/_index_template" ? { status: 403 } : undefined);
  const { publisher, errors } = openPublisher({ hosts: [server.url] });
  await publisher.start();
  expect(errors).toMatchObject([
    { code: "template-shadowed", message: expect.stringContaining("an index template of higher priority decides") },
  ]);
});

test.each([
  ["403", error(403, "security_exception", "hunter2"), "(403, security_exception)"],
  ["503", { status: 503 }, "(503)"],
  ["a reset", "reset", "(broken-off)"],
] as const)("a server that answers %s to the question fails no start: one diagnostic", async (_, reply, text) => {
  await using server = await openFakeElasticsearch({ builtIn: true });
  server.intercept = ({ path }) => (path.startsWith("/_index_template") ? reply : undefined);
  const { publisher, publish, errors, diagnostics } = openPublisher({ hosts: [server.url], templates: false });
  publish("a");
  expect(await publisher.flush()).toMatchObject({ delivered: 1 });
  expect(errors).toEqual([]);
  expect(diagnostics).toMatchObject([{ code: "template-unknown", message: expect.stringContaining(text) }]);
  expect(await publisher.check()).toMatchObject({ ok: true, code: "write-unknown" });
});

test("a server that does not answer the question costs the start a quarter of the time of a request", async () => {
  await using server = await openFakeElasticsearch({ builtIn: true });
  server.intercept = ({ path }) => (path.startsWith("/_index_template") ? "hang" : undefined);
  const { publisher, clock, diagnostics } = openPublisher({
    hosts: [server.url],
    templates: false,
    sendTimeoutMs: 40_000,
  });
  const starting = publisher.start({ timeoutMs: 60_000 });
  await until(() => server.requests.length === 2);
  await clock.advance(9_999);
  expect(diagnostics).toEqual([]);
  await clock.advance(1);
  await starting;
  expect(diagnostics).toMatchObject([{ code: "template-unknown", message: expect.stringContaining("(timeout)") }]);
});
