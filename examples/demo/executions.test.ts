import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { RecordingPublisher } from "@eventmeter/testkit";
import { expect, test } from "vitest";
import { workOn } from "./executions.ts";
import { createFileClient } from "./fetch-file.ts";
import { createTally, type Tally } from "./tally.ts";

const files = ["package.json", ...Array.from({ length: 12 }, (_, index) => `${index}.bin`)];

interface Outcome {
  readonly metrics: RecordingPublisher;
  readonly tally: Tally;
  readonly failures: unknown[];
  readonly requested: string[];
}

/** Works on one package whose files come from `answer`. */
async function work(answer: RequestListener, signal = new AbortController().signal): Promise<Outcome> {
  const requested: string[] = [];
  const server = createServer((request, response) => {
    requested.push(request.url ?? "");
    answer(request, response);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const [metrics, tally, failures] = [new RecordingPublisher(), createTally(), [] as unknown[]];
  {
    using client = createFileClient((server.address() as AddressInfo).port, 2_000, metrics);
    const onFailure = (...failure: unknown[]): void => void failures.push(failure);
    await workOn({ name: "pkg", files }, { client, metrics, tally, signal, onFailure });
  }
  server.close();
  return { metrics, tally, failures, requested };
}

test("publishes one finished record for each execution, and one for each of its files", async () => {
  const { metrics, tally } = await work((_, response) => response.end("{}"));
  const events = metrics.events.map(({ event_name, status, retry_count }) => [event_name, status, retry_count]);
  expect(events).toEqual([
    ["scan", "completed", 0],
    ["hash", "completed", 0],
    ["compress", "completed", 0],
  ]);
  const filesOf = metrics.events.map(({ task_id }) => metrics.networks.filter((one) => one.task_id === task_id).length);
  expect(filesOf).toEqual([1, files.length, files.length]);
  expect(tally.events.get("hash")).toMatchObject({ executions: 1, failed: 0, retries: 0 });
});

test("tries again what broke, and counts each retry of an execution once", async () => {
  const broken = new Set<string>();
  const { metrics } = await work((request, response) => {
    const key = request.url ?? "";
    if (key === "/package.json" || broken.has(key)) response.end("{}");
    else request.socket.destroy();
    broken.add(key);
  });
  const hash = metrics.events.find(({ event_name }) => event_name === "hash");
  const attempts = metrics.networks.filter(({ task_id }) => task_id === hash?.task_id);
  expect(hash).toMatchObject({ status: "completed", retry_count: files.length - 1 });
  expect(attempts).toHaveLength(2 * files.length - 1);
  expect(attempts.filter(({ status }) => status === "failed")).toHaveLength(files.length - 1);
});

test("begins no file after one that failed, and is recorded when nothing of it is under way", async () => {
  const { metrics, failures, requested } = await work((request, response) => {
    if (request.url === "/0.bin") response.writeHead(403).end();
    else response.end("{}");
  });
  for (const name of ["hash", "compress"]) {
    const event = metrics.events.find(({ event_name }) => event_name === name);
    const attempts = metrics.networks.filter(({ task_id }) => task_id === event?.task_id);
    expect(event).toMatchObject({ status: "failed", error_type: "HTTP_403", retry_count: 0 });
    expect(attempts.length).toBeLessThan(files.length);
    for (const { end_time } of attempts) expect(end_time).toBeLessThanOrEqual(event?.end_time ?? 0);
  }
  expect(requested).toHaveLength(metrics.networks.length);
  expect(failures).toMatchObject([
    ["hash", "pkg", { code: "HTTP_403" }],
    ["compress", "pkg", { code: "HTTP_403" }],
  ]);
});

test("records as cancelled what the end of the time cut short, and begins nothing more", async () => {
  const over = new AbortController();
  const { metrics } = await work((request, response) => {
    if (request.url === "/3.bin") over.abort();
    response.end("{}");
  }, over.signal);
  expect(metrics.events.map(({ event_name, status }) => [event_name, status])).toEqual([
    ["scan", "completed"],
    ["hash", "cancelled"],
  ]);
});

test("records as completed what was done when the time was over", async () => {
  const over = new AbortController();
  const { metrics } = await work((_, response) => {
    over.abort();
    response.end("{}");
  }, over.signal);
  expect(metrics.events.map(({ event_name, status }) => [event_name, status])).toEqual([["scan", "completed"]]);
});
