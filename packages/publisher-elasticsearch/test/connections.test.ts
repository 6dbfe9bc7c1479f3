import { execFile } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import { globalAgent } from "node:https";
import { type AddressInfo, connect, type Socket } from "node:net";
import { createServer as createTlsServer, type TlsOptions } from "node:tls";
import { promisify } from "node:util";
import { localhostTls } from "@eventmeter/testkit";
import { expect, onTestFinished, test } from "vitest";
import { hostWithoutProxy } from "../src/connection/environment-proxy.ts";
import { openFakeElasticsearch } from "./fake-elasticsearch.ts";
import { openPublisher } from "./publisher-harness.ts";

/** Opens a server that takes TLS off and passes everything on; returns its address. */
async function openTls(target: string, options: TlsOptions = {}): Promise<string> {
  const sockets = new Set<Socket>();
  const server = createTlsServer({ ...localhostTls, ...options }, (socket) => {
    const upstream = connect(Number(new URL(target).port), "127.0.0.1");
    socket.pipe(upstream).pipe(socket);
    sockets.add(socket);
    socket.on("error", () => upstream.destroy());
    upstream.on("error", () => socket.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Opens a proxy that connects to this machine whatever the host. */
async function openProxy(): Promise<{ readonly url: string; readonly asked: readonly string[] }> {
  const asked: string[] = [];
  const proxy = createServer();
  proxy.on("connect", ({ url = "" }, socket) => {
    asked.push(url);
    const upstream = connect(Number(url.split(":")[1]), "127.0.0.1", () => {
      socket.write("HTTP/1.1 200 OK\r\n\r\n");
      upstream.pipe(socket).pipe(upstream);
    });
    upstream.on("error", () => socket.destroy());
    socket.on("error", () => upstream.destroy());
  });
  proxy.listen(0, "127.0.0.1");
  await once(proxy, "listening");
  onTestFinished(() => void proxy.close());
  return { url: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`, asked };
}

test("an authority of one's own is trusted; without it the hint names tls.ca", async () => {
  await using server = await openFakeElasticsearch();
  const host = await openTls(server.url);
  const without = openPublisher({ hosts: [host] });
  expect(await without.publisher.check()).toMatchObject({ code: "tls", hint: expect.stringContaining("as tls.ca") });
  const { publisher } = openPublisher({ hosts: [host], tls: { ca: localhostTls.cert } });
  expect(await publisher.check()).toMatchObject({ ok: true });
});

test("a server that asks for a certificate gets that of the program", async () => {
  await using server = await openFakeElasticsearch();
  const host = await openTls(server.url, { ca: localhostTls.cert, requestCert: true, rejectUnauthorized: true });
  const { cert, key } = localhostTls;
  const { publisher, publish } = openPublisher({ hosts: [host], tls: { ca: cert, cert, key } });
  publish("a");
  expect(await publisher.flush()).toMatchObject({ delivered: 1 });
  const without = openPublisher({ hosts: [host], tls: { ca: cert } });
  expect(await without.publisher.check()).toMatchObject({ ok: false });
});

test("clientOptions.proxy is enough for a proxy", async () => {
  await using server = await openFakeElasticsearch();
  const proxy = await openProxy();
  const { publisher, publish } = openPublisher({
    hosts: [server.url.replace("127.0.0.1", "es.invalid")],
    clientOptions: { proxy: proxy.url },
  });
  publish("a");
  expect(await publisher.flush()).toMatchObject({ delivered: 1 });
  expect(new Set(proxy.asked)).toEqual(new Set([server.url.replace("http://127.0.0.1", "es.invalid")]));
});

test("tls goes together with a proxy", async () => {
  await using server = await openFakeElasticsearch();
  const host = await openTls(server.url);
  const proxy = await openProxy();
  const { publisher } = openPublisher({
    hosts: [host],
    tls: { ca: localhostTls.cert },
    clientOptions: { proxy: proxy.url },
  });
  expect(await publisher.check()).toMatchObject({ ok: true });
  expect(proxy.asked).not.toEqual([]);
});

const environment = { HTTPS_PROXY: "http://p:1", NO_PROXY: "one.example, .corp.example,127.0.0.1:9200" };
test.each([
  ["https://es.example:9200", {}, "es.example:9200"],
  ["http://es.example:9200", {}, undefined],
  ["https://one.example", {}, undefined],
  ["https://es.corp.example", {}, undefined],
  ["https://127.0.0.1:9200", {}, undefined],
  ["https://es.example", { proxy: "http://p:1" }, undefined],
  ["https://es.example", { agent: () => undefined }, undefined],
])("of the host %s with %j, the proxy of the environment misses %s", (host, clientOptions, missed) => {
  expect(hostWithoutProxy({ hosts: [host], clientOptions }, environment)).toBe(missed);
  expect(hostWithoutProxy({ hosts: [host], clientOptions }, undefined)).toBeUndefined();
});

const PROGRAM = `
  import { ElasticsearchPublisher } from "@eventmeter/publisher-elasticsearch";
  const publisher = new ElasticsearchPublisher({
    hosts: [process.env.HOST],
    onDiagnostic: ({ code, message }) => console.log(code, message),
  });
  await publisher.start();
  await publisher.close();
`;

test.skipIf(!("proxyEnv" in globalAgent.options)).each([
  ["", 1],
  ["127.0.0.1", 0],
])("with NODE_USE_ENV_PROXY and NO_PROXY=%s there are %i diagnostics about the proxy", async (exceptions, count) => {
  await using server = await openFakeElasticsearch();
  const env = { NODE_USE_ENV_PROXY: "1", HTTP_PROXY: "http://127.0.0.1:1", NO_PROXY: exceptions, HOST: server.url };
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ["--conditions=@eventmeter/source", "--input-type=module", "--eval", PROGRAM],
    { cwd: import.meta.dirname, env: { ...process.env, ...env } },
  );
  expect(
    stdout.match(/^proxy-not-used .* reaches 127\.0\.0\.1:\d+ without it; set clientOptions/gm) ?? [],
  ).toHaveLength(count);
});

test("every request goes through the pipeline that is given", async () => {
  await using server = await openFakeElasticsearch();
  const { publisher, publish } = openPublisher({ hosts: [server.url], pipeline: "geo/ü&x" });
  publish("a");
  expect(await publisher.flush()).toMatchObject({ delivered: 1 });
  expect(server.bulks[0]?.query.get("pipeline")).toBe("geo/ü&x");
});
