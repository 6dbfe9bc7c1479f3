import type { CheckReport } from "@eventmeter/core";
import { ElasticsearchPublisher } from "@eventmeter/publisher-elasticsearch";
import { createFaultServer } from "@eventmeter/testkit";
import { describe, expect, onTestFinished, test } from "vitest";
import { freePort } from "../../../test/free-port.ts";
import { loadProblem, problemText, runtimeProblem } from "../src/connection/problem.ts";
import { type FakeOptions, type FakeTemplate, openFakeElasticsearch } from "./fake-elasticsearch.ts";
import { error, json } from "./fake-replies.ts";
import { openPublisher, until } from "./publisher-harness.ts";

const auth = { apiKey: "a2V5" };
const withKey = (key: object): FakeOptions => ({ keys: { "ApiKey a2V5": key } });

test.each([
  ["without security", {}, {}, "write-unknown", /Elasticsearch 9.5.3 answers; whether .* is not known$/],
  [
    "with a key that may do everything",
    withKey({ write: true, monitor: true }),
    {},
    "ok",
    /lets these credentials write to metrics-eventmeter.event-default/,
  ],
  ["with a key that may only write", withKey({ write: true }), {}, "ok", /Elasticsearch answers and lets/],
  [
    "with a key that may not write",
    withKey({ monitor: true }),
    {},
    "forbidden",
    /may not write to metrics-eventmeter.event-default/,
  ],
  ["with a key that is not known", { keys: {} }, {}, "unauthorized", /not accepted/],
  ["of version 7", { version: "7.17.0" }, {}, "unsupported-version", /8.13 or newer/],
  ["of version 8.12", { version: "8.12.2" }, {}, "unsupported-version", /8.13 or newer/],
  ["of version 8.12, for daily indices", { version: "8.12.2" }, { indexPrefix: "jobs" }, "write-unknown", /8.12.2/],
  ["that is serverless", { version: "8.11.0", flavor: "serverless" }, {}, "write-unknown", /Elasticsearch answers/],
] as const)("a server %s is found to be so", async (_, server, options, code, message) => {
  await using fake = await openFakeElasticsearch(server);
  const { publisher } = openPublisher({ hosts: [fake.url], auth, ...options });
  const report = await publisher.check();
  const ok = code === "ok" || code === "write-unknown";
  expect(report).toMatchObject({ ok, code, message: expect.stringMatching(message) });
  expect(report.message).toMatch(/^elasticsearch: /);
  expect(report.hint === undefined).toBe(ok);
  expect(JSON.stringify(report)).not.toContain("a2V5");
  expect(fake.indices.size).toBe(0);
  expect(fake.templates.size).toBe(0);
});

test.each([
  ["a page that is not Elasticsearch's", { status: 200, body: "<html>hunter2", product: false }, "not-elasticsearch"],
  ["a 404 of something else", { status: 404, body: "hunter2", product: false }, "not-elasticsearch"],
  ["a redirect", { status: 302, headers: { location: "/hunter2" } }, "not-elasticsearch"],
  ["a 404 of Elasticsearch's", error(404, "index_not_found_exception", "hunter2"), "not-found"],
  ["a 403 to everything", error(403, "security_exception", "hunter2"), "forbidden"],
  ["a 503", { status: 503, body: "hunter2", product: false }, "unavailable"],
  ["nothing but a reset", "reset", "broken-off"],
] as const)("%s is told apart, with a hint", async (_, reply, code) => {
  await using fake = await openFakeElasticsearch();
  fake.intercept = () => reply;
  const { publisher } = openPublisher({ hosts: [fake.url] });
  const report = await publisher.check();
  expect(report).toMatchObject({ ok: false, code, hint: expect.any(String) });
  expect(JSON.stringify(report)).not.toContain("hunter2");
});

test.each([
  ["a page that is not Elasticsearch's", { status: 200, body: "<html>hunter2", product: false }],
  ["a 404 of something else", { status: 404, body: "hunter2", product: false }],
  ["a path that it is not at", error(404, "index_not_found_exception", "hunter2")],
  ["a redirect", { status: 302, headers: { location: "/hunter2" } }],
  ["a server that is too old", json(200, { version: { number: "7.17.0" } })],
  ["credentials that are not known", error(401, "security_exception", "hunter2")],
] as const)("start() rejects with the sentence of check() for %s, with and without templates", async (_, reply) => {
  await using fake = await openFakeElasticsearch();
  fake.intercept = () => reply;
  for (const templates of [true, false]) {
    const { publisher } = openPublisher({ hosts: [fake.url], templates });
    const { message, hint } = await publisher.check();
    const asked = fake.requests.length;
    await expect(publisher.start()).rejects.toMatchObject({
      code: "start-failed",
      retryable: true,
      message: `${message.replace(": ", ": the start failed: ")}; ${hint}`,
    });
    expect(fake.requests.slice(asked).map(({ method, path }) => `${method} ${path}`)).toEqual(["GET /"]);
  }
});

test("start() goes on where a key may not ask what answers", async () => {
  await using fake = await openFakeElasticsearch(withKey({ write: true }));
  const { publisher } = openPublisher({ hosts: [fake.url], auth, templates: false });
  await publisher.start();
  expect(fake.requests[0]).toMatchObject({ path: "/" });
});

describe("with templates: false", () => {
  const mine: FakeTemplate = { index_patterns: ["metrics-eventmeter.*"], data_stream: {} };

  test("a stream that nothing makes is found missing, and nothing is made", async () => {
    await using fake = await openFakeElasticsearch();
    const { publisher } = openPublisher({ hosts: [fake.url], templates: false });
    expect(await publisher.check()).toMatchObject({
      ok: false,
      code: "template-missing",
      message: expect.stringContaining("metrics-eventmeter.event-default"),
      hint: expect.any(String),
    });
    expect(fake.indices.size).toBe(0);
  });

  test("a template of somebody else's will do, and a stream that is there", async () => {
    await using fake = await openFakeElasticsearch();
    fake.templates.set("mine", mine);
    const { publisher, publish } = openPublisher({ hosts: [fake.url], templates: false });
    expect(await publisher.check()).toMatchObject({ ok: true, code: "write-unknown" });
    publish("a");
    await publisher.flush();
    fake.templates.clear();
    expect(await publisher.check()).toMatchObject({
      ok: false,
      code: "template-missing",
      message: expect.stringContaining("no index template makes metrics-eventmeter.network-default a"),
    });
    fake.indices.set("metrics-eventmeter.network-default", { stream: true, documents: new Map(), failures: [] });
    expect(await publisher.check()).toMatchObject({ ok: true, code: "write-unknown" });
  });

  test("a key that may only write is not blamed for it", async () => {
    await using fake = await openFakeElasticsearch(withKey({ write: true }));
    const { publisher } = openPublisher({ hosts: [fake.url], auth, templates: false });
    expect(await publisher.check()).toMatchObject({ ok: true, code: "ok" });
  });

  test("daily indices need no template", async () => {
    await using fake = await openFakeElasticsearch();
    const { publisher } = openPublisher({ hosts: [fake.url], templates: false, indexPrefix: "jobs" });
    expect(await publisher.check()).toMatchObject({ ok: true, code: "write-unknown" });
  });
});

test("a port that nothing listens on is told apart", async () => {
  const { publisher } = openPublisher({ hosts: [`http://127.0.0.1:${await freePort()}`] });
  expect(await publisher.check()).toMatchObject({
    ok: false,
    code: "connection-refused",
    hint: expect.stringContaining("host and port"),
  });
});

test.each([
  ["", "connection-refused", "no address of the host"],
  ["connection failed (http://certificate.example:9200/)", "connection-refused", "no address of the host"],
  [
    "Client network socket disconnected before secure TLS connection was established",
    "broken-off",
    "closed without an answer",
  ],
] as const)("a client whose words are %j is understood: %s", async (message, code, text) => {
  expect(await checkWith(message)).toMatchObject({ ok: false, code, message: expect.stringContaining(text) });
});

test("of a client's words the first 2,000 characters are looked at", async () => {
  expect(await checkWith(`${"x".repeat(1_000)}ECONNREFUSED`)).toMatchObject({ code: "connection-refused" });
  expect(await checkWith(`${"x".repeat(2_000)}ECONNREFUSED`)).toMatchObject({ code: "no-answer" });
});

/** Checks with a client that throws these words. */
function checkWith(message: string): Promise<CheckReport> {
  const request = (): Promise<never> => Promise.reject(Object.assign(new Error(message), { name: "ConnectionError" }));
  const { publisher } = openPublisher({ client: { transport: { request }, close: () => Promise.resolve() } });
  return publisher.check();
}

test("a name that nobody has is told apart", async () => {
  const { publisher } = openPublisher({ hosts: ["http://nobody.invalid:9200"] });
  expect(await publisher.check()).toMatchObject({ ok: false, code: "unknown-host" });
});

test("https to a server that speaks http is told apart", async () => {
  await using fake = await openFakeElasticsearch();
  const { publisher } = openPublisher({ hosts: [fake.url.replace("http:", "https:")] });
  expect(await publisher.check()).toMatchObject({ ok: false, code: "tls", hint: expect.stringContaining("http://") });
});

test("a server that does not answer is given up in time", async () => {
  await using fake = await openFakeElasticsearch();
  fake.intercept = () => "hang";
  const { publisher, clock } = openPublisher({ hosts: [fake.url] });
  const checking = publisher.check({ timeoutMs: 2_000 });
  await until(() => fake.requests.length === 1);
  await clock.advance(2_000);
  expect(await checking).toMatchObject({ ok: false, code: "timeout" });
});

test("a request that is not answered ends with the check, and its connection", async () => {
  const server = await createFaultServer({ fault: "hang" });
  onTestFinished(() => server.close());
  const { publisher, clock } = openPublisher({ hosts: [server.url] });
  const checking = publisher.check({ timeoutMs: 2_000 });
  await until(() => server.requests.length === 1);
  await clock.advance(2_000);
  expect(await checking).toMatchObject({ ok: false, code: "timeout" });
  // The client may open another connection at once.
  await expect.poll(() => server.connections - server.open).toBe(1);
});

const INVALID_OPTIONS = { serverMode: "hunter2", caFingerprint: "hunter2" };

test("options that the client does not accept are told apart, and the start is final", async () => {
  const publisher = new ElasticsearchPublisher({
    hosts: ["http://127.0.0.1:1"],
    clientOptions: INVALID_OPTIONS,
    onError: () => undefined,
  });
  onTestFinished(async () => void (await publisher.close()));
  expect(await publisher.check()).toMatchObject({
    ok: false,
    code: "client",
    message: "elasticsearch: the client does not accept clientOptions.caFingerprint",
    hint: "see the options of its constructor",
  });
  await expect(publisher.start()).rejects.toMatchObject({
    retryable: false,
    message: expect.not.stringContaining("hunter2"),
  });
  publisher.publishEventMetrics({ eventName: "a", taskId: 1, startTime: Date.now() });
  expect(publisher.health()).toMatchObject({ droppedBy: { refused: 1 }, pending: 0 });
});

test("why there is no client is reported before the records that it costs", async () => {
  const { publish, publisher, errors } = openPublisher({
    hosts: ["http://127.0.0.1:1"],
    clientOptions: INVALID_OPTIONS,
  });
  publish("a", "b");
  await until(() => publisher.health().dropped === 2 && errors.length > 1);
  expect(errors.map(({ code }) => code).slice(0, 2)).toEqual(["start-failed", "record-dropped"]);
});

test.each([
  ["ERR_MODULE_NOT_FOUND", "Cannot find package '@elastic/elasticsearch' imported from x", /is not installed; install/],
  ["MODULE_NOT_FOUND", "Cannot find module '@elastic/elasticsearch' from 'x'", /is not installed; install/],
  [
    "ERR_MODULE_NOT_FOUND",
    "Cannot find package 'undici' imported from x",
    /is there .*\(ERR_MODULE_NOT_FOUND\); install/,
  ],
  [undefined, "hunter2", /is there but cannot be loaded; install .* Node\.js/],
])("a client that cannot be loaded (%s, %s) is told with what to do", (code, message, text) => {
  const caught = Object.assign(new Error(message), { code });
  expect(problemText(loadProblem(caught))).toMatch(text);
  expect(JSON.stringify(loadProblem(caught))).not.toContain("hunter2");
});

test.each([
  ["20.20.2", /^this is Node\.js 20\.20\.2, and 22\.13 or newer is needed; update Node\.js$/],
  ["22.12.0", /22\.13 or newer is needed/],
])("Node.js %s is told which version is needed", (version, text) => {
  expect(problemText(runtimeProblem(version) ?? { code: "", message: "" })).toMatch(text);
});

test.each(["22.13.0", "24.0.0"])("Node.js %s is new enough", (version) => {
  expect(runtimeProblem(version)).toBeUndefined();
});

test("a publisher that is closed says so, and asks nobody", async () => {
  await using fake = await openFakeElasticsearch();
  const { publisher } = openPublisher({ hosts: [fake.url] });
  await publisher.close();
  expect(await publisher.check()).toMatchObject({ ok: false, code: "closed" });
  expect(fake.requests).toHaveLength(0);
});
