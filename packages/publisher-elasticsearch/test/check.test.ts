import { ElasticsearchPublisher } from "@eventmeter/publisher-elasticsearch";
import { createServer } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { type FakeOptions, openFakeElasticsearch } from "./fake-elasticsearch.ts";
import { openPublisher, until } from "./open-publisher.ts";

const auth = { apiKey: "a2V5" };
const withKey = (key: object): FakeOptions => ({ keys: { "ApiKey a2V5": key } });

test.each([
  ["without security", {}, {}, "ok", /Elasticsearch 9.5.3 answers/],
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
  ["of version 8.12, for daily indices", { version: "8.12.2" }, { indexPrefix: "jobs" }, "ok", /8.12.2/],
  ["that is serverless", { version: "8.11.0", flavor: "serverless" }, {}, "ok", /Elasticsearch answers/],
] as const)("a server %s is found to be so", async (_, server, options, code, message) => {
  await using fake = await openFakeElasticsearch(server);
  const { publisher } = openPublisher({ hosts: [fake.url], auth, ...options });
  const report = await publisher.check();
  expect(report).toMatchObject({ ok: code === "ok", code, message: expect.stringMatching(message) });
  expect(report.message).toMatch(/^elasticsearch: /);
  expect(report.hint === undefined).toBe(code === "ok");
  expect(JSON.stringify(report)).not.toContain("a2V5");
  expect(fake.indices.size).toBe(0);
  expect(fake.templates.size).toBe(0);
});

test.each([
  ["a page that is not Elasticsearch's", { status: 200, body: "<html>hunter2", product: false }, "not-elasticsearch"],
  ["a 404 of something else", { status: 404, body: "hunter2", product: false }, "not-elasticsearch"],
  ["a redirect", { status: 302, headers: { location: "/hunter2" } }, "not-elasticsearch"],
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

/** A port that nothing listens on. */
async function deadPort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

test("a port that nothing listens on is told apart", async () => {
  const { publisher } = openPublisher({ hosts: [`http://127.0.0.1:${await deadPort()}`] });
  expect(await publisher.check()).toMatchObject({
    ok: false,
    code: "refused",
    hint: expect.stringContaining("host and port"),
  });
});

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

test("options that the client refuses are told apart, and the start is final", async () => {
  const publisher = new ElasticsearchPublisher({
    hosts: ["http://127.0.0.1:1"],
    clientOptions: { serverMode: "hunter2", caFingerprint: "hunter2" },
    onError: () => undefined,
  });
  onTestFinished(async () => void (await publisher.close()));
  expect(await publisher.check()).toMatchObject({ ok: false, code: "client" });
  await expect(publisher.start()).rejects.toMatchObject({
    retryable: false,
    message: expect.not.stringContaining("hunter2"),
  });
  publisher.publishEventMetrics({ eventName: "a", taskId: 1, startTime: Date.now() });
  expect(publisher.health()).toMatchObject({ droppedBy: { refused: 1 }, pending: 0 });
});

test("a publisher that is closed says so, and asks nobody", async () => {
  await using fake = await openFakeElasticsearch();
  const { publisher } = openPublisher({ hosts: [fake.url] });
  await publisher.close();
  expect(await publisher.check()).toMatchObject({ ok: false, code: "closed" });
  expect(fake.requests).toHaveLength(0);
});
