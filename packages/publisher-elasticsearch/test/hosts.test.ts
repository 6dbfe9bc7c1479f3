import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import type { AddressInfo } from "node:net";
import { Client as Client9, ClusterConnectionPool } from "@elastic/elasticsearch";
import type { ElasticsearchClient } from "@eventmeter/publisher-elasticsearch";
import { Client as Client8, ClusterConnectionPool as ClusterConnectionPool8 } from "elasticsearch-8";
import { describe, expect, onTestFinished, test } from "vitest";
import { freePort } from "../../../test/free-port.ts";
import { type FakeElasticsearch, openFakeElasticsearch } from "./fake-elasticsearch.ts";
import { eventually, openPublisher, until } from "./publisher-harness.ts";

const EVENTS = "metrics-eventmeter.event-default";
const TIMEOUT_MS = 10_000;

/** Opens servers that answer, with a template each. */
async function openServers(count: number): Promise<readonly FakeElasticsearch[]> {
  const servers = await Promise.all(Array.from({ length: count }, () => openFakeElasticsearch({ builtIn: true })));
  onTestFinished(async () => void (await Promise.all(servers.map((server) => server[Symbol.asyncDispose]()))));
  return servers;
}

/** Opens a port that takes connections and never answers. */
async function openSilentPort(): Promise<{ readonly url: string; readonly sockets: readonly Socket[] }> {
  const sockets: Socket[] = [];
  const server: Server = createServer((socket) => {
    sockets.push(socket.resume().on("error", () => undefined));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, sockets };
}

/** Counts the documents of all servers. They share nothing: what one stored without answering in time, another stores too. */
const storedIn = (servers: readonly FakeElasticsearch[]): number =>
  new Set(servers.flatMap((server) => Object.keys(server.documents(EVENTS)))).size;

const taskIds = (prefix: string, count: number): readonly string[] =>
  Array.from({ length: count }, (_, index) => `${prefix}-${index}`);

describe("start() and check() with several hosts", () => {
  test.each(["503", "refused", "silent", "a page"] as const)("go on with the next when one is %s", async (kind) => {
    const [well, sick] = (await openServers(2)) as [FakeElasticsearch, FakeElasticsearch];
    sick.intercept = () => (kind === "a page" ? { status: 200, body: "<html>", product: false } : { status: 503 });
    const silent = await openSilentPort();
    const first = {
      "503": sick.url,
      "a page": sick.url,
      silent: silent.url,
      refused: `http://127.0.0.1:${await freePort()}`,
    };
    for (const hosts of [
      [first[kind], well.url],
      [well.url, first[kind]],
    ]) {
      const { publisher, publish, clock, errors } = openPublisher({ hosts, sendTimeoutMs: TIMEOUT_MS });
      const checking = publisher.check({ timeoutMs: 60_000 });
      let checked = false;
      void checking.then(() => (checked = true));
      await eventually({ clock, leapMs: 1_000 }, () => checked);
      expect(await checking).toMatchObject({ ok: true });

      let started = false;
      void publisher.start().then(() => (started = true));
      await eventually({ clock, leapMs: 1_000 }, () => started);
      publish("a");
      expect(await publisher.flush()).toMatchObject({ status: "complete", delivered: 1 });
      expect(errors).toEqual([]);
    }
  });

  test("reject when none answers, and name one of them", async () => {
    const hosts = [`http://127.0.0.1:${await freePort()}`, `http://127.0.0.1:${await freePort()}`];
    const { publisher } = openPublisher({ hosts });
    await expect(publisher.start()).rejects.toThrow(/the connection to 127\.0\.0\.1:\d+ was refused \(ECONNREFUSED\)/);
  });
});

describe("one sick host of three", () => {
  test("costs a time-out of what it was given, and no record", async () => {
    const [sick, ...others] = await openServers(3);
    const { publisher, publish, clock, errors } = openPublisher({
      hosts: [sick as FakeElasticsearch, ...others].map(({ url }) => url),
      sendTimeoutMs: TIMEOUT_MS,
      maxBatchRecords: 1,
    });
    await publisher.start();
    (sick as FakeElasticsearch).intercept = () => "hang";
    publish(...taskIds("a", 100));
    await until(() => (sick as FakeElasticsearch).bulks.length === 4);
    await clock.advance(TIMEOUT_MS);
    await until(() => publisher.health().pending === 0);
    expect(publisher.health()).toMatchObject({ delivered: 100, dropped: 0 });
    expect(errors).toHaveLength(4);
    const address = new URL((sick as FakeElasticsearch).url).host;
    for (const { code, message } of errors)
      expect({ code, message }).toEqual({
        code: "send-failed",
        message: expect.stringContaining(`${address} did not answer in time`),
      });

    // Probes go there, records do not.
    for (let round = 0; round < 20; round += 1) {
      publish(...taskIds(`b-${round}`, 10));
      expect(await publisher.flush()).toMatchObject({ status: "complete" });
      await clock.advance(10_000);
    }
    expect(storedIn(others)).toBe(300);
    expect((sick as FakeElasticsearch).bulks).toHaveLength(4);
    const probes = (sick as FakeElasticsearch).requests.filter(({ method }) => method === "HEAD");
    expect(probes.length).toBeGreaterThan(2);
    expect(probes.length).toBeLessThan(8);
  });

  test("gets a single batch after it answered a probe, and all of its share once it has answered that", async () => {
    const [sick, ...others] = await openServers(3);
    const bulks = (sick as FakeElasticsearch).bulks.length;
    const { publisher, publish, clock } = openPublisher({
      hosts: [sick as FakeElasticsearch, ...others].map(({ url }) => url),
      sendTimeoutMs: TIMEOUT_MS,
      maxBatchRecords: 1,
      lingerMs: 0,
    });
    await publisher.start();
    const hang = ({ path }: { readonly path: string }) => (path.endsWith("/_bulk") ? ("hang" as const) : undefined);
    (sick as FakeElasticsearch).intercept = hang;
    publish(...taskIds("a", 20));
    await until(() => (sick as FakeElasticsearch).bulks.length === bulks + 4);
    await clock.advance(TIMEOUT_MS);
    await until(() => publisher.health().pending === 0);

    await clock.advance(5_000);
    publish("probed");
    await publisher.flush();
    await until(() => (sick as FakeElasticsearch).requests.at(-1)?.method === "HEAD");
    await new Promise((resolve) => setTimeout(resolve, 50));
    publish(...taskIds("b", 20));
    await until(() => publisher.health().pending === 1);
    expect((sick as FakeElasticsearch).bulks).toHaveLength(bulks + 5);

    (sick as FakeElasticsearch).intercept = undefined;
    await clock.advance(TIMEOUT_MS);
    await until(() => publisher.health().pending === 0);
    // Shorter than the time of a request: a leap must not end one that another host has not answered yet.
    await eventually({ clock, leapMs: TIMEOUT_MS / 2 }, () => {
      publish("c");
      return storedIn([sick as FakeElasticsearch]) > 0;
    });
    await publisher.flush();
    const before = (sick as FakeElasticsearch).bulks.length;
    publish(...taskIds("d", 60));
    await publisher.flush();
    expect((sick as FakeElasticsearch).bulks.length - before).toBe(20);
    expect(publisher.health()).toMatchObject({ dropped: 0, pending: 0 });
  });

  test.each([502, 503, 504])("is left out once it answers %d", async (status) => {
    const [sick, ...others] = await openServers(3);
    const { publisher, publish, errors } = openPublisher({
      hosts: [sick as FakeElasticsearch, ...others].map(({ url }) => url),
      maxBatchRecords: 1,
    });
    await publisher.start();
    (sick as FakeElasticsearch).intercept = () => ({ status });
    publish(...taskIds("a", 100));
    expect(await publisher.flush()).toMatchObject({ status: "complete", delivered: 100 });
    expect(errors.length).toBeLessThanOrEqual(4);
    expect(errors[0]?.message).toContain(`${new URL((sick as FakeElasticsearch).url).host} answered ${status}`);
  });

  test("is not left out for what a closing publisher breaks off", async () => {
    const [one, other] = (await openServers(2)) as [FakeElasticsearch, FakeElasticsearch];
    const client = new Client9({ nodes: [one.url, other.url] });
    onTestFinished(() => void client.close());
    const { publisher, publish, clock } = openPublisher({ client, templates: false });
    await publisher.start();
    for (const server of [one, other]) server.intercept = () => "hang";
    publish("a");
    void publisher.flush();
    await until(() => one.bulks.length + other.bulks.length === 1);
    let closed = false;
    void publisher.close({ timeoutMs: 0 }).then(() => (closed = true));
    await eventually({ clock }, () => closed);
    expect(client.connectionPool.connections.map(({ status }) => status)).toEqual(["alive", "alive"]);
  });
});

describe("the hosts of a client that was passed in", () => {
  const clients: readonly (readonly [string, (nodes: string[]) => ElasticsearchClient])[] = [
    ["client 9", (nodes) => new Client9({ nodes })],
    ["client 8", (nodes) => new Client8({ nodes })],
    ["client 9 with a ClusterConnectionPool", (nodes) => new Client9({ nodes, ConnectionPool: ClusterConnectionPool })],
    [
      "client 8 with a ClusterConnectionPool",
      (nodes) => new Client8({ nodes, ConnectionPool: ClusterConnectionPool8 }),
    ],
  ];

  test.each(clients)("of %s lose no record to a silent one", async (_, make) => {
    const [sick, ...others] = await openServers(3);
    const client = make([sick as FakeElasticsearch, ...others].map(({ url }) => url));
    onTestFinished(() => void client.close());
    const { publisher, publish, clock } = openPublisher({
      client,
      sendTimeoutMs: TIMEOUT_MS,
      maxBatchRecords: 1,
      maxAgeMs: 900_000,
    });
    await publisher.start();
    (sick as FakeElasticsearch).intercept = () => "hang";
    publish(...taskIds("a", 100));
    await eventually({ clock, leapMs: TIMEOUT_MS }, () => publisher.health().pending === 0);
    expect(publisher.health()).toMatchObject({ delivered: 100, dropped: 0 });
    expect(storedIn(others)).toBe(100);
    // A pool with weights needs three time-outs of one host to leave it out.
    expect((sick as FakeElasticsearch).bulks.length).toBeLessThanOrEqual(12);
  });
});

describe("a connection that was kept alive", () => {
  test("and is closed when it is used again is replaced without a word", async () => {
    const [server] = (await openServers(1)) as [FakeElasticsearch];
    const { publisher, publish, errors } = openPublisher({ hosts: [server.url] });
    await publisher.start();
    let resets = 0;
    server.intercept = ({ path }) => {
      if (!path.endsWith("/_bulk") || resets === 1) return undefined;
      resets += 1;
      return "reset";
    };
    publish("a");
    expect(await publisher.flush()).toMatchObject({ status: "complete", delivered: 1 });
    expect(errors).toEqual([]);
    expect(publisher.health()).toMatchObject({ state: "ok", retries: 0 });
    expect(server.bulks).toHaveLength(2);
  });

  test("to each of several hosts is replaced too", async () => {
    const servers = await openServers(3);
    const { publisher, publish, errors } = openPublisher({ hosts: servers.map(({ url }) => url), maxBatchRecords: 1 });
    await publisher.start();
    publish(...taskIds("a", 9));
    await publisher.flush();
    for (const server of servers) {
      let resets = 0;
      server.intercept = ({ path }) => (path.endsWith("/_bulk") && (resets += 1) <= 1 ? "reset" : undefined);
    }
    publish("b");
    expect(await publisher.flush()).toMatchObject({ status: "complete" });
    expect(errors).toEqual([]);
    expect(publisher.health()).toMatchObject({ delivered: 10, retries: 0 });
  });

  test("is replaced once a request: a second failure is reported", async () => {
    const [server] = (await openServers(1)) as [FakeElasticsearch];
    const { publisher, publish, errors } = openPublisher({ hosts: [server.url] });
    await publisher.start();
    server.intercept = ({ path }) => (path.endsWith("/_bulk") ? "reset" : undefined);
    publish("a");
    void publisher.flush();
    await until(() => errors.length > 0);
    expect(errors).toMatchObject([{ code: "send-failed", message: expect.stringContaining("without an answer") }]);
    expect(server.bulks).toHaveLength(2);
  });

  test("does not hide that a host never answered", async () => {
    const [server] = (await openServers(1)) as [FakeElasticsearch];
    server.intercept = () => "reset";
    const { publisher } = openPublisher({ hosts: [server.url] });
    expect(await publisher.check()).toMatchObject({ ok: false, code: "broken-off" });
    expect(server.requests).toHaveLength(1);
  });
});
