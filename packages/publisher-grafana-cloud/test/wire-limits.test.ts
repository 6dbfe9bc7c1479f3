import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import type { GrafanaCloudPublisherOptions } from "@eventmeter/publisher-grafana-cloud";
import { createFaultServer, type FaultReply } from "@eventmeter/testkit";
import { describe, expect, onTestFinished, test } from "vitest";
import { open, publishOne } from "./publisher-harness.ts";

const MEGABYTE = 2 ** 20;

type Way = readonly [title: string, options: (url: string) => GrafanaCloudPublisherOptions, maxReplyBytes: number];

const WAYS: readonly Way[] = [
  ["an endpoint", (endpoint) => ({ endpoint }), 2 ** 16],
  ["a stack", (endpoint) => ({ endpoint, instanceId: 1, apiKey: "glc_x" }), 2 ** 16],
  ["the Cloud API", (url) => ({ orgSlug: "acme", region: "eu", apiKey: "glc_x", apiUrl: `${url}api` }), 2 * MEGABYTE],
];

describe.each(WAYS)("%s", (_way, options, maxReplyBytes) => {
  test.each<FaultReply>([
    { headers: { "content-type": "application/json" } },
    { headers: { "content-type": "application/x-protobuf", "content-encoding": "gzip, gzip" } },
    { status: 500 },
    { status: 307, headers: { location: "/" } },
    { status: 404 },
  ])("is read no further than it has to be, and cut: %j", async (reply) => {
    await using server = await createFaultServer({ ...reply, fault: "endless-body" });
    const { publisher } = open(options(server.url));
    await publisher.check();
    await expect.poll(() => server.unanswered).toBe(0);
    const before = { ...process.memoryUsage(), bytesSent: server.bytesSent };
    expect(await publisher.check()).toMatchObject({ ok: false });
    const after = process.memoryUsage();
    await expect.poll(() => server.unanswered).toBe(0);
    // A list of stacks may be long, and is there twice while it is put together.
    expect(after.rss - before.rss).toBeLessThan(8 * MEGABYTE + 3 * maxReplyBytes);
    // Besides what is read, what the sockets hold.
    expect(server.bytesSent - before.bytesSent).toBeLessThan(maxReplyBytes + 12 * MEGABYTE);
  });

  const bomb = gzipSync(Buffer.alloc(64 * MEGABYTE));
  test.each<[string, Buffer]>([
    ["gzip", bomb],
    ["deflate", bomb],
    ["br", brotliCompressSync(Buffer.alloc(16 * MEGABYTE), { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } })],
    ["gzip, gzip", gzipSync(bomb)],
    ["br, gzip", gzipSync(bomb)],
  ])("is not unpacked where it would fill the memory: %s", async (encoding, body) => {
    const headers = { "content-encoding": encoding, "content-type": "application/x-protobuf" };
    const used: { readonly rss: number; readonly cpuMs: number }[] = [];
    for (const status of [200, 400, 503]) {
      const server = await createFaultServer({ status, headers, body });
      onTestFinished(() => server.close());
      const { publisher } = open(options(server.url));
      await publisher.check();
      const before = process.memoryUsage();
      const cpu = process.cpuUsage();
      expect(await publisher.check()).toMatchObject({ ok: false });
      const { user, system } = process.cpuUsage(cpu);
      const after = process.memoryUsage();
      used.push({ rss: after.rss - before.rss, cpuMs: (user + system) / 1_000 });
      expect(after.arrayBuffers - before.arrayBuffers).toBeLessThan(2 * MEGABYTE);
    }
    // The least of them, since whatever else the process does is not what is measured.
    // What fetch has begun to unpack before it is stopped: of Brotli a window.
    expect(Math.min(...used.map(({ rss }) => rss))).toBeLessThan((encoding.includes("br") ? 16 : 8) * MEGABYTE);
    expect(Math.min(...used.map(({ cpuMs }) => cpuMs))).toBeLessThan(50);
  });

  test("is not left for another by a redirect: records wait, and the other server gets no connection", async () => {
    const other = await createFaultServer();
    onTestFinished(() => other.close());
    for (const status of [301, 302, 303, 307, 308]) {
      for (const location of [other.url, other.url.replace("http:", "https:"), `//127.0.0.1:${other.port}/`]) {
        const server = await createFaultServer({ status, headers: { location } });
        onTestFinished(() => server.close());
        const { publisher, errors } = open(options(server.url));
        publishOne(publisher);
        void publisher.flush();
        await expect.poll(() => errors.map(({ code }) => code)).toContain("held");
        expect(errors.at(-1)?.message).toContain("redirects are not followed");
        expect(publisher.health()).toMatchObject({ state: "failing", pending: 1, dropped: 0 });
      }
    }
    expect(other.connections).toBe(0);
  });
});

describe("ends every attempt within its time and a tenth, and its connection:", () => {
  const sendTimeoutMs = 300;

  /** Gives how long an attempt takes until it is reported and its connection is closed. */
  async function measure([, options]: Way, script: FaultReply, start: boolean): Promise<number> {
    const server = await createFaultServer(script);
    onTestFinished(() => server.close());
    const { publisher, error } = open({ ...options(server.url), sendTimeoutMs });
    publishOne(publisher);
    const begun = performance.now();
    if (start) await expect(publisher.start()).rejects.toThrow(/in time|no HTTP/);
    else {
      void publisher.flush();
      await error();
    }
    // Who does not read does not see the end of a connection.
    if (script.fault !== "stall")
      await expect.poll(() => server.connections - server.open, { interval: 1 }).not.toBe(0);
    return performance.now() - begun;
  }

  test.each<[string, FaultReply]>([
    ["silence", { fault: "hang" }],
    ["an upload that stalls", { fault: "stall" }],
    ["a reply that drips", { fault: "drip", body: "x".repeat(10_000), intervalMs: 10 }],
    ["what is no HTTP", { fault: "garbage" }],
  ])("%s", async (_, script) => {
    const once = (): Promise<number[]> =>
      // Only who looks for the endpoint sends anything to start.
      Promise.all(WAYS.flatMap((way, index) => [measure(way, script, false), measure(way, script, index === 2)]));
    // The shorter of two, since whatever else the machine does is not what is measured.
    const [first, second] = [await once(), await once()];
    for (const [index, end] of first.entries())
      expect(Math.min(end, second[index] ?? end)).toBeLessThan(sendTimeoutMs * 1.1);
  });
});
