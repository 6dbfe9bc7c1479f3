// The line protocol publisher against a real server: the conformance suite, what it writes, and what it makes of each answer.
import type { PublisherError } from "@eventmeter/core";
import { conformanceCases, createFaultServer, createVirtualClock } from "@eventmeter/testkit";
import { afterAll, describe, expect, test } from "vitest";
import { influxPublisher } from "./series-plugin.ts";

describe("conformance", async () => {
  const working = await createFaultServer({ status: 204 });
  const failing = await createFaultServer({ status: 503 });
  const stalled = await createFaultServer({ fault: "hang" });
  afterAll(() => Promise.all([working, failing, stalled].map((server) => server.close())));
  const suite = conformanceCases({
    create: (options) => influxPublisher(working.url, options),
    failing: (options) => influxPublisher(failing.url, options),
    stalled: (options) => influxPublisher(stalled.url, options),
  });
  for (const { name, run } of suite) test(name, run);
});

const text = (body: Uint8Array): string => Buffer.from(body).toString();

test("pushes the newest snapshot, again after a failure, and the last one when it closes", async () => {
  const statuses = [503];
  await using server = await createFaultServer(() => ({ status: statuses.shift() ?? 204 }));
  const metrics = influxPublisher(server.url, { onError: () => undefined });
  const endTime = Date.now();
  metrics.publishEventMetrics({ eventName: "invoice", taskId: 1, startTime: endTime - 250, endTime, retryCount: 2 });
  expect(await metrics.flush()).toMatchObject({ status: "complete", delivered: 1, pending: 0 });
  const bodies = server.requests.map(({ body }) => text(body));
  expect(bodies).toHaveLength(2);
  const lines = bodies[1]?.split("\n").map((line) => line.replace(/ \d{19}$/, ""));
  expect(lines).toEqual([
    "event_duration_seconds,event_name=invoice,status=completed sum=0.25,count=1",
    "event_retries_total,event_name=invoice value=2",
  ]);
  metrics.publishEventMetrics({ eventName: "invoice", taskId: 2, startTime: endTime - 500, endTime });
  expect(await metrics.close()).toMatchObject({ status: "complete", delivered: 2, pending: 0 });
  expect(text(server.requests.at(-1)?.body ?? new Uint8Array())).toContain("status=completed sum=0.75,count=2");
});

test.each([
  ["invoice run", String.raw`invoice\ run`],
  ["a\nevil,x=1 value=9", String.raw`a%0Aevil\,x\=1\ value\=9`],
  ["ends with \\", String.raw`ends\ with\ %5C`],
  ["100%0A", "100%250A"],
])("writes the name %j as one tag", async (eventName, tag) => {
  await using server = await createFaultServer({ status: 204 });
  const metrics = influxPublisher(server.url);
  const endTime = Date.now();
  metrics.publishEventMetrics({ eventName, taskId: 1, startTime: endTime, endTime });
  await metrics.close();
  const [request] = server.requests;
  expect(text(request?.body ?? new Uint8Array())).toMatch(/^[^\n]* sum=0,count=1 \d{19}$/);
  expect(text(request?.body ?? new Uint8Array())).toContain(`,event_name=${tag},status=completed `);
});

test.each([
  [400, "snapshot-rejected"],
  [307, "snapshot-rejected"],
  [401, "held"],
  [403, "held"],
  [429, "send-failed"],
])("tells a %i as %s, with the status, and follows it nowhere", async (status, code) => {
  await using server = await createFaultServer({ status, headers: { location: "/elsewhere", "retry-after": "60" } });
  const errors: PublisherError[] = [];
  const clock = createVirtualClock();
  const metrics = influxPublisher(server.url, {
    clock,
    sendTimeoutMs: 3_600_000,
    onError: (error) => void errors.push(error),
  });
  const endTime = clock.now();
  metrics.publishEventMetrics({ eventName: "job", taskId: 1, startTime: endTime, endTime });
  void metrics.flush();
  await expect.poll(async () => (await clock.advance(1), errors.length), { interval: 5, timeout: 5_000 }).toBe(1);
  expect(errors[0]).toMatchObject({ code, message: expect.stringContaining(`the database answered ${status}`) });
  expect(server.requests).toHaveLength(1);
  const closing = metrics.close({ timeoutMs: 0 });
  await clock.advance(1);
  await closing;
});
