import { createServer } from "node:net";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { Client as Client9 } from "@elastic/elasticsearch";
import { Client as Client8 } from "elasticsearch-8";
import { expect, onTestFinished, test } from "vitest";
import { requestFailure } from "../src/connection/request-failure.ts";
import { openFakeElasticsearch } from "./fake-elasticsearch.ts";
import { openPublisher, until } from "./publisher-harness.ts";

const thrown = (message: string, name = "ConnectionError"): Error => Object.assign(new Error(message), { name });

test.each([
  ["connect ECONNREFUSED 10.0.0.1:9200", "connection-refused", "the connection to es:9200 was refused (ECONNREFUSED)"],
  ["getaddrinfo ENOTFOUND es", "unknown-host", "the name of es:9200 cannot be resolved (ENOTFOUND)"],
  ["getaddrinfo EAI_AGAIN es", "unknown-host", "the name of es:9200 cannot be resolved (EAI_AGAIN)"],
  [
    "connect EMFILE 10.0.0.1:9200 - Local (undefined:undefined)",
    "too-many-files",
    /open to connect to es:9200 \(EMFILE\)$/,
  ],
  ["connect EADDRNOTAVAIL 10.0.0.1:9200", "unreachable", "es:9200 cannot be reached (EADDRNOTAVAIL)"],
  ["connect EHOSTUNREACH 10.0.0.1:9200", "unreachable", "es:9200 cannot be reached (EHOSTUNREACH)"],
  ["self-signed certificate", "tls", "the certificate of es:9200 is not trusted"],
  ["read ECONNRESET", "broken-off", "the connection to es:9200 was closed without an answer"],
  ["Parse Error: Expected HTTP/, RTSP/ or ICE/", "not-elasticsearch", "es:9200 does not speak HTTP"],
  ["write ENOBUFS hunter2", "no-answer", "the request to es:9200 failed (ENOBUFS)"],
  ["HUNTER2 hunter2", "no-answer", "the request to es:9200 failed"],
])("%s becomes %s: %s", (words, code, message) => {
  const failure = requestFailure(thrown(words), "es:9200");
  expect(failure).toMatchObject({ code, isPermanent: false, hint: expect.any(String) });
  expect(failure.message).toEqual(typeof message === "string" ? message : expect.stringMatching(message));
  expect(JSON.stringify(failure)).not.toMatch(/hunter2/i);
});

test("a host that is not known is not named", () => {
  expect(requestFailure(thrown("connect ECONNREFUSED"), undefined).message).toBe(
    "the connection to the host was refused (ECONNREFUSED)",
  );
});

test("an error that cannot be read is one as well", () => {
  const hostile = new Proxy(new Error("x"), {
    get() {
      throw new Error("hunter2");
    },
  });
  expect(requestFailure(hostile, "es:9200")).toMatchObject({ code: "no-answer" });
});

test.each([
  ["client 9", (node: string) => new Client9({ node })],
  ["client 8", (node: string) => new Client8({ node })],
])("a %s of one's own that was closed is named as the cause", async (_, make) => {
  await using server = await openFakeElasticsearch();
  const client = make(server.url);
  const { publisher, publish, errors } = openPublisher({ client });
  await publisher.start();
  await client.close();
  publish("a");
  void publisher.flush();
  await until(() => errors.length > 0);
  expect(errors).toMatchObject([
    { code: "held", message: expect.stringMatching(/the client has no connection; it was closed; close a client/) },
  ]);
  expect(await publisher.check()).toMatchObject({ ok: false, code: "client-closed" });
});

test("a port that does not speak HTTP is named as such", async () => {
  const server = createServer((socket) => socket.on("error", () => undefined).end("This is not an HTTP port\r\n\r\n"));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  const { publisher } = openPublisher({ hosts: [`http://127.0.0.1:${port}`] });
  expect(await publisher.check()).toMatchObject({
    ok: false,
    code: "not-elasticsearch",
    message: expect.stringContaining(`127.0.0.1:${port} does not speak HTTP`),
    hint: expect.stringContaining("9300"),
  });
});
