import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer, type Server, type ServerOptions } from "node:https";
import type { AddressInfo } from "node:net";
import { inspect, promisify } from "node:util";
import type { TlsOptions } from "@eventmeter/core";
import { GrafanaCloudPublisher } from "@eventmeter/publisher-grafana-cloud";
import { localhostTls } from "@eventmeter/testkit";
import { expect, onTestFinished, test } from "vitest";
import { authority, client, server as serverTls } from "./certificates.ts";
import { TOKEN } from "./fake-cloud.ts";
import { open, publishOne } from "./publisher-harness.ts";

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

/** Opens a server whose certificate the authority has signed; returns its address. */
async function serve(
  options: ServerOptions = {},
  handler: Handler = (_request, response) => void response.end(),
): Promise<{ readonly endpoint: string; readonly server: Server }> {
  const server = createServer({ ...serverTls, ...options }, (request, response) => {
    request.resume();
    request.on("end", () => handler(request, response));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { endpoint: `https://127.0.0.1:${(server.address() as AddressInfo).port}`, server };
}

const mutual: ServerOptions = { ca: authority, requestCert: true, rejectUnauthorized: true };

test.each<[string, TlsOptions]>([
  ["a text", { ca: authority }],
  ["bytes", { ca: Buffer.from(authority) }],
  ["a list", { ca: [localhostTls.cert, Buffer.from(authority)] }],
])("an authority of one's own, given as %s, is trusted", async (_form, tls) => {
  const { endpoint } = await serve();
  const { publisher } = open({ endpoint, tls });
  expect(await publisher.check()).toMatchObject({ ok: true });
  publishOne(publisher);
  expect(await publisher.flush()).toMatchObject({ status: "complete", delivered: 1 });
});

test.each<[string, TlsOptions]>([
  ["a key", { ca: authority, cert: client.cert, key: client.key }],
  ["an encrypted key", { ca: authority, cert: client.cert, key: client.encryptedKey, passphrase: client.passphrase }],
])("a receiver that asks for a certificate gets that of the program, with %s", async (_form, tls) => {
  const names: unknown[] = [];
  const { endpoint } = await serve(mutual, (request, response) => {
    const { subject } = (
      request.socket as unknown as { getPeerCertificate(): { subject: { CN: string } } }
    ).getPeerCertificate();
    names.push(subject.CN);
    response.end();
  });
  const { publisher, errors } = open({ endpoint, tls });
  publishOne(publisher);
  expect(await publisher.flush()).toMatchObject({ status: "complete", delivered: 1 });
  expect(names).toEqual(["eventmeter-client"]);
  expect(errors).toEqual([]);
});

test("a receiver that asks for a certificate is named, with what to give", async () => {
  const { endpoint } = await serve(mutual);
  const { publisher } = open({ endpoint, tls: { ca: authority } });
  const { code, message, hint } = await publisher.check();
  expect([code, hint]).toEqual(["tls", expect.stringContaining("tls.cert") as string]);
  expect(message).toContain(`the endpoint ${new URL(endpoint).host} asks for a certificate of this program`);
});

test("an authority that did not sign the receiver's certificate is not enough", async () => {
  const { endpoint } = await serve();
  const { publisher } = open({ endpoint, tls: { ca: localhostTls.cert } });
  expect(await publisher.check()).toMatchObject({
    ok: false,
    code: "tls",
    hint: expect.stringContaining("tls.ca") as string,
  });
});

test("the Cloud API and the stack that it names are reached with the same options", async () => {
  const asked: string[] = [];
  const { endpoint } = await serve(mutual, (request, response) => {
    const path = request.url ?? "";
    asked.push(path);
    response.setHeader("content-type", "application/json");
    if (path.endsWith("/instances"))
      response.end(JSON.stringify({ items: [{ id: 1, slug: "acme", status: "active", regionSlug: "eu" }] }));
    else if (path.endsWith("/connections")) response.end(JSON.stringify({ otlp: { url: endpoint } }));
    else response.end("{}");
  });
  const tls = { ca: authority, cert: client.cert, key: client.key };
  const { publisher } = open({ orgSlug: "acme", region: "eu", apiKey: TOKEN, apiUrl: `${endpoint}/api`, tls });
  publishOne(publisher);
  expect(await publisher.flush()).toMatchObject({ status: "complete", delivered: 1 });
  expect(asked).toEqual(["/api/orgs/acme/instances", "/api/v1/stacks/1/connections", "/otlp/v1/metrics"]);
});

test("a connection is used again, and closed with the publisher", async () => {
  let connections = 0;
  const { endpoint, server } = await serve();
  server.on("secureConnection", () => (connections += 1));
  const { publisher } = open({ endpoint, tls: { ca: authority } });
  for (const name of ["a", "b", "c"]) {
    publishOne(publisher, name);
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    expect(await publisher.flush()).toMatchObject({ status: "complete" });
  }
  expect(connections).toBe(1);
  await publisher.close();
  await expect.poll(() => promisify(server.getConnections.bind(server))()).toBe(0);
});

test("two publishers with different options share no connection", async () => {
  const { endpoint } = await serve(mutual);
  const trusted = open({ endpoint, tls: { ca: authority, cert: client.cert, key: client.key } });
  expect(await trusted.publisher.check()).toMatchObject({ ok: true });
  const { publisher } = open({ endpoint, tls: { ca: authority } });
  expect(await publisher.check()).toMatchObject({ ok: false, code: "tls" });
});

test.each<[object, string]>([
  [{ cert: client.cert }, "tls.key: missing"],
  [{ ca: "/etc/ssl/ca.pem" }, "tls.ca: expected the text of a PEM file"],
  [{ cert: client.cert, key: serverTls.key }, "tls: expected certificates, a key and its passphrase that fit together"],
  [
    { cert: client.cert, key: client.encryptedKey, passphrase: "canary-wrong" },
    "tls: expected certificates, a key and its passphrase that fit together",
  ],
  [{ rejectUnauthorized: false }, "tls.rejectUnauthorized: unknown option"],
])("wrong options are rejected without being shown: %#", (tls, problem) => {
  const create = (): unknown => new GrafanaCloudPublisher({ endpoint: "https://x.example", tls });
  expect(create).toThrow(problem);
  try {
    create();
  } catch (caught) {
    expect(inspect(caught, { depth: Infinity, showHidden: true })).not.toMatch(/canary|PRIVATE KEY/);
  }
});

test("options for TLS are rejected for an endpoint without it", () => {
  expect(() => new GrafanaCloudPublisher({ endpoint: "http://localhost:4318", tls: { ca: authority } })).toThrow(
    "tls: given for an endpoint that begins with http://",
  );
});
