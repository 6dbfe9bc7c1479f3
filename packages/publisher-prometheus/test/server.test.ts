import { once } from "node:events";
import { createServer } from "node:http";
import { request as httpsRequest } from "node:https";
import { type AddressInfo, connect } from "node:net";
import { text } from "node:stream/consumers";
import { inspect } from "node:util";
import { runInNewContext } from "node:vm";
import { PrometheusPublisher } from "@eventmeter/publisher-prometheus";
import { localhostTls } from "@eventmeter/testkit";
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from "vitest";
import { ScrapeAuthorizer } from "../src/http/scrape-authorizer.ts";
import type { ServerLimits } from "../src/http/scrape-server.ts";
import { hostileAuthorizations, hostileRequests, runGoodScrape, runHostileRequest } from "./hostile-requests.ts";
import { exchange, headerOf } from "./raw-http.ts";
import { openPublisher, portOf, publishEvent } from "./publisher-harness.ts";
import { openScrapeServer } from "./scrape-server-harness.ts";

const isFull = process.env["EVENTMETER_FULL"] === "1";

/** Waits for the server's own time limits, which the tests below make short. */
const isSlow = ({
  timeoutMs = 5_000,
  replies,
}: {
  timeoutMs?: number | undefined;
  replies?: number | undefined;
}): boolean => timeoutMs > 5_000 && replies === undefined;

const shortLimits: Partial<ServerLimits> = {
  headersTimeoutMs: 300,
  requestTimeoutMs: 500,
  checkIntervalMs: 50,
};

describe("hostile requests", () => {
  const publisher = new PrometheusPublisher({ port: 0 });
  let port = 0;
  /** Milliseconds until a client that does not complete its headers is gone, while all others come. */
  let halfOpenMs: Promise<number>;

  beforeAll(async () => {
    await publisher.start();
    publishEvent(publisher);
    port = portOf(publisher);
    const begun = performance.now();
    halfOpenMs = exchange(port, ["GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\nX-"], { timeoutMs: 20_000 }).then(
      () => performance.now() - begun,
    );
  });
  afterAll(async () => void (await publisher.close()));

  test("are many", () => {
    expect(hostileRequests.length).toBeGreaterThan(60);
  });

  test.each(hostileRequests.filter((request) => !isSlow(request)))(
    "are answered without harm: $name",
    async (request) => {
      expect(await runHostileRequest(port, request)).toEqual([]);
      expect(await runGoodScrape(port)).toEqual([]);
    },
  );

  test.each(hostileRequests.filter(isSlow))("are cut when they never end: $name", async (request) => {
    const bare = await openScrapeServer({ limits: shortLimits });
    expect(await runHostileRequest(bare, request)).toEqual([]);
    expect(await runGoodScrape(bare)).toEqual([]);
  });

  test("that never complete their headers are cut within 10 s", async () => {
    expect(await halfOpenMs).toBeLessThan(10_000);
  });
});

test("closes half-open clients by itself and serves honest ones meanwhile", { timeout: 60_000 }, async () => {
  const count = isFull ? 500 : 60;
  const port = await openScrapeServer({ limits: isFull ? {} : shortLimits });
  const begun = performance.now();
  const clients = Array.from({ length: count }, () =>
    exchange(port, ["GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\nX-"], { timeoutMs: 20_000 }),
  );
  for (let round = 0; round < 10; round += 1) expect(await runGoodScrape(port)).toEqual([]);
  const ended = new Set(
    (await Promise.all(clients)).map(({ ended: how, replies }) => (how === "replied" ? replies[0]?.status : how)),
  );
  expect([...ended].filter((how) => how !== 408 && how !== "closed" && how !== "reset")).toEqual([]);
  expect(performance.now() - begun).toBeLessThan(10_000);
});

describe("the page", () => {
  test("answers HEAD like GET, without a body", async () => {
    const { publisher } = openPublisher();
    await publisher.start();
    const [get, head] = await Promise.all(
      ["GET", "HEAD"].map((method) =>
        exchange(portOf(publisher), [`${method} /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`], {
          head: method === "HEAD",
        }),
      ),
    );
    const [full, bare] = [get?.replies[0], head?.replies[0]];
    if (full === undefined || bare === undefined) throw new Error("no reply");
    expect(bare.status).toBe(200);
    for (const name of ["content-type", "content-length", "x-content-type-options"])
      expect(headerOf(bare, name)).toBe(headerOf(full, name));
    expect(Number(headerOf(bare, "content-length"))).toBe(full.body.length);
    expect(head?.text.endsWith("\r\n\r\n")).toBe(true);
  });

  test("is found at its path alone, with any query", async () => {
    const { publisher } = openPublisher({ path: "/internal/metrics" });
    await publisher.start();
    const base = new URL("/", publisher.url).href.slice(0, -1);
    const statusOf = async (path: string): Promise<number> => (await fetch(base + path)).status;
    expect(publisher.url).toBe(`${base}/internal/metrics`);
    expect(await statusOf("/internal/metrics?name=x")).toBe(200);
    expect(await statusOf("/metrics")).toBe(404);
    expect(await statusOf("/internal/metrics/")).toBe(200);
    expect(await statusOf("/internal/metrics//")).toBe(404);
    expect(await statusOf("/internal")).toBe(404);
    const landing = await fetch(`${base}/`);
    expect(landing.headers.get("content-type")).toBe("text/html; charset=utf-8");
    expect(await landing.text()).toContain('<a href="/internal/metrics">');
  });

  test("is served beyond loopback only to those who name the host, if names are given", async () => {
    const { publisher } = openPublisher({ host: "0.0.0.0", allowedHosts: ["metrics.example"] });
    await publisher.start();
    const statusOf = async (host: string): Promise<number | undefined> =>
      (await exchange(portOf(publisher), [`GET /metrics HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`]))
        .replies[0]?.status;
    expect(await statusOf("metrics.example:9464")).toBe(200);
    expect(await statusOf("127.0.0.1")).toBe(403);
    expect(publisher.url).toMatch(/^http:\/\/localhost:\d+\/metrics$/);
    expect(await publisher.check()).toMatchObject({ ok: true });
  });

  test("is answered without a wait for a body, which nobody reads", async () => {
    const { publisher } = openPublisher();
    await publisher.start();
    for (const [method, status] of [
      ["GET", 200],
      ["POST", 405],
    ] as const) {
      const head = `${method} /metrics HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000000\r\n`;
      const plain = await exchange(portOf(publisher), [`${head}\r\n`, "x".repeat(1_000)], { replies: 2 });
      expect(plain.replies.map((reply) => [reply.status, headerOf(reply, "connection")])).toEqual([[status, "close"]]);
      expect(plain.ended).toMatch(/closed|reset/);
      const asking = await exchange(portOf(publisher), [`${head}Expect: 100-continue\r\n\r\n`], { replies: 2 });
      expect([asking.informational, asking.replies.map((reply) => reply.status)]).toEqual([[], [status]]);
    }
  });

  test("is never cached away from its headers and never offered to other origins", async () => {
    const { publisher } = openPublisher();
    await publisher.start();
    const { headers } = await fetch(publisher.url ?? "", { headers: { Origin: "http://evil.example" } });
    expect(headers.get("vary")).toBe("Accept, Accept-Encoding");
    expect(headers.get("x-content-type-options")).toBe("nosniff");
    expect([...headers.keys()].filter((name) => name.startsWith("access-control") || name === "server")).toEqual([]);
  });
});

describe("credentials", () => {
  const auths = [
    ["Basic", { username: "prometheus", password: "pässwörd:canary" }],
    ["Bearer", { bearer: "canary-token" }],
  ] as const;
  const headerFor = (auth: (typeof auths)[number][1]): string =>
    "bearer" in auth
      ? `Bearer ${auth.bearer}`
      : `Basic ${Buffer.from(`${auth.username}:${auth.password}`).toString("base64")}`;

  test.each(auths)("of scheme %s open the page, and nothing else does", async (scheme, auth) => {
    const { publisher, errors } = openPublisher({ auth });
    await publisher.start();
    const port = portOf(publisher);
    const [name = "", secret = ""] = headerFor(auth).split(" ");
    for (const header of [`${name} ${secret}`, `${name.toLowerCase()}   ${secret}`])
      expect((await fetch(publisher.url ?? "", { headers: { Authorization: header } })).status).toBe(200);
    expect(await publisher.check()).toMatchObject({ ok: true });
    for (const { name: what, lines } of hostileAuthorizations) {
      const { replies } = await exchange(port, [
        `GET /metrics HTTP/1.1\r\nHost: localhost\r\n${lines}Connection: close\r\n\r\n`,
      ]);
      expect(replies[0]?.status, what).toBe(401);
      expect(replies[0] && headerOf(replies[0], "www-authenticate"), what).toMatch(
        new RegExp(`^${scheme} realm="metrics"`),
      );
    }
    for (const wrong of [scheme === "Basic" ? "Bearer" : "Basic", "", "Digest"])
      expect((await fetch(publisher.url ?? "", { headers: { Authorization: `${wrong} ${secret}` } })).status).toBe(401);
    const shown = inspect([publisher, publisher.health(), errors], { depth: Infinity, showHidden: true });
    expect(shown + JSON.stringify(publisher)).not.toContain("canary");
  });

  test.each(auths)("of scheme %s protect handlers too", async (_scheme, auth) => {
    const { publisher } = openPublisher({ server: false, auth });
    const ask = async (headers: Record<string, string>): Promise<number> =>
      (await publisher.fetch(new Request("http://any.example/", { headers }))).status;
    expect(await ask({})).toBe(401);
    expect(await ask({ Authorization: headerFor(auth) })).toBe(200);
  });
});

test("method and credentials are judged once for each scrape, whichever way it takes", async () => {
  const judge = vi.spyOn(ScrapeAuthorizer.prototype, "judge");
  onTestFinished(() => judge.mockRestore());
  const { publisher } = openPublisher({ auth: { bearer: "canary-token" } });
  await publisher.start();
  const elsewhere = createServer((req, res) => publisher.handler(req, res)).listen(0, "127.0.0.1");
  onTestFinished(() => {
    elsewhere.close();
    elsewhere.closeAllConnections();
  });
  await once(elsewhere, "listening");
  const headers = { Authorization: "Bearer canary-token" };
  const ways = [
    () => fetch(publisher.url ?? "", { headers }),
    () => fetch(`http://127.0.0.1:${(elsewhere.address() as AddressInfo).port}/`, { headers }),
    () => publisher.fetch(new Request("http://any.example/", { headers })),
  ];
  for (const [at, ask] of ways.entries()) {
    expect((await ask()).status).toBe(200);
    expect(judge).toHaveBeenCalledTimes(at + 1);
  }
});

describe("over TLS", () => {
  const ask = async (publisher: PrometheusPublisher, options: object): Promise<string> => {
    const request = httpsRequest(publisher.url ?? "", { agent: false, ca: localhostTls.cert, ...options });
    request.end();
    const [response] = await once(request, "response");
    return text(response);
  };

  test("serves the page to those who trust its certificate", async () => {
    const { publisher } = openPublisher({ tls: localhostTls });
    await publisher.start();
    expect(publisher.url).toMatch(/^https:\/\/127\.0\.0\.1:/);
    expect(await ask(publisher, {})).toContain("# TYPE event_duration_seconds histogram");
    expect(await publisher.check()).toMatchObject({ ok: true });
    await expect(ask(publisher, { ca: undefined })).rejects.toThrow(/self-signed/);
    await expect(ask(publisher, { maxVersion: "TLSv1.1", minVersion: "TLSv1" })).rejects.toThrow();
  });

  test("takes a key and a certificate that are buffers of another realm", async () => {
    const foreign = (pem: string): Uint8Array =>
      runInNewContext("Uint8Array.from(bytes)", { bytes: Buffer.from(pem) }) as Uint8Array;
    const { publisher } = openPublisher({
      tls: { key: foreign(localhostTls.key), cert: foreign(localhostTls.cert), clientCa: foreign(localhostTls.cert) },
    });
    await publisher.start();
    expect(await ask(publisher, localhostTls)).toContain("# TYPE");
  });

  test("asks for the certificate of clients if it knows who signs them", async () => {
    const { publisher } = openPublisher({ tls: { ...localhostTls, clientCa: localhostTls.cert } });
    await publisher.start();
    expect(await ask(publisher, localhostTls)).toContain("# TYPE");
    await expect(ask(publisher, {})).rejects.toThrow();
    expect(await publisher.check()).toMatchObject({ ok: true });
  });

  test("outlives a client that speaks plain HTTP to it", async () => {
    const { publisher } = openPublisher({ tls: localhostTls });
    await publisher.start();
    const { replies } = await exchange(portOf(publisher), ["GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n"]);
    expect(replies.map(({ status }) => status).filter((status) => status !== 400)).toEqual([]);
    expect(await ask(publisher, {})).toContain("# TYPE");
  });

  test("rejects a certificate of another key, showing neither", () => {
    const cert = localhostTls.cert.replace(/MII\w/, "AAAA");
    expect(() => new PrometheusPublisher({ tls: { key: localhostTls.key, cert } })).toThrow(/tls: expected a key/);
  });
});

test("closes every connection with itself, idle and half-open ones too", async () => {
  const { publisher } = openPublisher();
  await publisher.start();
  const port = portOf(publisher);
  const idle = connect(port, "127.0.0.1");
  await once(idle, "connect");
  const kept = connect(port, "127.0.0.1");
  kept.write("GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n");
  await once(kept, "data");
  kept.resume();
  const closed = Promise.all([once(idle.resume(), "close"), once(kept, "close")]);
  expect((await publisher.close()).status).toBe("complete");
  await closed;
  expect(publisher.url).toBeUndefined();
  expect((await exchange(port, ["GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n"])).ended).toBe("refused");
});
