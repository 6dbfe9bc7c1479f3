import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { influxPublisher } from "./series-plugin.ts";

test("pushes the newest snapshot as line protocol, again after a failure, and the last one when it closes", async () => {
  const bodies: string[] = [];
  const statuses = [503];
  const server = createServer(async (request, response) => {
    bodies.push(Buffer.concat(await request.toArray()).toString());
    response.writeHead(statuses.shift() ?? 204).end();
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  const metrics = influxPublisher(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);

  const endTime = Date.now();
  metrics.publishEventMetrics({
    eventName: "invoice run",
    taskId: 1,
    startTime: endTime - 250,
    endTime,
    retryCount: 2,
  });
  const flushed = await metrics.flush();
  expect(flushed).toMatchObject({ status: "complete", delivered: 1, pending: 0 });
  expect(bodies).toHaveLength(2);
  const lines = bodies
    .at(-1)
    ?.split("\n")
    .map((line) => line.split(" ").slice(0, 2).join(" "));
  expect(lines).toEqual([
    "event_duration_seconds,event_name=invoice_run,status=completed sum=0.25,count=1",
    "event_retries_total,event_name=invoice_run value=2",
  ]);

  metrics.publishEventMetrics({ eventName: "invoice run", taskId: 2, startTime: endTime - 500, endTime });
  expect(await metrics.close()).toMatchObject({ status: "complete", delivered: 2, pending: 0 });
  expect(bodies.at(-1)).toContain("status=completed sum=0.75,count=2");
});
