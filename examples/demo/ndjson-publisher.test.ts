import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type CommonOptions,
  formatMetrics,
  type FormattedMetrics,
  type MetricsPublisher,
  type PublisherError,
} from "@eventmeter/core";
import { conformanceCases } from "@eventmeter/testkit";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ndjsonPublisher } from "./ndjson-publisher.ts";

const event = { eventName: "hash", taskId: "t", startTime: 1_700_000_000_000, endTime: 1_700_000_001_000 };
let folder = "";

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "ndjson-"));
});
afterAll(() => rm(folder, { recursive: true }));

describe("conforms", () => {
  const create = async (options: CommonOptions): Promise<MetricsPublisher> => {
    const metrics = ndjsonPublisher("/dev/null", options);
    await metrics.start?.();
    return metrics;
  };
  for (const { name, run } of conformanceCases({ create })) test(name, run);
});

test("writes every record of a burst, a line each, in order", async () => {
  const path = join(folder, "burst.ndjson");
  const metrics = ndjsonPublisher(path);
  await metrics.start?.();
  for (let index = 0; index < 20_000; index += 1) metrics.publishEventMetrics({ ...event, taskId: index });
  const report = await metrics.close();
  expect(report).toMatchObject({ status: "complete", delivered: 20_000, dropped: 0, pending: 0 });
  const lines = (await readFile(path, "utf8")).trimEnd().split("\n");
  expect(lines.map((line) => (JSON.parse(line) as FormattedMetrics).task_id)).toEqual(
    Array.from({ length: 20_000 }, (_, index) => String(index)),
  );
  expect(JSON.parse(lines[0] ?? "")).toEqual(formatMetrics({ ...event, taskId: 0 }));
});

test("drops what a full disk does not take, says why, and goes on", async () => {
  const errors: PublisherError[] = [];
  const metrics = ndjsonPublisher("/dev/full", { onError: (error) => errors.push(error) });
  await metrics.start?.();
  metrics.publishEventMetrics(event);
  await metrics.flush();
  metrics.publishEventMetrics(event);
  const report = await metrics.close();
  expect(report).toMatchObject({ status: "complete", received: 2, delivered: 0, dropped: 2, pending: 0 });
  expect(metrics.health().droppedBy).toEqual({ failed: 2 });
  for (const { cause } of errors) expect(cause).toMatchObject({ code: "ENOSPC" });
  expect(errors.length).toBeGreaterThan(0);
});

test("says in one sentence why it cannot start", async () => {
  const metrics = ndjsonPublisher(join(folder, "missing", "x.ndjson"));
  await expect(metrics.start?.()).rejects.toMatchObject({
    code: "start-failed",
    message: expect.stringMatching(
      /^ndjson: cannot open the file: ENOENT: no such file or directory, open '.*x\.ndjson'$/,
    ),
  });
});
