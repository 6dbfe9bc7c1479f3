import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { SeriesStore } from "@eventmeter/aggregation";
import { type Diagnostic, isPublisherError } from "@eventmeter/core";
import { systemClock } from "@eventmeter/core/publisher";
import { PrometheusPublisher } from "@eventmeter/publisher-prometheus";
import { createVirtualClock } from "@eventmeter/testkit";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { freePort } from "../../../test/free-port.ts";
import { ResponseWriter } from "../src/http/response-writer.ts";
import { type ScrapeReply, textReply } from "../src/http/scrape-reply.ts";
import { exchange } from "./raw-http.ts";
import { lineValue, openPublisher, portOf, publishEvent, publishNetwork } from "./publisher-harness.ts";
import { createUnread, openScrapeServer } from "./scrape-server-harness.ts";

const startTime = Date.UTC(2026, 0, 1);

describe("records", () => {
  test("are delivered when they are added, ignored while unfinished, dropped when invalid or late", async () => {
    const { publisher, errors } = openPublisher({ server: false });
    publishEvent(publisher);
    publishNetwork(publisher);
    publisher.publishEventMetrics({ eventName: "a", taskId: 1, startTime });
    publisher.publishEventMetrics({ eventName: "", taskId: 1, startTime, endTime: startTime });
    publisher.publishEventMetrics({ eventName: "a", taskId: 1, startTime, endTime: startTime - 5, retryCount: 1.5 });
    expect(publisher.health()).toMatchObject({
      received: 5,
      delivered: 3,
      ignoredBy: { unfinished: 1 },
      droppedBy: { invalid: 1 },
      pending: 0,
      repaired: 2,
    });
    const report = await publisher.close();
    expect(report).toMatchObject({ status: "complete", received: 5, delivered: 3, dropped: 1, ignored: 1, pending: 0 });
    publishEvent(publisher);
    expect(publisher.health().droppedBy).toEqual({ invalid: 1, closed: 1 });
    expect(errors.map(({ message }) => message)).toContain("prometheus: event dropped: eventName: empty");
  });

  test("without an endTime are reported where they have ended", async () => {
    const diagnostics: Diagnostic[] = [];
    const publisher = new PrometheusPublisher({ server: false, onDiagnostic: (given) => diagnostics.push(given) });
    publisher.publishEventMetrics({ eventName: "a", taskId: 1, startTime });
    publisher.publishEventMetrics({ eventName: "a", taskId: 1, startTime, status: "completed" });
    await publisher.close();
    expect(diagnostics).toMatchObject([{ code: "unfinished-records", publisher: "prometheus", count: 1 }]);
  });

  test("beyond maxLabelSets are reported once for each family", async () => {
    const { publisher, errors } = openPublisher({ server: false, maxLabelSets: 2 });
    for (let count = 0; count < 9; count += 1) publishEvent(publisher, `event-${count}`);
    expect(errors.map((error) => (isPublisherError(error) ? error.code : error))).toEqual([
      "series-overflow",
      "series-overflow",
    ]);
    expect(errors[0]?.message).toBe(
      "prometheus: event_duration_seconds has as many label sets as it may have; further ones are added to one label set _overflow",
    );
    expect(
      lineValue(await publisher.metrics(), 'event_duration_seconds_count{event_name="_overflow",status="_overflow"}'),
    ).toBe(7);
  });

  test("date the last success to the last page or health", async () => {
    const clock = createVirtualClock();
    const { publisher } = openPublisher({ server: false, clock });
    expect(publisher.health().lastSuccess).toBeNull();
    publishEvent(publisher);
    await publisher.metrics();
    const time = clock.now();
    await clock.advance(60_000);
    expect(publisher.health().lastSuccess).toBe(time);
    publishEvent(publisher);
    expect(publisher.health().lastSuccess).toBe(clock.now());
  });
});

describe("the server", () => {
  test("begins with the first record, if it was not started", async () => {
    const { publisher } = openPublisher();
    expect(publisher.url).toBeUndefined();
    expect(await publisher.check()).toMatchObject({ ok: false, code: "not-listening" });
    publishEvent(publisher);
    await publisher.start();
    const page = await (await fetch(publisher.url ?? "")).text();
    expect(lineValue(page, 'event_retries_total{event_name="import"}')).toBe(2);
  });

  test("is none by option: start has nothing to do", async () => {
    const { publisher } = openPublisher({ server: false });
    await publisher.start();
    publishEvent(publisher);
    expect(publisher.url).toBeUndefined();
    expect(await publisher.check()).toMatchObject({ ok: true });
  });

  test("says in one sentence that a port is taken and what to do, and comes up when it is free", async () => {
    const clock = createVirtualClock();
    const holder = createServer().listen(0, "127.0.0.1");
    await once(holder, "listening");
    const { port } = holder.address() as AddressInfo;
    const { publisher, errors } = openPublisher({ port, clock });
    const sentence = `prometheus: port ${port} of 127.0.0.1 is taken by something else that listens there: give another with the option port, or 0 for any free one`;
    await expect(publisher.start()).rejects.toMatchObject({ message: sentence, code: "start-failed", retryable: true });
    expect(publisher.health().state).toBe("failing");
    publishEvent(publisher);
    await expect.poll(() => errors.length).toBe(1);
    expect(errors[0]?.message).toBe(sentence);
    holder.close();
    await once(holder, "close");
    await clock.advance(60_000);
    await expect.poll(() => publisher.url).toBe(`http://127.0.0.1:${port}/metrics`);
    expect(publisher.health().state).not.toBe("failing");
  });

  test.each([
    ["192.0.2.1", /192\.0\.2\.1 is no address of this machine: give one with the option host/],
    ["no-such-host.invalid", /no-such-host\.invalid is no address of this machine/],
  ])("says that %s is no address of this machine", async (host, sentence) => {
    const { publisher } = openPublisher({ host });
    await expect(publisher.start()).rejects.toThrow(sentence);
  });

  test("says that a port is taken by this process itself, also by another copy of the package", async () => {
    const { publisher } = openPublisher({ name: "first-page" });
    await publisher.start();
    const port = portOf(publisher);
    const advice = `prometheus: port ${port} of 127.0.0.1 is taken by the publisher first-page of this process, as happens after a hot reload or with two bundles: create one publisher per process, with oncePerProcess("metrics", () => new PrometheusPublisher()) from @eventmeter/core`;
    await expect(openPublisher({ port }).publisher.start()).rejects.toThrow(advice);
    vi.resetModules();
    const copy = await import("@eventmeter/publisher-prometheus");
    expect(copy.PrometheusPublisher).not.toBe(PrometheusPublisher);
    const second = new copy.PrometheusPublisher({ port, onError: () => {} });
    onTestFinished(async () => void (await second.close()));
    await expect(second.start()).rejects.toThrow(advice);
    await publisher.close();
    const other = createServer().listen(port, "127.0.0.1");
    onTestFinished(() => void other.close());
    await once(other, "listening");
    await expect(openPublisher({ port }).publisher.start()).rejects.toThrow(/is taken by something else/);
  });

  test("is tried again with back-off when start() failed, though nothing was published", async () => {
    const clock = createVirtualClock();
    const holder = createServer().listen(0, "127.0.0.1");
    await once(holder, "listening");
    const { port } = holder.address() as AddressInfo;
    const { publisher, errors } = openPublisher({ port, clock });
    await expect(publisher.start()).rejects.toMatchObject({ code: "start-failed", retryable: true });
    await clock.advance(60_000);
    await expect.poll(() => errors.length).toBeGreaterThan(0);
    expect(publisher.url).toBeUndefined();
    holder.close();
    await once(holder, "close");
    await expect
      .poll(async () => {
        await clock.advance(60_000);
        return publisher.url;
      })
      .toBe(`http://127.0.0.1:${port}/metrics`);
    expect(publisher.health()).toMatchObject({ received: 0, state: "idle" });
  });

  test("leaves no server behind when the close does not wait for the start", async () => {
    const port = await freePort();
    const { publisher } = openPublisher({ port });
    const starting = publisher.start();
    const rejected = expect(starting).rejects.toMatchObject({ code: "start-failed" });
    await publisher.close({ signal: AbortSignal.abort() });
    await rejected;
    await expect
      .poll(async () => (await exchange(port, ["GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n"])).ended)
      .toBe("refused");
    expect([publisher.url, publisher.health().state]).toEqual([undefined, "closed"]);
  });

  test("leaves no server behind when it is closed while it starts", async () => {
    const port = await freePort();
    const { publisher } = openPublisher({ port });
    const starting = publisher.start();
    const closing = publisher.close();
    await expect(starting).rejects.toMatchObject({ code: "start-failed" });
    expect((await closing).status).toBe("complete");
    expect(publisher.url).toBeUndefined();
    expect((await exchange(port, ["GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n"])).ended).toBe("refused");
    await expect(publisher.start()).rejects.toMatchObject({ code: "start-failed" });
    expect(await publisher.check()).toMatchObject({ ok: false, code: "closed" });
  });

  test.each(["now", "monotonic", "setTimeout"])("survives a clock whose %s throws", async (name) => {
    const broken = (): never => {
      throw new Error("canary");
    };
    const { publisher } = openPublisher({ clock: { ...systemClock, [name]: broken } });
    await publisher.start();
    publishEvent(publisher);
    expect(publisher.health()).toMatchObject({ state: "ok", delivered: 1 });
    expect(await publisher.metrics()).toContain("event_duration_seconds_count");
    expect(await publisher.close()).toMatchObject({ status: "complete", delivered: 1 });
    expect(publisher.url).toBeUndefined();
  });

  test("says in its check that the page is an error", async () => {
    const { publisher } = openPublisher();
    await publisher.start();
    const snapshot = vi.spyOn(SeriesStore.prototype, "snapshot").mockImplementation(() => {
      throw new Error("canary");
    });
    const report = await publisher.check();
    snapshot.mockRestore();
    expect(report).toEqual({
      ok: false,
      code: "page-failed",
      message: "prometheus: the page is not served: the answer was 500",
    });
  });

  test("waits for nothing foreign when it is closed", async () => {
    const registry = { getMetricsAsJSON: () => new Promise<never>(() => {}) };
    const { publisher } = openPublisher({ server: false, registry, clock: createVirtualClock() });
    const scrape = publisher.fetch(new Request("http://any.example/"));
    await publisher.close();
    expect(await (await scrape).text()).toContain('eventmeter_registry_up{source="registry"} 0');
  });

  test("is of each publisher alone: two share nothing", async () => {
    const [one, other] = [
      openPublisher({ processMetrics: true }).publisher,
      openPublisher({ processMetrics: true }).publisher,
    ];
    await Promise.all([one.start(), other.start()]);
    publishEvent(one);
    expect(await other.metrics()).not.toContain("import");
    await one.close();
    expect(lineValue(await other.metrics(), 'eventmeter_registry_up{source="process"}')).toBe(1);
    expect((await fetch(other.url ?? "")).status).toBe(200);
  });
});

describe("handlers", () => {
  test("serve any Node server, passed on without their publisher", async () => {
    const { publisher } = openPublisher({ server: false });
    publishEvent(publisher);
    const { handler } = publisher;
    const server = createServer((req, res) => handler(req, res)).listen(0, "127.0.0.1");
    onTestFinished(() => {
      server.close();
      server.closeAllConnections();
    });
    await once(server, "listening");
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/any/path`;
    const page = await fetch(url, { headers: { Host: "any.example" } });
    expect(await page.text()).toBe(await publisher.metrics());
    expect(page.headers.get("content-length")).not.toBeNull();
    const rejected = await fetch(url, { method: "POST", body: "x".repeat(100_000) });
    expect([rejected.status, rejected.headers.get("allow")]).toEqual([405, "GET, HEAD"]);
    await publisher.close();
    expect((await fetch(url)).status).toBe(503);
  });

  test("leave an answer alone that somebody else has begun", async () => {
    const { publisher } = openPublisher({ server: false });
    const server = createServer((req, res) => {
      res.write("the");
      publisher.handler(req, res);
      // Two pages later the one for this request is there too.
      void publisher
        .metrics()
        .then(() => publisher.metrics())
        .then(() => res.end("irs"));
    }).listen(0, "127.0.0.1");
    onTestFinished(() => {
      server.close();
      server.closeAllConnections();
    });
    await once(server, "listening");
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    expect(await (await fetch(url, { headers: { "Accept-Encoding": "identity" } })).text()).toBe("theirs");
  });

  test("serve fetch-style servers", async () => {
    const { publisher } = openPublisher({ server: false });
    publishEvent(publisher);
    const { fetch: answer } = publisher;
    const url = "https://any.example/metrics";
    expect(await (await answer(new Request(url))).text()).toBe(await publisher.metrics());
    const head = await answer(new Request(url, { method: "HEAD" }));
    expect([head.status, await head.text(), Number(head.headers.get("content-length")) > 100]).toEqual([200, "", true]);
    expect((await answer(new Request(url, { method: "POST" }))).status).toBe(405);
    await publisher.close();
    expect((await answer(new Request(url))).status).toBe(503);
  });
});

describe("a client that never reads", () => {
  const openLarge = async (responses: ResponseWriter): Promise<number> => {
    const chunk = "x".repeat(1_000_000);
    const shared = Array.from({ length: 64 }, () => Buffer.from(chunk));
    const headers = { "Content-Length": String(64_000_000) };
    // Chunks of its own for each scrape, so that each counts.
    const page = (): Promise<ScrapeReply> =>
      Promise.resolve({ ...textReply(200, "text/plain", ""), headers, chunks: [...shared] });
    return openScrapeServer({ page, responses });
  };
  const scrape = "GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n";

  test("is dropped when its time is over", async () => {
    const clock = createVirtualClock();
    const port = await openLarge(new ResponseWriter(createUnread(clock)));
    const client = connect(port, "127.0.0.1").pause();
    client.write(scrape);
    await expect.poll(() => clock.pendingTimers).toBe(1);
    const closed = once(client, "close");
    await clock.advance(10_000);
    client.resume().on("error", () => {});
    await closed;
    // That of the next report.
    expect(clock.pendingTimers).toBe(1);
    expect(client.bytesRead).toBeLessThan(64_000_000);
  });

  test("is left for others when their pages are too large, the longest one first", async () => {
    const port = await openLarge(new ResponseWriter(createUnread(systemClock, { maxUnreadBytes: 1_048_576 })));
    const clients = [];
    for (let count = 0; count < 3; count += 1) {
      const client = connect(port, "127.0.0.1").pause();
      onTestFinished(() => void client.destroy());
      client.write(scrape);
      // oxlint-disable-next-line no-await-in-loop -- who comes first is what is tested
      await once(client, "readable");
      clients.push(client.on("error", () => {}));
    }
    const { status } = await fetch(`http://127.0.0.1:${port}/metrics`, { method: "HEAD" });
    expect(status).toBe(200);
    const [oldest] = clients;
    if (oldest !== undefined) await once(oldest.resume(), "close");
    expect(oldest?.bytesRead).toBeLessThan(64_000_000);
  });
});

describe("the process", () => {
  const run = (program: URL): ReturnType<typeof spawn> => {
    const file = fileURLToPath(program);
    const child = spawn(process.execPath, ["--conditions=@eventmeter/source", file], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    onTestFinished(() => void child.kill());
    return child;
  };

  test("ends by itself while the page is served", async () => {
    const child = run(new URL("./programs/natural-end.ts", import.meta.url));
    const [output, [code]] = await Promise.all([text(child.stdout as never), once(child, "close")]);
    expect([output.trim(), code]).toEqual(["200", 0]);
  });

  test("is kept running by option, until the close", async () => {
    const child = run(new URL("./programs/held-until-closed.ts", import.meta.url));
    const [url] = await once(child.stdout as never, "data");
    expect((await fetch(String(url).trim())).status).toBe(200);
    child.stdin?.write("end\n");
    const [code] = await once(child, "close");
    expect(code).toBe(0);
  });

  test("is told that workers of a cluster do not share a page", async () => {
    const child = run(new URL("./programs/cluster-workers.ts", import.meta.url));
    const [output, [code]] = await Promise.all([text(child.stdout as never), once(child, "close")]);
    expect(output).toMatch(/^prometheus: port \d+ of 127\.0\.0\.1 is taken, and cluster workers do not share a page, /);
    expect(output).toContain("let the primary assign a port to each worker");
    expect(code).toBe(0);
  });
});

test("opens and closes without leaving anything", async () => {
  const before = process.getActiveResourcesInfo().length;
  for (let round = 0; round < 20; round += 1) {
    const publisher = new PrometheusPublisher({ port: 0 });
    await publisher.start();
    portOf(publisher);
    await publisher.close();
  }
  await expect.poll(() => process.getActiveResourcesInfo().length).toBeLessThanOrEqual(before);
});

test("rejects a format that there is not, instead of half a page", async () => {
  const publisher = new PrometheusPublisher({ server: false });
  await expect(publisher.metrics({ format: "OpenMetrics" as never })).rejects.toMatchObject({ code: "options" });
  await publisher.close();
});
