import { once } from "node:events";
import { createServer } from "node:https";
import { type AddressInfo, createServer as createTcpServer } from "node:net";
import { gzipSync } from "node:zlib";
import { createFaultServer, type FaultReply, type FaultServer, localhostTls } from "@eventmeter/testkit";
import { describe, expect, onTestFinished, test } from "vitest";
import { requestFailure } from "../src/request-failure.ts";
import { open, publishOne } from "./publisher-harness.ts";

async function serve(reply: FaultReply): Promise<FaultServer> {
  const server = await createFaultServer(reply);
  onTestFinished(() => server.close());
  return server;
}

describe("goes on by itself after", () => {
  test.each<FaultReply>([
    { fault: "hang" },
    { fault: "stall" },
    { fault: "drip", body: "x".repeat(1_000) },
    { fault: "reset" },
    { fault: "reset-in-headers" },
    { fault: "reset-after-headers", body: "x" },
    { fault: "cut-body", body: "x" },
    { fault: "reset-on-reuse" },
    { fault: "flood" },
    { fault: "early" },
    { fault: "garbage" },
  ])("%j", async (reply) => {
    const server = await createFaultServer([reply]);
    onTestFinished(() => server.close());
    const { publisher, errors } = open({ endpoint: server.url, sendTimeoutMs: 200 });
    for (const name of ["a", "b"]) {
      publishOne(publisher, name);
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      expect(await publisher.flush()).toMatchObject({ status: "complete", pending: 0, dropped: 0 });
    }
    expect(publisher.health()).toMatchObject({ received: 2, delivered: 2 });
    for (const { code } of errors) expect(code).toBe("send-failed");
  });
});

describe("never follows a redirect", () => {
  test.each([301, 302, 303, 307, 308])("%i: the second server gets no connection", async (status) => {
    const second = await serve({});
    const first = await serve({ status, headers: { location: second.url } });
    const { publisher, error } = open({ endpoint: first.url, headers: { authorization: "Bearer secret" } });
    publishOne(publisher);
    void publisher.flush({ timeoutMs: 100 });
    expect(await error()).toMatchObject({ code: "held" });
    expect((await publisher.check()).code).toBe("redirected");
    expect(second.connections).toBe(0);
  });
});

describe("reads no more of a reply than it has to", () => {
  const bomb = gzipSync(gzipSync(Buffer.alloc(64 * 2 ** 20)));
  test.each<[string, FaultReply]>([
    ["a body without end", { fault: "endless-body" }],
    ["a body without end behind an error", { fault: "endless-body", status: 500 }],
    [
      "a body without end that calls itself OTLP",
      { fault: "endless-body", headers: { "content-type": "application/x-protobuf" } },
    ],
    ["a compressed body without end", { fault: "endless-body", headers: { "content-encoding": "gzip" } }],
    [
      "a body that unpacks to 64 MiB",
      { body: bomb, headers: { "content-encoding": "gzip, gzip", "content-type": "application/x-protobuf" } },
    ],
    ["the same behind an error", { status: 503, body: bomb, headers: { "content-encoding": "gzip, gzip" } }],
  ])("%s", async (_what, reply) => {
    const server = await serve(reply);
    const { publisher } = open({ endpoint: server.url });
    await publisher.check();
    const before = process.memoryUsage();
    const { ok } = await publisher.check();
    const after = process.memoryUsage();
    expect(ok).toBe(false);
    expect(after.rss - before.rss).toBeLessThan(8 * 2 ** 20);
    expect(after.arrayBuffers - before.arrayBuffers).toBeLessThan(2 * 2 ** 20);
    if (reply.fault !== undefined) await expect.poll(() => server.open).toBe(0);
  });
});

describe("says in a sentence what is wrong with a connection", () => {
  test.each<[FaultReply, string]>([
    [{ fault: "reset" }, "the endpoint {host} closed the connection before it answered (ECONNRESET)"],
    [{ fault: "reset-in-headers" }, "the endpoint {host} closed the connection before it answered (ECONNRESET)"],
    [{ fault: "cut-body", body: "abc" }, "the endpoint {host} closed the connection before it answered (ECONNRESET)"],
    [{ fault: "hang" }, "the endpoint {host} did not answer in time"],
    [{ fault: "stall" }, "the endpoint {host} did not answer in time"],
    [{ fault: "drip", body: "x".repeat(1_000) }, "the endpoint {host} did not answer in time"],
  ])("%j", async (reply, sentence) => {
    const server = await serve(reply);
    const { publisher } = open({ endpoint: server.url });
    const begun = performance.now();
    expect(await publisher.check({ timeoutMs: 200 })).toMatchObject({
      ok: false,
      code: sentence.endsWith("in time") ? "timeout" : "broken-off",
      message: `grafana-cloud: ${sentence.replace("{host}", new URL(server.url).host)}`,
      hint: expect.stringContaining("check its") as string,
    });
    expect(performance.now() - begun).toBeLessThan(1_000);
  });

  test("what is no HTTP", async () => {
    const server = await serve({ fault: "garbage" });
    const { publisher } = open({ endpoint: server.url });
    const { message, code, hint } = await publisher.check();
    expect([code, hint]).toEqual(["not-otlp", "check its port: OTLP over HTTP has 4318, gRPC 4317"]);
    expect(message).toMatch(/^grafana-cloud: what the endpoint 127\.0\.0\.1:\d+ answered is no HTTP \(HPE_\w+\)$/);
  });

  test("a port where nothing listens", async () => {
    const server = await serve({});
    await server.refuse();
    const { publisher, error } = open({ endpoint: server.url });
    publishOne(publisher);
    void publisher.flush({ timeoutMs: 100 });
    expect(await error()).toMatchObject({
      code: "send-failed",
      retryable: true,
      message: `grafana-cloud: the endpoint ${new URL(server.url).host} refused the connection (ECONNREFUSED: is it running, and are host and port right?); the series are sent again later`,
    });
    expect(await publisher.check()).toMatchObject({ code: "connection-refused", hint: expect.any(String) as string });
  });

  test("a name that there is not", async () => {
    const { publisher } = open({ endpoint: `http://${"x".repeat(64)}.invalid:4318` });
    const { message, code, hint } = await publisher.check();
    expect([code, hint]).toEqual(["unknown-host", expect.stringContaining("DNS")]);
    expect(message).toMatch(
      /^grafana-cloud: the host of the endpoint x{64}\.invalid:4318 (?:is not known|could not be looked up) \(E\w+\)$/,
    );
  });

  test("a certificate that nobody has signed: the records are kept, with one warning", async () => {
    const server = createServer(localhostTls, (_request, response) => response.end()).listen(0, "127.0.0.1");
    await once(server, "listening");
    onTestFinished(() => void server.close());
    const endpoint = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const { publisher, error, errors } = open({ endpoint, headers: { authorization: "Bearer secret" } });
    publishOne(publisher);
    void publisher.flush({ timeoutMs: 100 });
    expect(await error()).toMatchObject({
      code: "held",
      message: `grafana-cloud: records are kept back: nobody that this machine trusts has signed the certificate of the endpoint ${new URL(endpoint).host} (DEPTH_ZERO_SELF_SIGNED_CERT); give the authority's certificate as tls.ca, or its file in NODE_EXTRA_CA_CERTS, or check what stands between`,
    });
    await publisher.flush({ timeoutMs: 50 });
    expect(errors).toHaveLength(1);
    expect(publisher.health()).toMatchObject({ state: "failing", pending: 1, dropped: 0 });
  });

  test("TLS where there is none", async () => {
    const server = createTcpServer((socket) => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n")).listen(0, "127.0.0.1");
    await once(server, "listening");
    onTestFinished(() => void server.close());
    const { publisher } = open({ endpoint: `https://127.0.0.1:${(server.address() as AddressInfo).port}` });
    expect(await publisher.check()).toMatchObject({
      code: "tls",
      message: expect.stringMatching(
        /^grafana-cloud: the endpoint 127\.0\.0\.1:\d+ does not speak TLS \(\w+\)$/,
      ) as string,
      hint: "check its scheme and port",
    });
  });
});

/** An error with a code below so many others. */
function nested(depth: number): unknown {
  return depth === 0 ? { code: "ECONNRESET" } : { cause: nested(depth - 1) };
}

test.each<[unknown, string, string]>([
  [nested(7), "retry", "x closed the connection before it answered (ECONNRESET)"],
  [nested(8), "retry", "the request to x failed"],
  [{ code: "CERT_HAS_EXPIRED" }, "hold", "the certificate of x has expired (CERT_HAS_EXPIRED)"],
  [
    { cause: { code: "ERR_TLS_CERT_ALTNAME_INVALID" } },
    "hold",
    "the certificate of x is for another name (ERR_TLS_CERT_ALTNAME_INVALID)",
  ],
  [{ cause: { code: "CERT_NOT_YET_VALID" } }, "hold", "the certificate of x is not valid yet (CERT_NOT_YET_VALID)"],
  [{ cause: { cause: { code: "CERT_REVOKED" } } }, "hold", "no secure connection to x (CERT_REVOKED)"],
  [{ cause: { code: "ERR_SSL_WRONG_VERSION_NUMBER" } }, "hold", "x does not speak TLS (ERR_SSL_WRONG_VERSION_NUMBER)"],
  [{ cause: { errors: [{ code: "ETIMEDOUT" }, { code: "ENETUNREACH" }] } }, "retry", "x cannot be reached (ETIMEDOUT)"],
  [{ cause: { code: "EAI_AGAIN" } }, "retry", "the host of x could not be looked up (EAI_AGAIN)"],
  [{ cause: { code: "a secret" } }, "retry", "the request to x failed"],
  [{ cause: { code: "constructor" } }, "retry", "the request to x failed"],
  [new TypeError("secret"), "retry", "the request to x failed"],
  [undefined, "retry", "the request to x failed"],
])("%j is a %s", (caught, kind, message) => {
  expect(requestFailure(caught, "x", new AbortController().signal)).toMatchObject({
    kind,
    message,
    hint: expect.any(String) as string,
  });
});
