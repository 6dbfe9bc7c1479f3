import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { localhostTls } from "@eventmeter/testkit";
import { expect, onTestFinished, test } from "vitest";
import { type ScrapeReply, textReply } from "../src/http/scrape-reply.ts";
import { exchange, headerOf } from "./raw-http.ts";
import { openScrapeServer } from "./scrape-server-harness.ts";

async function keepOpen(port: number): Promise<Socket> {
  const socket = connect(port, "127.0.0.1");
  onTestFinished(() => void socket.destroy());
  socket.write("GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n");
  await once(socket, "data");
  return socket;
}

test("a connection that has been idle longest makes room for a new one", async () => {
  const port = await openScrapeServer({ limits: { maxConnections: 3 } });
  const [first, second, third] = [await keepOpen(port), await keepOpen(port), await keepOpen(port)];
  first.write("GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n");
  await once(first, "data");
  const closed = once(second, "close");
  const fourth = await keepOpen(port);
  await closed;
  expect([first, third, fourth].map(({ closed: isClosed }) => isClosed)).toEqual([false, false, false]);
});

test("a connection with a request under way makes no room, also after an earlier one of its requests", async () => {
  const { promise: released, resolve: release } = Promise.withResolvers<void>();
  let made = 0;
  const page = async (): Promise<ScrapeReply> => {
    made += 1;
    if (made === 2) await released;
    return textReply(200, "text/plain", "up 1\n");
  };
  const port = await openScrapeServer({ page, limits: { maxConnections: 1 } });
  const busy = connect(port, "127.0.0.1");
  onTestFinished(() => void busy.destroy());
  busy.write("GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n".repeat(2));
  await once(busy, "data");
  await expect.poll(() => made).toBe(2);
  expect((await exchange(port, ["GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n"])).replies).toEqual([]);
  release();
  expect(String(await once(busy, "data"))).toContain("HTTP/1.1 200");
});

test("a server has 1,000 connections and not one more", async () => {
  const port = await openScrapeServer();
  const sockets: Socket[] = [];
  for (let count = 0; count < 1_000; count += 1) sockets.push(await keepOpen(port));
  const [first] = sockets;
  expect(sockets.filter(({ closed }) => closed)).toEqual([]);
  const closed = first === undefined ? undefined : once(first, "close");
  await keepOpen(port);
  await closed;
});

test("connections that never ask make room under TLS too", async () => {
  const port = await openScrapeServer({ tls: localhostTls, limits: { maxConnections: 2 } });
  const idle = [connect(port, "127.0.0.1"), connect(port, "127.0.0.1")] as const;
  for (const socket of idle) await once(socket.resume(), "connect");
  const closed = once(idle[0], "close");
  const third = connect(port, "127.0.0.1");
  onTestFinished(() => void [...idle, third].map((socket) => socket.destroy()));
  await closed;
  expect(idle[1].closed).toBe(false);
});

test.each([
  ["/nowhere", 404, "close"],
  ["/metrics", 200, "keep-alive"],
])("a client that asks for %s gets %i and its connection is: %s", async (path, status, connection) => {
  const port = await openScrapeServer({ limits: { maxConnections: 3 } });
  const { replies } = await exchange(port, [`GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`], { replies: 1 });
  expect(replies.map((reply) => [reply.status, headerOf(reply, "connection")])).toEqual([[status, connection]]);
  // Longer than the usual scrape interval of a minute.
  const [reply] = replies;
  if (status === 200) expect(reply && headerOf(reply, "keep-alive")).toBe("timeout=65");
});
