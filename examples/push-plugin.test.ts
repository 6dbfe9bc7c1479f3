// The webhook publisher against a real server: what it sends, and what it makes of each answer.
import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { createVirtualClock, type VirtualClock } from "@eventmeter/testkit";
import type { MetricsPublisher } from "@eventmeter/core";
import { afterEach, beforeEach, expect, test } from "vitest";
import { webhookPublisher } from "./push-plugin.ts";

interface Seen {
  readonly headers: IncomingHttpHeaders;
  readonly body: readonly { readonly id: string; readonly task_id: string }[];
  readonly status: number;
}

let server: Server;
let clock: VirtualClock;
let metrics: MetricsPublisher;
let seen: Seen[];
let answer: (body: Seen["body"]) => number;

beforeEach(async () => {
  seen = [];
  answer = () => 200;
  server = createServer(async (request, response) => {
    const body = JSON.parse(Buffer.concat(await request.toArray()).toString()) as Seen["body"];
    const status = answer(body);
    seen.push({ headers: request.headers, body, status });
    response.writeHead(status).end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  clock = createVirtualClock();
  metrics = webhookPublisher(`http://127.0.0.1:${port}/`, "a-token", {
    clock,
    onError: () => undefined,
    sendTimeoutMs: 3_600_000, // virtual time runs ahead of the server
  });
});

afterEach(async () => {
  const closing = metrics.close({ timeoutMs: 0 });
  await clock.advance(1_000);
  await closing;
  server.closeAllConnections();
  server.close();
});

function publish(count: number): void {
  for (let taskId = 1; taskId <= count; taskId += 1)
    metrics.publishEventMetrics({ eventName: "job", taskId, startTime: clock.now() });
}

const tasksOf = ({ body }: Seen): string[] => body.map(({ task_id }) => task_id);

/** Lets virtual time pass until so many requests were answered and read. */
async function until(done: () => boolean): Promise<void> {
  await expect.poll(async () => (await clock.advance(100), done()), { interval: 5, timeout: 10_000 }).toBe(true);
}

test("posts a JSON array with its token and an idempotency key", async () => {
  publish(3);
  const report = await metrics.flush();
  expect(report).toMatchObject({ status: "complete", delivered: 3 });
  expect(seen).toHaveLength(1);
  const [{ headers, body }] = seen as [Seen];
  expect(headers).toMatchObject({ authorization: "Bearer a-token", "content-type": "application/json" });
  expect(headers["idempotency-key"]).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7/);
  expect(body).toMatchObject([{ event_name: "job", task_id: "1" }, { task_id: "2" }, { task_id: "3" }]);
  expect(new Set(body.map(({ id }) => id)).size).toBe(3);
});

test("halves what is too large (413) until it fits", async () => {
  answer = (body) => (body.length > 2 ? 413 : 200);
  publish(8);
  expect(await metrics.flush()).toMatchObject({ delivered: 8, dropped: 0 });
  const taken = seen.filter(({ status }) => status === 200);
  expect(taken.flatMap(tasksOf).toSorted()).toEqual(["1", "2", "3", "4", "5", "6", "7", "8"]);
});

test("keeps everything while the token is refused (401), and sends it when it is right again", async () => {
  answer = () => 401;
  publish(4);
  void metrics.flush();
  await until(() => metrics.health().state === "failing");
  expect(metrics.health()).toMatchObject({ pending: 4, dropped: 0 });
  answer = () => 200;
  await until(() => metrics.health().pending === 0);
  expect(metrics.health()).toMatchObject({ delivered: 4, dropped: 0 });
  expect(seen.map(({ status }) => status)).toEqual([401, 200]);
});

test("tries again after a 503, with the same idempotency key and the same ids", async () => {
  answer = () => (seen.length < 2 ? 503 : 200);
  publish(4);
  void metrics.flush();
  await until(() => metrics.health().pending === 0);
  expect(seen.map(({ status }) => status)).toEqual([503, 503, 200]);
  expect(new Set(seen.map(({ headers }) => headers["idempotency-key"])).size).toBe(1);
  expect(new Set(seen.map(({ body }) => JSON.stringify(body))).size).toBe(1);
  expect(metrics.health()).toMatchObject({ delivered: 4, dropped: 0, retries: 2 });
});

test("gives up what the server says is wrong (400)", async () => {
  answer = () => 400;
  publish(2);
  await metrics.flush();
  expect(metrics.health()).toMatchObject({ delivered: 0, droppedBy: { rejected: 2 } });
});
