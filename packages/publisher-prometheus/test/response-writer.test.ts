import { EventEmitter, once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { systemClock } from "@eventmeter/core/publisher";
import { createVirtualClock } from "@eventmeter/testkit";
import { expect, onTestFinished, test } from "vitest";
import { ResponseWriter } from "../src/http/response-writer.ts";
import { type ScrapeReply, textReply } from "../src/http/scrape-reply.ts";
import { createUnread } from "./scrape-server-harness.ts";
import { exchange } from "./raw-http.ts";

const scrape = "GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n";
const page = (): Promise<ScrapeReply> => Promise.resolve(textReply(200, "text/plain", "page\n"));

/** A response whose client reads nothing. */
class StalledResponse extends EventEmitter {
  closed = false;
  headersSent = false;
  isDestroyed = false;
  writeHead(): void {}
  write(): boolean {
    return false;
  }
  end(): void {}
  destroy(): void {
    this.isDestroyed = true;
  }
}

/** Answers one request of a connection, whose client reads nothing. */
function answerStalled(writer: ResponseWriter, socket: EventEmitter, replyTo = page): StalledResponse {
  const response = new StalledResponse();
  const request = { method: "GET", headers: {}, httpVersionMajor: 1, socket };
  writer.answer(request as never as IncomingMessage, response as never as ServerResponse, replyTo);
  return response;
}

test("forgets what a connection has asked for when it is gone, also where a response does not hear of it", async () => {
  const clock = createVirtualClock();
  const writer = new ResponseWriter(createUnread(clock));
  const socket = new EventEmitter();
  let made = 0;
  for (let count = 0; count < 6; count += 1)
    answerStalled(writer, socket, () => {
      made += 1;
      return page();
    });
  await new Promise((resolve) => setImmediate(resolve));
  expect([made, clock.pendingTimers]).toEqual([4, 4]);
  socket.emit("close");
  await new Promise((resolve) => setImmediate(resolve));
  expect([made, clock.pendingTimers]).toEqual([4, 0]);
});

test("requests that wait are bounded in bytes, of all connections together", async () => {
  const writer = new ResponseWriter(createUnread(createVirtualClock()), { maxWaitingBytes: 10_000 });
  const [one, other] = [new EventEmitter(), new EventEmitter()];
  const rawHeaders = ["X-Padding", "x".repeat(1_000)];
  const statuses: number[] = [];
  const ask = (socket: EventEmitter): void => {
    const response = Object.assign(new StalledResponse(), {
      writeHead: (status: number) => void statuses.push(status),
    });
    const request = { method: "GET", url: "/", headers: {}, rawHeaders, httpVersionMajor: 1, socket };
    writer.answer(request as never, response as never, page);
  };
  const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));
  for (const socket of [one, other]) for (let count = 0; count < 6; count += 1) ask(socket);
  await turn();
  // Four of each connection are answered; two waited, and after three the memory is full.
  expect(statuses.toSorted((a, b) => a - b)).toEqual([...Array.from({ length: 8 }, () => 200), 503]);
  one.emit("close");
  statuses.length = 0;
  ask(other);
  ask(other);
  ask(other);
  expect(statuses).toEqual([503]);
});

test("listens to a response once, however many chunks a page has", async () => {
  const writer = new ResponseWriter(createUnread(createVirtualClock()));
  const chunks = Array.from({ length: 50 }, () => Buffer.from("up 1\n"));
  const response = answerStalled(writer, new EventEmitter(), () =>
    Promise.resolve({ ...textReply(200, "text/plain", ""), chunks }),
  );
  await new Promise((resolve) => setImmediate(resolve));
  for (let count = 0; count < 20; count += 1) response.emit("drain");
  expect(response.listenerCount("drain")).toBe(1);
  for (let count = 0; count < 40; count += 1) response.emit("drain");
  expect(response.listenerCount("drain")).toBe(0);
});

test.each([
  ["4 and 100, if nothing else is said", {}, 104],
  ["as many as is said", { maxPerConnection: 2, maxWaiting: 3 }, 5],
])("answers and holds of one connection %s", async (_what, limits, most) => {
  const { promise: released, resolve: release } = Promise.withResolvers<void>();
  let made = 0;
  const writer = new ResponseWriter(createUnread(), limits);
  const server = createServer((req, res) =>
    writer.answer(req, res, async () => {
      made += 1;
      await released;
      return textReply(200, "text/plain", "page\n");
    }),
  ).listen(0, "127.0.0.1");
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  await once(server, "listening");
  const asked = most + 12;
  const replies = exchange((server.address() as AddressInfo).port, [scrape.repeat(asked)], { replies: asked });
  await expect.poll(() => made).toBe("maxPerConnection" in limits ? 2 : 4);
  release();
  const { replies: given } = await replies;
  expect(given.map(({ status }) => status)).toEqual([...Array.from({ length: most }, () => 200), 503]);
  expect(made).toBe(most);
});

test("a client that leaves before it is answered takes no room", async () => {
  const writer = new ResponseWriter(createUnread(systemClock, { maxUnreadBytes: 0 }));
  let isLeaving = true;
  const server = createServer((req, res) => {
    const answer = (): void => writer.answer(req, res, page);
    if (!isLeaving) return answer();
    res.once("close", answer);
    res.destroy();
  }).listen(0, "127.0.0.1");
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  await once(server, "listening");
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  for (let count = 0; count < 3; count += 1) await expect(fetch(url)).rejects.toThrow();
  isLeaving = false;
  for (let count = 0; count < 3; count += 1) expect((await fetch(url)).status).toBe(200);
});
