import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { Client as Client9, HttpConnection } from "@elastic/elasticsearch";
import type { PublisherError } from "@eventmeter/core";
import { ElasticsearchPublisher, type ElasticsearchPublisherOptions } from "@eventmeter/publisher-elasticsearch";
import { createFaultServer, type FaultReply, type FaultServer } from "@eventmeter/testkit";
import { Client as Client8 } from "elasticsearch-8";
import { describe, expect, onTestFinished, test } from "vitest";
import { answerStart, onceStarted } from "./hostile-replies.ts";
import { NOON, until } from "./publisher-harness.ts";

type Way = readonly [title: string, options: (url: string) => ElasticsearchPublisherOptions];

const WAYS: readonly Way[] = [
  ["a client of its own", (url) => ({ hosts: [url] })],
  ["a client of its own over node:http", (url) => ({ hosts: [url], clientOptions: { Connection: HttpConnection } })],
  ["a client 8", (node) => ({ client: opened(new Client8({ node })) })],
  ["a client 9", (node) => ({ client: opened(new Client9({ node })) })],
];

function opened<Client extends { close(): Promise<unknown> }>(client: Client): Client {
  onTestFinished(() => void client.close());
  return client;
}

interface Opened {
  readonly publisher: ElasticsearchPublisher;
  readonly errors: readonly PublisherError[];
  readonly publish: (count?: number) => void;
}

/** Opens a publisher on the real clock: what is measured here is real time, real memory and real sockets. */
function open(options: ElasticsearchPublisherOptions): Opened {
  const errors: PublisherError[] = [];
  const publisher = new ElasticsearchPublisher({
    templates: false,
    onError: (error) => errors.push(error),
    ...options,
  });
  onTestFinished(async () => void (await publisher.close({ timeoutMs: 0 })));
  return {
    publisher,
    errors,
    publish(count = 1) {
      for (let taskId = 0; taskId < count; taskId += 1)
        publisher.publishEventMetrics({
          eventName: "a",
          taskId,
          startTime: NOON,
          attributes: { text: "x".repeat(1_000) },
        });
    },
  };
}

/** Opens a server that is an Elasticsearch to those who ask, and answers all else without end. */
function openEndless(reply: FaultReply): Promise<FaultServer> {
  return createFaultServer((request) => answerStart(request) ?? { ...reply, fault: "endless-body" });
}

const PRODUCT = { "x-elastic-product": "Elasticsearch" };
const MEGABYTE = 2 ** 20;

describe.each(WAYS)("%s", (title, options) => {
  describe("reads no more of an answer than it has to, and cuts the connection:", () => {
    test.each<FaultReply>([
      { headers: PRODUCT },
      { headers: { ...PRODUCT, "content-encoding": "gzip" } },
      { status: 500 },
      { status: 302, headers: { location: "/" } },
      { status: 404, headers: { "content-type": "application/json" } },
    ])("%j", async (reply) => {
      await using server = await openEndless(reply);
      const growths: number[] = [];
      // The least of them, since whatever else the process does is not what is measured.
      for (let round = 0; round < 3; round += 1) {
        const { publisher, errors, publish } = open(options(server.url));
        await publisher.check();
        const before = process.memoryUsage().rss;
        publish();
        void publisher.flush();
        await until(() => errors.length > 0);
        growths.push(process.memoryUsage().rss - before);
      }
      expect(Math.min(...growths)).toBeLessThan(8 * MEGABYTE);
      await expect.poll(() => server.unanswered).toBe(0);
      // The rest of them is what sockets hold, of six requests.
      expect(server.bytesSent).toBeLessThan(48 * MEGABYTE);
    });

    // Over node:http a client keeps a rejected answer to itself until it is closed.
    if (title.endsWith("node:http")) return;
    test("an answer without the name of the product", async () => {
      await using server = await openEndless({});
      const { publisher, errors, publish } = open(options(server.url));
      publish();
      void publisher.flush();
      await until(() => errors.length > 0);
      expect(errors[0]).toMatchObject({ code: "held" });
      await expect.poll(() => server.unanswered).toBe(0);
      expect(server.bytesSent).toBeLessThan(16 * MEGABYTE);
    });
  });

  test.each<FaultReply>([
    { fault: "reset-after-headers", body: "x" },
    { fault: "cut-body", body: "xx" },
    { fault: "drip", body: "x".repeat(500), intervalMs: 5 },
  ])("lets no error go unheard when an answer without the name of the product ends by %j", async (reply) => {
    const server = await createFaultServer(onceStarted(reply));
    onTestFinished(() => server.close());
    const { publisher, errors, publish } = open(options(server.url));
    publish();
    void publisher.flush();
    await until(() => errors.length > 0);
    await server.refuse();
    await publisher.close({ timeoutMs: 0 });
    // An error without a listener would be one of the whole run.
    await new Promise((resolve) => setImmediate(resolve));
  });

  const bomb = gzipSync(Buffer.alloc(64 * MEGABYTE));
  test.each<[string, Buffer]>([
    ["gzip", bomb],
    ["deflate", bomb],
    ["br", brotliCompressSync(Buffer.alloc(16 * MEGABYTE), { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } })],
    ["gzip, gzip", gzipSync(bomb)],
    ["gzip, br", gzipSync(bomb)],
  ])("does not unpack what would fill the memory: %s", async (encoding, body) => {
    const headers = { ...PRODUCT, "content-encoding": encoding, "content-type": "application/json" };
    const used: { readonly rss: number; readonly cpuMs: number }[] = [];
    for (const status of [200, 400, 503]) {
      const server = await createFaultServer(onceStarted({ status, headers, body }));
      onTestFinished(() => server.close());
      const { publisher, errors, publish } = open(options(server.url));
      await publisher.check();
      const before = process.memoryUsage();
      const cpu = process.cpuUsage();
      publish();
      void publisher.flush();
      await until(() => errors.length > 0);
      const { user, system } = process.cpuUsage(cpu);
      const after = process.memoryUsage();
      used.push({ rss: after.rss - before.rss, cpuMs: (user + system) / 1_000 });
      expect(after.arrayBuffers - before.arrayBuffers).toBeLessThan(2 * MEGABYTE);
      expect(publisher.health()).toMatchObject({ delivered: 0, pending: 1 });
    }
    // The least of them, since whatever else the process does is not what is measured.
    expect(Math.min(...used.map(({ rss }) => rss))).toBeLessThan(8 * MEGABYTE);
    expect(Math.min(...used.map(({ cpuMs }) => cpuMs))).toBeLessThan(50);
  });

  test("never follows a redirect: the other server gets no connection, and the record waits", async () => {
    const other = await createFaultServer();
    onTestFinished(() => other.close());
    for (const status of [301, 302, 303, 307, 308]) {
      const server = await createFaultServer(
        onceStarted({ status, headers: { ...PRODUCT, location: `${other.url}_bulk` } }),
      );
      onTestFinished(() => server.close());
      const { publisher, errors, publish } = open(options(server.url));
      publish();
      void publisher.flush();
      await until(() => errors.length > 0);
      expect(errors[0]).toMatchObject({ code: "held", message: expect.stringContaining("it redirects") as string });
      expect(await publisher.check()).toMatchObject({ ok: false, code: "not-elasticsearch" });
      expect(publisher.health()).toMatchObject({ state: "failing", pending: 1, dropped: 0 });
    }
    expect(other.connections).toBe(0);
  });
});

describe("ends every attempt within its time and a tenth, and its connection:", () => {
  const limitMs = 300;

  /** Gives how long an attempt to send, or else to start, takes until it is reported and its connection is closed. */
  async function measure([, options]: Way, script: FaultReply, templates: boolean, count = 1): Promise<number> {
    const server = await createFaultServer(templates ? script : onceStarted(script));
    onTestFinished(() => server.close());
    const { publisher, errors, publish } = open({
      ...options(server.url),
      templates,
      sendTimeoutMs: limitMs,
      maxBatchRecords: 100_000,
      maxBatchBytes: 32 * MEGABYTE,
    });
    if (!templates) await publisher.start();
    publish(count);
    const begun = performance.now();
    void publisher.flush();
    await until(() => errors.length > 0);
    // Who does not read does not see the end of a connection.
    if (script.fault !== "stall") await until(() => server.connections > server.open);
    return performance.now() - begun;
  }

  test.each<[string, FaultReply]>([
    ["silence", { fault: "hang" }],
    ["a reply that drips", { fault: "drip", headers: PRODUCT, body: "x".repeat(10_000), intervalMs: 10 }],
    ["what is no HTTP", { fault: "garbage" }],
  ])("%s", async (_, script) => {
    const once = (): Promise<number[]> =>
      Promise.all(WAYS.flatMap((way) => [measure(way, script, true), measure(way, script, false)]));
    expect(await leastOf(once)).toBeLessThan(limitMs * 1.1);
  });

  test.each(WAYS)("an upload that stalls, over %s", async (...way) => {
    expect(await leastOf(async () => [await measure(way, { fault: "stall" }, false, 12_000)])).toBeLessThan(
      limitMs * 1.1,
    );
  });

  /**
   * Gives the longest of some times, each of which is the shortest of up to five rounds, since whatever else the machine does
   * is not what is measured.
   */
  async function leastOf(once: () => Promise<readonly number[]>): Promise<number> {
    let least = await once();
    for (let round = 1; round < 5 && Math.max(...least) >= limitMs * 1.1; round += 1) {
      // oxlint-disable-next-line no-await-in-loop -- one round after the other
      const ends = await once();
      least = least.map((end, index) => Math.min(end, ends[index] ?? end));
    }
    return Math.max(...least);
  }
});
