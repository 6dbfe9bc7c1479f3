import { expect, test } from "vitest";
import { BATCH_OVERHEAD } from "../src/queue/batch-maker.ts";
import { openHarness } from "./push-harness.ts";

const lanesOf = (sent: ReturnType<typeof openHarness>["sent"]): string[] => sent.map(({ batch }) => batch.lane);

test("records of one lane travel together, and of two never", async () => {
  const { publisher, publish, sent } = openHarness();
  const a = [publish({ lane: "a" })];
  const b = [publish({ lane: "b" })];
  a.push(publish({ lane: "a", network: true }));
  const none = [publish()];
  await publisher.flush();
  const byLane = Object.fromEntries(sent.map(({ batch, keys }) => [batch.lane, keys]));
  expect(byLane).toEqual({ a, b, "": none });
});

test("ends a batch by count", async () => {
  const { turn, fill, sent } = openHarness(undefined, { maxBatchRecords: 10 });
  fill(25);
  await turn();
  expect(sent.map(({ batch }) => batch.count)).toEqual([10, 10]);
});

test("ends a batch by bytes of the body, surroundings included", async () => {
  const wrap = { prefix: "[[", separator: "--", suffix: "]]" };
  const { publisher, fill, sent } = openHarness(undefined, { maxBatchBytes: 100 }, { wrap });
  // 4 + 4 * 20 + 3 * 2 = 90; a fifth record makes it 112.
  fill(10, { size: 20 });
  await publisher.flush();
  expect(sent.map(({ batch }) => batch.count)).toEqual([4, 4, 2]);
  expect(sent.map(({ batch }) => batch.bytes)).toEqual([90, 90, 46]);
});

test("ends a batch at once when a body has exactly the largest size", async () => {
  const { turn, fill, sent } = openHarness(undefined, { maxBatchBytes: 100 });
  fill(5, { size: 20 });
  await turn();
  expect(sent.map(({ batch }) => [batch.count, batch.bytes])).toEqual([[5, 100]]);
});

test("counts bytes of strings, not characters", async () => {
  const data = "€".repeat(10);
  const { publisher, fill, sent } = openHarness(
    undefined,
    { maxBatchBytes: 100 },
    { encode: () => ({ data }), send: (batch) => (sizes.push(batch.bytes), { kind: "delivered" }) },
  );
  const sizes: number[] = [];
  fill(7);
  await publisher.flush();
  expect(sizes).toEqual([90, 90, 30]);
  expect(sent).toEqual([]);
});

test("ends a batch by linger time, counted from the first record of the lane", async () => {
  const { clock, publish, sent } = openHarness(undefined, { lingerMs: 500 });
  publish({ lane: "a" });
  await clock.advance(300);
  publish({ lane: "b" });
  publish({ lane: "a" });
  await clock.advance(199);
  expect(sent).toEqual([]);
  await clock.advance(1);
  expect(lanesOf(sent)).toEqual(["a"]);
  expect(sent[0]?.keys).toEqual([1, 3]);
  await clock.advance(300);
  expect(lanesOf(sent)).toEqual(["a", "b"]);
});

test("one linger timer serves every lane", async () => {
  const { clock, publish } = openHarness(() => undefined, { lingerMs: 500, maxLanes: 1_000 });
  for (let lane = 0; lane < 500; lane += 1) publish({ lane: String(lane) });
  expect(clock.pendingTimers).toBeLessThanOrEqual(1);
});

test("one lane more than allowed ends the batch of the least recently used", async () => {
  const { publish, turn, sent } = openHarness(undefined, { maxLanes: 3 });
  for (const lane of ["a", "b", "c", "a", "d"]) publish({ lane });
  await turn();
  expect(lanesOf(sent)).toEqual(["b"]);
  publish({ lane: "c" });
  publish({ lane: "b" });
  await turn();
  expect(lanesOf(sent)).toEqual(["b", "a"]);
});

test("a record larger than a batch travels alone, and those before and after it together", async () => {
  const { publisher, publish, fill, sent } = openHarness(undefined, { maxBatchBytes: 100 });
  fill(2);
  const large = publish({ size: 500 });
  fill(2);
  await publisher.flush();
  expect(sent.map(({ keys }) => keys)).toEqual([[1, 2], [large], [4, 5]]);
});

test("a lane takes 4 KiB of memory, doubles as it fills, and ends at the size of a batch", async () => {
  const { publisher, publish } = openHarness(() => undefined, { maxBatchBytes: 20_000 });
  const bytes = (): number => publisher.health().pendingDetail.bytes;
  const overhead = 64 * 4 + BATCH_OVERHEAD;
  publish({ size: 1_000 });
  expect(bytes()).toBe(4_096 + overhead);
  for (let more = 0; more < 3; more += 1) publish({ size: 1_000 });
  expect(bytes()).toBe(4_096 + overhead);
  publish({ size: 1_000 });
  expect(bytes()).toBe(8_192 + overhead);
  for (let more = 0; more < 12; more += 1) publish({ size: 1_000 });
  expect(bytes()).toBe(20_000 + overhead);
});

test("counts the memory of offsets too", async () => {
  const { publisher, fill } = openHarness(() => undefined, { maxBatchRecords: 10_000 });
  fill(1_000, { size: 4 });
  expect(publisher.health().pendingDetail.bytes).toBeGreaterThanOrEqual(4_096 + 1_001 * 4);
});

test("a batch that is mostly empty gives memory back", async () => {
  const { publisher, publish, clock } = openHarness(() => undefined);
  publish({ size: 100 });
  const open = publisher.health().pendingDetail.bytes;
  await clock.advance(1_000);
  expect(publisher.health().pendingDetail.bytes).toBe(open - 4_096 - 256 + 100 + 8);
});
