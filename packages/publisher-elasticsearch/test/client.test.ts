import { setImmediate } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import { Client as Client9, HttpConnection } from "@elastic/elasticsearch";
import type { ElasticsearchClient } from "@eventmeter/publisher-elasticsearch";
import { createFaultServer } from "@eventmeter/testkit";
import { Client as Client8 } from "elasticsearch-8";
import { describe, expect, onTestFinished, test } from "vitest";
import { openFakeElasticsearch } from "./fake-elasticsearch.ts";
import { eventually, NOON, openPublisher, until } from "./publisher-harness.ts";

/** The clients that users may pass in, as they are with their own defaults. */
const CLIENTS: readonly (readonly [string, (node: string) => ElasticsearchClient])[] = [
  ["client 9", (node) => new Client9({ node })],
  ["client 8", (node) => new Client8({ node })],
  ["client 9 with compression", (node) => new Client9({ node, compression: true })],
];

describe.each(CLIENTS)("a %s that was passed in", (_, make) => {
  test("writes to a server of either major with plain media types, and is not closed", async () => {
    for (const version of ["8.19.21", "9.5.3"]) {
      await using server = await openFakeElasticsearch({ version });
      const client = make(server.url);
      onTestFinished(() => void client.close());
      const { publisher, publish, errors } = openPublisher({ client });
      publish("a");
      expect(await publisher.flush()).toMatchObject({ delivered: 1 });
      expect(errors).toEqual([]);
      expect(server.bulks[0]?.headers).toMatchObject({
        "content-type": "application/x-ndjson",
        accept: "application/json",
        "accept-encoding": "identity",
      });
      await publisher.close();
      await expect(client.transport.request({ method: "GET", path: "/" }, {} as never)).resolves.toBeDefined();
    }
  });

  test("holds the event loop for less than 20 ms when 1 MB meets nobody", async () => {
    const server = await openFakeElasticsearch();
    onTestFinished(() => server[Symbol.asyncDispose]());
    const client = make(server.url);
    onTestFinished(() => void client.close());
    const attributes = { text: "x".repeat(1_000) };
    // The shortest of some, since a cold start, or whatever else the machine does, is not what is measured.
    const blocks: number[] = [];
    const rounds = Array.from({ length: 3 }, () => openPublisher({ client, templates: false }));
    for (const { publisher } of rounds) await publisher.start();
    await server[Symbol.asyncDispose]();
    // Until the client has noticed that its connections are gone.
    await expect.poll(async () => (await rounds[0]?.publisher.check())?.code).toBe("connection-refused");
    for (const { publisher, errors } of rounds) {
      for (let index = 0; index < 800; index += 1)
        publisher.publishEventMetrics({ eventName: "a", taskId: index, startTime: NOON, attributes });
      expect(publisher.health().pendingDetail.bytes).toBeGreaterThan(1_000_000);
      // A batch that is full is on its way at once.
      blocks.push(await longestBlock(() => errors.length > 0));
      expect(errors[0]?.message).toContain("ECONNREFUSED");
    }
    expect(Math.min(...blocks)).toBeLessThan(20);
  });
});

/** Gives the longest time between two turns of the event loop until something has happened, in milliseconds. */
async function longestBlock(isOver: () => boolean): Promise<number> {
  let longest = 0;
  for (let last = performance.now(); !isOver();) {
    await setImmediate();
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
  }
  return longest;
}

describe("its own client", () => {
  test("is made for the credentials that were given", async () => {
    for (const [auth, header] of [
      [{ apiKey: "a2V5" }, "ApiKey a2V5"],
      [{ username: "u", password: "p:w" }, `Basic ${Buffer.from("u:p:w").toString("base64")}`],
      [{ bearer: "token" }, "Bearer token"],
    ] as const) {
      await using server = await openFakeElasticsearch({ keys: { [header]: { write: true, manageTemplates: true } } });
      const { publisher, publish } = openPublisher({ hosts: [server.url], auth });
      publish("a");
      expect(await publisher.flush()).toMatchObject({ delivered: 1 });
    }
  });

  test("takes further options, and a host with a path", async () => {
    await using server = await openFakeElasticsearch();
    const headers: (string | undefined)[] = [];
    server.intercept = ({ path, headers: { "x-tenant": tenant } }) => {
      headers.push(`${path} ${String(tenant)}`);
      return { status: 403 };
    };
    const { publisher } = openPublisher({
      hosts: [`${server.url}/es`],
      clientOptions: { headers: { "x-tenant": "acme" } },
    });
    await publisher.start();
    expect(headers.slice(0, 2)).toEqual(["/es/ acme", "/es/_index_template/eventmeter-default acme"]);
  });

  test("goes on with another host when one is gone, and comes back to it", async () => {
    await using one = await openFakeElasticsearch();
    await using other = await openFakeElasticsearch();
    const { publisher, publish, clock } = openPublisher({
      hosts: [one.url, other.url],
      templates: false,
      maxBatchRecords: 1,
    });
    for (const server of [one, other]) server.templates.set("any", { index_patterns: ["metrics-*"], data_stream: {} });
    one.intercept = () => "reset";
    publish(...Array.from({ length: 20 }, (_, index) => `a-${index}`));
    void publisher.flush();
    await eventually({ clock }, () => publisher.health().delivered === 20);
    expect(one.indices.size).toBe(0);

    one.intercept = undefined;
    const before = other.bulks.length;
    await eventually({ clock }, () => {
      publish("b");
      return one.indices.size > 0;
    });
    await publisher.flush();
    const reached = one.bulks.length;
    publish(...Array.from({ length: 100 }, (_, index) => `c-${index}`));
    await publisher.flush();
    expect(one.bulks.length - reached).toBeGreaterThanOrEqual(40);
    expect(other.bulks.length).toBeGreaterThan(before);
  });

  test("gives up its own requests 5 s after the limit of a request, should that be missed", async () => {
    const timeouts: unknown[] = [];
    class Watched extends HttpConnection {
      override buildRequestObject(...[params, options]: Parameters<HttpConnection["buildRequestObject"]>) {
        timeouts.push(options.timeout);
        return super.buildRequestObject(params, options);
      }
    }
    await using server = await openFakeElasticsearch();
    const { publisher } = openPublisher({
      hosts: [server.url],
      sendTimeoutMs: 7_000,
      clientOptions: { Connection: Watched },
    });
    await publisher.start();
    expect(new Set(timeouts)).toEqual(new Set([12_000]));
  });

  test.each([
    [10_000, "8000ms"],
    [3_000, "1000ms"],
    [500, "1000ms"],
  ])("asks for an answer within the time of a request of %d ms: %s", async (sendTimeoutMs, timeout) => {
    await using server = await openFakeElasticsearch();
    const { publisher, publish } = openPublisher({ hosts: [server.url], sendTimeoutMs });
    publish("a");
    expect(await publisher.flush()).toMatchObject({ delivered: 1 });
    expect(server.bulks[0]?.query.get("timeout")).toBe(timeout);
  });

  test("is closed with the publisher: its connections end", async () => {
    const server = await createFaultServer({ status: 403 });
    onTestFinished(() => server.close());
    const { publisher } = openPublisher({ hosts: [server.url] });
    await publisher.start();
    expect(server.open).toBeGreaterThan(0);
    await publisher.close();
    await expect.poll(() => server.open).toBe(0);
  });

  test("compresses when asked, and limits count plain bytes", async () => {
    await using server = await openFakeElasticsearch();
    const { publisher, publish } = openPublisher({ hosts: [server.url], compression: true, maxBatchBytes: 20_000 });
    await publisher.start();
    publish(...Array.from({ length: 100 }, (_, index) => `t-${index}`));
    expect(await publisher.flush()).toMatchObject({ delivered: 100 });
    expect(server.bulks.length).toBeGreaterThan(1);
    for (const { body, bytes, headers } of server.bulks) {
      expect(headers["content-encoding"]).toBe("gzip");
      expect(Buffer.byteLength(body)).toBeLessThanOrEqual(20_000);
      expect(bytes).toBeLessThan(Buffer.byteLength(body) / 4);
    }
  });
});

test("a reply that somebody compressed unasked is read, and one that would fill the memory is not", async () => {
  await using server = await openFakeElasticsearch();
  const { publisher, publish, errors } = openPublisher({ hosts: [server.url], templates: false });
  const reply = (text: string) => ({
    status: 200,
    body: gzipSync(text),
    headers: { "content-encoding": "gzip" },
  });
  server.intercept = () => reply(JSON.stringify({ items: [{ create: { status: 201 } }] }));
  publish("a");
  expect(await publisher.flush()).toMatchObject({ delivered: 1 });
  server.intercept = () => reply(JSON.stringify({ items: [{ create: { status: 201 } }], filler: " ".repeat(1e7) }));
  publish("b");
  void publisher.flush();
  await until(() => errors.length > 0);
  expect(errors[0]?.message).toContain("could not be read");
});
