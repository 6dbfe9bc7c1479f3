import { once } from "node:events";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import { expect, onTestFinished, test } from "vitest";
import { HttpClient } from "../src/http-request.ts";
import { authority, server as serverTls } from "./certificates.ts";
import { open, publishOne } from "./publisher-harness.ts";

const OK = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";

interface ClosingServer {
  readonly url: string;
  readonly connections: () => number;
}

/** Opens a server that answers the first request of each connection, and ends the connection when the second one arrives. */
async function serve(end: (socket: Socket) => void, isTls = false): Promise<ClosingServer> {
  let connections = 0;
  const onSocket = (socket: Socket): void => {
    connections += 1;
    let answered = false;
    socket.on("error", () => undefined);
    socket.on("data", (chunk) => {
      if (answered) end(socket);
      // The last bytes of a body without a length of its own.
      else if (chunk.length > 0) answered = socket.write(OK);
    });
  };
  const server: Server = isTls ? createTlsServer(serverTls, onSocket) : createServer(onSocket);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  return { url: `http${isTls ? "s" : ""}://127.0.0.1:${port}`, connections: () => connections };
}

const request = { method: "POST", headers: {}, body: new Uint8Array(10), maxReplyBytes: 100 } as const;

test.each<[number, string, (socket: Socket) => void, boolean]>([
  [1_000, "reset", (socket) => void socket.resetAndDestroy(), false],
  [1_000, "ended", (socket) => void socket.end(), false],
  // Each handshake takes some milliseconds.
  [100, "ended, with TLS", (socket) => void socket.end(), true],
  [100, "destroyed, with TLS", (socket) => void socket.destroy(), true],
])("none of %i requests fails whose kept connection is %s at the moment of reuse", async (cycles, _how, end, isTls) => {
  const server = await serve(end, isTls);
  const client = new HttpClient(isTls ? { ca: authority } : undefined);
  onTestFinished(() => client.close());
  const { signal } = new AbortController();
  for (let cycle = 0; cycle < cycles; cycle += 1)
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    expect(await client.send(server.url, { ...request, signal })).toMatchObject({ status: 200 });
  // All but the first request found a connection, and found it closed.
  expect(server.connections()).toBe(cycles);
});

test("a publisher reports none of it, and stays ok", async () => {
  const server = await serve((socket) => void socket.resetAndDestroy());
  const { publisher, errors } = open({ endpoint: server.url });
  for (let cycle = 0; cycle < 50; cycle += 1) {
    publishOne(publisher);
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    expect(await publisher.flush()).toMatchObject({ status: "complete" });
  }
  expect(server.connections()).toBe(50);
  expect(errors).toEqual([]);
  expect(publisher.health()).toMatchObject({ state: "ok", delivered: 50, retries: 0 });
});

test("a new connection that is closed is reported after one attempt", async () => {
  let connections = 0;
  const server = createServer((socket) => {
    connections += 1;
    socket.once("data", () => socket.resetAndDestroy());
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  const { publisher } = open({ endpoint: `http://127.0.0.1:${port}` });
  expect(await publisher.check()).toMatchObject({ ok: false, code: "broken-off" });
  expect(connections).toBe(1);
});

test("a kept connection that is closed within a reply is reported", async () => {
  const server = await serve((socket) => void socket.end("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf"));
  const { publisher } = open({ endpoint: server.url });
  expect(await publisher.check()).toMatchObject({ ok: true });
  expect(await publisher.check()).toMatchObject({ ok: false, code: "broken-off" });
  expect(server.connections()).toBe(1);
});
