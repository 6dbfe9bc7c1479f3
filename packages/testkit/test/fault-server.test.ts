import { once } from "node:events";
import { Agent, get, request as httpRequest, type IncomingMessage } from "node:http";
import { connect, type Socket } from "node:net";
import { PassThrough } from "node:stream";
import { setImmediate } from "node:timers/promises";
import { expect, test } from "vitest";
import { takeWarnings } from "../../../test/warnings.ts";
import { readRequests } from "../src/http/fault-requests.ts";
import { createFaultServer, type FaultReply, type FaultServer } from "../src/index.ts";

/** Everything that comes over one raw connection until it ends, and how it ends. */
async function raw(server: FaultServer, sent: string): Promise<{ text: string; error: string | undefined }> {
  const socket = connect(server.port, "127.0.0.1");
  let seen = "";
  let error: string | undefined;
  socket.on("data", (chunk) => (seen += chunk.toString("latin1")));
  socket.on("error", (cause: NodeJS.ErrnoException) => (error = cause.code));
  socket.write(sent);
  await new Promise((resolve) => socket.once("close", resolve));
  return { text: seen, error };
}

const post = (body: string): string =>
  `POST /x?y=1 HTTP/1.1\r\nHost: a\r\nX-Twice: 1\r\nContent-Length: ${body.length}\r\n\r\n${body}`;

async function text(response: IncomingMessage): Promise<string> {
  return Buffer.concat(await response.toArray()).toString();
}

function send(server: FaultServer, agent: Agent): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  httpRequest(server.url, { method: "POST", agent }, resolve).on("error", reject).end("body");
  return promise;
}

test("answers every request with 200 and records it", async () => {
  await using server = await createFaultServer();
  const response = await fetch(`${server.url}path?q=1`, { method: "PUT", body: "payload", headers: { "x-own": "1" } });
  expect(response.status).toBe(200);
  expect(await response.text()).toBe("");
  expect(server.requests).toHaveLength(1);
  const [request] = server.requests;
  expect(request).toMatchObject({ method: "PUT", path: "/path?q=1", onConnection: 1 });
  expect(request?.headers["x-own"]).toBe("1");
  expect(Buffer.from(request?.body ?? []).toString()).toBe("payload");
});

test("reads chunked bodies, and several requests over one connection", async () => {
  await using server = await createFaultServer([{}, { fault: "early" }]);
  const chunked = "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=1\r\nde\r\n0\r\n\r\n";
  await raw(server, `${chunked}GET /second HTTP/1.1\r\n\r\n`);
  expect(server.requests.map(({ path, onConnection }) => [path, onConnection])).toEqual([
    ["/", 1],
    ["/second", 2],
  ]);
  expect(Buffer.from(server.requests[0]?.body ?? []).toString()).toBe("abcde");
});

test("uses a list up, then answers 200; a reply stays; a function sees the whole request", async () => {
  await using server = await createFaultServer([{ status: 503, body: "no" }]);
  const statusOf = async (): Promise<number> => (await fetch(server.url, { method: "POST", body: "b" })).status;
  expect([await statusOf(), await statusOf()]).toEqual([503, 200]);
  server.script({ status: 429 });
  expect([await statusOf(), await statusOf()]).toEqual([429, 429]);
  server.script((request, index) => ({ status: 200 + index, body: request.body }));
  const response = await fetch(server.url, { method: "POST", body: "echo" });
  expect([response.status, await response.text()]).toEqual([204, ""]);
});

test("sends any header, also twice, and a wrong content encoding as it is", async () => {
  const headers = { "retry-after": ["1", "2"], "content-encoding": "gzip" };
  await using server = await createFaultServer([
    { headers, body: "plain", fault: "early" },
    { headers, body: "plain" },
  ]);
  const { text: reply } = await raw(server, post(""));
  expect(reply).toContain("retry-after: 1\r\nretry-after: 2\r\n");
  await expect(fetch(server.url).then((response) => response.text())).rejects.toThrow();
});

test.each<[FaultReply, RegExp, string | undefined]>([
  [{ fault: "reset" }, /^$/, "ECONNRESET"],
  [{ fault: "reset-in-headers", body: "abc" }, /^HTTP\/1\.1 200 (?!.*\r\n\r\n)/, "ECONNRESET"],
  [{ fault: "reset-after-headers", body: "abc" }, /content-length: 3\r\n\r\n$/, "ECONNRESET"],
  [{ fault: "cut-body", body: "abc" }, /content-length: 3\r\n\r\nab$/, undefined],
  [{ fault: "cut-body" }, /content-length: 1\r\n\r\n$/, undefined],
  [{ fault: "early", status: 413 }, /^HTTP\/1\.1 413 /, undefined],
  [{ fault: "garbage" }, /no HTTP/, "ECONNRESET"],
])("plays %j", async (reply, expected, error) => {
  await using server = await createFaultServer(reply);
  const seen = await raw(server, post("body"));
  expect(seen.text).toMatch(expected);
  // A reset may overtake what was sent before it.
  if (error === undefined) expect(seen.error).toBe(undefined);
  else expect([error, undefined]).toContain(seen.error);
});

test("replies early without the body of the request", async () => {
  await using server = await createFaultServer({ fault: "early", status: 413 });
  const seen = await raw(server, "POST / HTTP/1.1\r\nContent-Length: 1000000\r\n\r\nfirst");
  expect(seen.text).toMatch(/^HTTP\/1\.1 413 /);
});

test("floods with 1,000 provisional replies before the reply", async () => {
  await using server = await createFaultServer([{ fault: "flood", body: "end" }]);
  const response = await send(server, new Agent());
  expect([response.statusCode, await text(response)]).toEqual([200, "end"]);
});

test("drips byte by byte and delays", async () => {
  await using server = await createFaultServer([{ fault: "drip", intervalMs: 1, body: "drop" }, { delayMs: 30 }]);
  const chunks: string[] = [];
  for await (const chunk of (await fetch(server.url)).body ?? []) chunks.push(Buffer.from(chunk).toString());
  expect(chunks.join("")).toBe("drop");
  expect(chunks.length).toBeGreaterThan(1);
  const begun = performance.now();
  await fetch(server.url);
  expect(performance.now() - begun).toBeGreaterThan(25);
});

test.each(["hang", "stall"] as const)("%s: takes the request and never answers", async (fault) => {
  await using server = await createFaultServer({ fault });
  const controller = new AbortController();
  const answer = fetch(server.url, { method: "POST", body: "x", signal: controller.signal });
  await server.received(1);
  controller.abort();
  await expect(answer).rejects.toThrow("aborted");
});

test("stops reading an upload that it stalls", async () => {
  await using server = await createFaultServer({ fault: "stall" });
  const socket = connect(server.port, "127.0.0.1");
  socket.write("POST / HTTP/1.1\r\nContent-Length: 100000000\r\n\r\n");
  await server.received(1);
  socket.on("error", () => undefined);
  socket.write(Buffer.alloc(50_000_000));
  socket.setTimeout(100);
  await once(socket, "timeout");
  expect(socket.writableLength).toBeGreaterThan(0);
  socket.destroy();
});

test("pours an endless body for as long as the client reads", async () => {
  await using server = await createFaultServer({ fault: "endless-body" });
  const { body } = await fetch(server.url);
  let read = 0;
  for await (const chunk of body ?? []) {
    read += chunk.length;
    if (read > 3_000_000) break;
  }
  expect(read).toBeGreaterThan(3_000_000);
});

test("counts the bytes of replies, of connections that are closed too", async () => {
  await using server = await createFaultServer([{ fault: "early", body: "abc" }, { fault: "reset" }, { body: "abcd" }]);
  expect(server.bytesSent).toBe(0);
  const first = await raw(server, post(""));
  expect(server.bytesSent).toBe(first.text.length);
  await raw(server, post(""));
  expect(server.bytesSent).toBe(first.text.length);
  await (await fetch(server.url)).text();
  expect([server.open, server.bytesSent]).toEqual([1, 2 * first.text.length + 1]);
});

test("counts what a client does not read, up to what the sockets hold", async () => {
  await using server = await createFaultServer({ fault: "endless-body" });
  const socket = connect(server.port, "127.0.0.1");
  socket.pause();
  socket.write(post(""));
  await expect.poll(() => server.bytesSent).toBeGreaterThan(65_536);
  const held: number[] = [];
  await expect.poll(() => (held.push(server.bytesSent), held.at(-1) === held.at(-2))).toBe(true);
  expect(server.bytesSent).toBeLessThan(16 * 2 ** 20);
  socket.destroy();
});

test("counts the connections that wait for the rest of a reply", async () => {
  await using server = await createFaultServer([{}, { fault: "hang" }, { fault: "endless-body" }]);
  await (await fetch(server.url)).text();
  expect([server.open, server.unanswered]).toEqual([1, 0]);
  const hung = connect(server.port, "127.0.0.1");
  hung.write(post(""));
  await server.received(2);
  expect([server.open, server.unanswered]).toEqual([2, 1]);
  const controller = new AbortController();
  const endless = await fetch(server.url, { signal: controller.signal });
  expect(server.unanswered).toBe(2);
  controller.abort();
  await expect(endless.text()).rejects.toThrow("aborted");
  hung.destroy();
  await expect.poll(() => server.unanswered).toBe(0);
});

test("pours for a slow reader without a warning of the process", async () => {
  await using server = await createFaultServer({ fault: "endless-body" });
  // Not fetch, which ends the process when a body that is read slowly comes to its end: https://github.com/nodejs/undici/issues/5360.
  const [response] = (await once(get(server.url), "response")) as [IncomingMessage];
  let read = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    read += chunk.length;
    await setImmediate();
  }
  expect(read).toBe(64 * 2 ** 20);
  expect(await takeWarnings()).toEqual([]);
});

test.each([
  ["a body that is too long", "POST / HTTP/1.1\r\nContent-Length: 1e99\r\n\r\n"],
  ["a length that is no number", "POST / HTTP/1.1\r\nContent-Length: many\r\n\r\n"],
  ["a chunk without a size", "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nmany\r\n"],
  ["a head that does not end", "x".repeat(100_000)],
])("ends a connection with %s", async (_, sent) => {
  await using server = await createFaultServer();
  await raw(server, sent);
  expect(server.requests).toEqual([]);
  expect(server.connections).toBe(1);
});

test("takes the rest of an upload that it does not wait for", async () => {
  await using server = await createFaultServer({ fault: "early", status: 413 });
  const socket = connect({ port: server.port, host: "127.0.0.1", allowHalfOpen: true });
  socket.on("error", () => undefined).resume();
  socket.write("POST / HTTP/1.1\r\nContent-Length: 20000000\r\n\r\n");
  await new Promise<void>((resolve) => socket.end(Buffer.alloc(20_000_000), resolve));
  await once(socket, "close");
  expect(server.requests[0]?.body).toHaveLength(0);
  expect(socket.bytesWritten).toBeGreaterThan(20_000_000);
});

test("resets a connection the moment it is used again", async () => {
  await using server = await createFaultServer([{ fault: "reset-on-reuse" }]);
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  await text(await send(server, agent));
  await expect(send(server, agent)).rejects.toThrow(/ECONNRESET|socket hang up/);
  expect(server.requests).toHaveLength(1);
  await text(await send(server, agent));
  expect(server.connections).toBe(2);
  agent.destroy();
});

test("refuses connections and takes them again on the same port", async () => {
  await using server = await createFaultServer();
  const { url, port } = server;
  await fetch(url);
  await server.refuse();
  await expect(fetch(url)).rejects.toMatchObject({ cause: { code: "ECONNREFUSED" } });
  await server.accept();
  expect((await fetch(url)).status).toBe(200);
  expect([server.url, server.port]).toEqual([url, port]);
});

test("begins a new list at its first reply", async () => {
  await using server = await createFaultServer([{ status: 503 }, { status: 504 }]);
  expect((await fetch(server.url)).status).toBe(503);
  server.script([{ status: 429 }, { status: 413 }]);
  const statuses: number[] = [];
  for (let count = 0; count < 3; count += 1) statuses.push((await fetch(server.url)).status);
  expect(statuses).toEqual([429, 413, 200]);
});

test.each([204, 304])("sends no Content-Length with %i", async (status) => {
  await using server = await createFaultServer([{ status }, { fault: "early" }]);
  const { text: replies } = await raw(server, `${post("")}${post("")}`);
  expect(replies.split("\r\n\r\n")[0]).not.toMatch(/content-length/i);
});

test("waits for requests without a timer that is left", async () => {
  await using server = await createFaultServer({ fault: "early" });
  const timers = (): number => process.getActiveResourcesInfo().filter((kind) => kind === "Timeout").length;
  const before = timers();
  const received = server.received(1, 60_000);
  await raw(server, post(""));
  await received;
  expect(timers()).toBeLessThanOrEqual(before);
});

test("keeps nothing of what a client sends after the last request that is read", async () => {
  const socket = new PassThrough();
  socket.write("GET / HTTP/1.1\r\n\r\n");
  for await (const { request } of readRequests(socket as unknown as Socket)) {
    expect(request.method).toBe("GET");
    break;
  }
  expect(socket.listenerCount("data")).toBe(0);
});

test("rejects when too few requests come", async () => {
  await using server = await createFaultServer();
  await expect(server.received(1, 5)).rejects.toThrow("0 of 1 requests came within 5 ms");
});

test("ends every connection when it is closed, whatever it was playing", async () => {
  const server = await createFaultServer([{ fault: "hang" }, { fault: "drip" }, { delayMs: 60_000 }]);
  const answers = [1, 2, 3].map(() => fetch(server.url).then((response) => response.text()));
  const outcomes = Promise.allSettled(answers);
  await server.received(3);
  await server.close();
  expect((await outcomes).map(({ status }) => status)).toEqual(["rejected", "rejected", "rejected"]);
  expect(server.open).toBe(0);
  await server.close();
});
