import { AsyncLocalStorage } from "node:async_hooks";
import { createVirtualClock } from "@eventmeter/testkit";
import { expect, test } from "vitest";
import { createSeriesPublisher } from "../src/index.ts";
import { DELIVERED, openHarness } from "./push-harness.ts";

const storage = new AsyncLocalStorage<string>();

test("a send that a full batch begins sees no context of the caller", async () => {
  const seen: unknown[] = [];
  const respond = (): unknown => (seen.push(storage.getStore()), DELIVERED);
  const { fill, clock } = openHarness(respond, { maxBatchRecords: 1 });
  storage.run("request", () => fill(3));
  await clock.advance(0);
  expect(seen).toEqual([undefined, undefined, undefined]);
});

test("a send that a publish into a full queue begins sees no context of the caller", async () => {
  const seen: unknown[] = [];
  const { fill, clock } = openHarness(() => void seen.push(storage.getStore()), {
    maxQueueBytes: 16_384,
    overflow: "drop-oldest",
    maxBatchRecords: 1,
  });
  storage.run("request", () => fill(50));
  await clock.advance(0);
  expect(seen).toEqual([undefined, undefined, undefined, undefined]);
});

test("a send that a flush begins sees no context of the caller, and neither does its repetition", async () => {
  const seen: unknown[] = [];
  const { publisher, fill, clock } = openHarness(({ attempt }) => {
    seen.push(storage.getStore());
    return attempt === 1 ? { kind: "retry" } : DELIVERED;
  });
  storage.run("request", () => {
    fill(1);
    void publisher.flush();
  });
  await clock.advance(5_000);
  expect(seen).toEqual([undefined, undefined]);
});

test("a snapshot that a flush or the interval sends sees no context of the caller", async () => {
  const seen: unknown[] = [];
  const clock = createVirtualClock();
  const publisher = createSeriesPublisher(
    {
      name: "context",
      series: { addEvent: () => undefined, addNetwork: () => undefined, snapshot: () => ({ time: clock.now() }) },
      encode: () => new Uint8Array(1),
      send: () => (seen.push(storage.getStore()), { kind: "delivered" }),
    },
    { clock, intervalMs: 1_000 },
  );
  storage.run("request", () => {
    publisher.publishEventMetrics({ eventName: "job", taskId: 1, startTime: clock.now(), endTime: clock.now() });
    void publisher.flush();
  });
  await clock.advance(3_000);
  expect(seen.length).toBeGreaterThan(1);
  expect(new Set(seen)).toEqual(new Set([undefined]));
});
