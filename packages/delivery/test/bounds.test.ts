import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import { takeWarnings } from "../../../test/warnings.ts";
import { keyOf, openHarness, within } from "./push-harness.ts";

const MAX = 65_536;
const SIZE = 1_000;

test("drop-newest refuses new records while the memory is full, to the last byte", async () => {
  const { publisher, fill, dropped } = openHarness(() => undefined, { maxQueueBytes: MAX });
  fill(200, { size: SIZE });
  const { droppedBy, pending, pendingDetail } = publisher.health();
  expect(pendingDetail.bytes).toBeLessThanOrEqual(MAX);
  expect(pending).toBeGreaterThan(50);
  expect(droppedBy).toEqual({ "queue-full": 200 - pending });
  // The first came, the last did not.
  expect(dropped.map(({ bytes }) => keyOf(bytes))).toEqual(
    Array.from({ length: 200 - pending }, (_, at) => at + pending + 1),
  );
  expect(dropped[0]).toMatchObject({ countedAs: "queue-full", reason: "the queue is full" });
});

test("a record that travelled alone makes the next batch no larger than others", async () => {
  const { publisher, fill, publish, turn } = openHarness(() => undefined, {
    maxQueueBytes: 2 ** 20,
    maxBatchBytes: 10_000,
    lingerMs: 60_000,
    overflow: "drop-oldest",
  });
  publish({ size: 400_000 });
  await turn();
  const before = publisher.health().pendingDetail.bytes;
  fill(1);
  expect(publisher.health().pendingDetail.bytes - before).toBeLessThan(20_000);
});

test("drop-oldest gives up the oldest batch that is not in flight", async () => {
  const { publisher, fill, turn, dropped, sent } = openHarness(() => undefined, {
    maxQueueBytes: MAX,
    overflow: "drop-oldest",
    maxBatchRecords: 10,
    concurrency: 1,
  });
  fill(10, { size: SIZE });
  await turn();
  expect(sent).toHaveLength(1);
  fill(100, { size: SIZE });
  await turn();
  const { droppedBy, pendingDetail } = publisher.health();
  expect(pendingDetail.bytes).toBeLessThanOrEqual(MAX);
  const lost = dropped.map(({ bytes }) => keyOf(bytes));
  expect(lost.length % 10).toBe(0);
  expect(lost).toEqual(Array.from(lost, (_, at) => at + 11));
  expect(droppedBy).toEqual({ "queue-full": lost.length });
});

test("drop-oldest gives up the new record when everything is in flight", async () => {
  const { fill, turn, dropped, publish } = openHarness(() => undefined, {
    maxQueueBytes: MAX,
    overflow: "drop-oldest",
    maxBatchRecords: 20,
    concurrency: 10,
  });
  fill(40, { size: SIZE });
  await turn();
  const key = publish({ size: 40_000 });
  expect(dropped.map(({ bytes }) => keyOf(bytes))).toEqual([key]);
});

test("drop-oldest ends what is being gathered when nothing else is left to drop", async () => {
  const { clock, publisher, fill, dropped } = openHarness(
    () => undefined,
    { maxQueueBytes: MAX, overflow: "drop-oldest", lingerMs: 60_000 },
    { start: () => new Promise(() => undefined) },
  );
  fill(200, { size: SIZE });
  const lost = dropped.length;
  await Promise.resolve();
  const { pending } = publisher.health();
  expect(pending).toBeGreaterThan(0);
  expect(lost + pending).toBeLessThanOrEqual(200);
  await within(clock, publisher.close({ timeoutMs: 0 }));
  // The newest is among the last, not among the first to be dropped.
  expect(dropped.slice(0, 10).map(({ bytes }) => keyOf(bytes))).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
});

test("sends what is being gathered as soon as it fills the memory, not when its linger time is over", async () => {
  const { fill, turn, sent, publisher } = openHarness(undefined, { maxQueueBytes: MAX, lingerMs: 3_600_000 });
  for (let round = 0; round < 20; round += 1) {
    fill(20, { size: SIZE });
    await turn();
  }
  expect(sent.length).toBeGreaterThan(3);
  expect(publisher.health().dropped).toBe(0);
});

test("a record larger than the queue is too-large, and leaves the rest where it was", async () => {
  const { publisher, publish, fill, dropped, sent } = openHarness(undefined, { maxQueueBytes: MAX });
  fill(5);
  const key = publish({ size: MAX });
  fill(5);
  expect(publisher.health().droppedBy).toEqual({ "too-large": 1 });
  expect(dropped.map(({ bytes }) => keyOf(bytes))).toEqual([key]);
  await publisher.flush();
  expect(sent.flatMap(({ keys }) => keys)).toHaveLength(10);
});

test("a record that just fits the queue is taken", async () => {
  const { publisher, publish } = openHarness(undefined, { maxQueueBytes: MAX });
  publish({ size: MAX - 2_000 });
  expect((await publisher.flush()).delivered).toBe(1);
});

test("what onDrop gets is its own, in memory of its own", async () => {
  const data = Buffer.from("mine");
  const { fill, dropped, publisher } = openHarness(
    () => ({ kind: "rejected", reason: "no" }),
    {},
    { encode: () => ({ data }), send: () => ({ kind: "rejected", reason: "no" }) },
  );
  fill(3);
  await publisher.flush();
  expect(dropped.map(({ bytes }) => Buffer.from(bytes).toString())).toEqual(["mine", "mine", "mine"]);
  expect(dropped.every(({ bytes }) => bytes.buffer.byteLength === 4)).toBe(true);
});

test("records older than the age are given up, from memory and from a back-off", async () => {
  const { clock, publisher, fill, dropped } = openHarness(() => ({ kind: "retry" }), { maxAgeMs: 60_000 });
  fill(5);
  await clock.advance(59_000);
  expect(publisher.health().pending).toBe(5);
  await clock.advance(2_000);
  expect(publisher.health()).toMatchObject({ pending: 0, droppedBy: { expired: 5 } });
  expect(dropped).toHaveLength(5);
  expect(clock.pendingTimers).toBeLessThanOrEqual(1);
});

test("a batch in flight does not expire under way", async () => {
  const { clock, publisher, fill, sent } = openHarness(() => undefined, { maxAgeMs: 2_000 });
  fill(5);
  await clock.advance(8_000);
  expect(publisher.health().pending).toBe(5);
  sent[0]?.answer({ kind: "delivered" });
  await clock.advance(0);
  expect(publisher.health()).toMatchObject({ delivered: 5, dropped: 0 });
});

test("a handler of onDrop that throws or rejects costs nothing and is reported", async () => {
  const handlers = [
    () => {
      throw new Error("onDrop");
    },
    () => Promise.reject(new Error("onDrop")),
  ];
  for (const onDrop of handlers) {
    const { publisher, fill, errors, turn } = openHarness(() => ({ kind: "rejected", reason: "no" }), { onDrop });
    fill(3);
    expect(await publisher.flush()).toMatchObject({ dropped: 3, pending: 0 });
    await turn();
    expect(errors.filter(({ code }) => code === "callback-failed")).toHaveLength(3);
  }
});

test("a handler of onError that publishes cannot make a batch be given up twice", async () => {
  const { publisher, fill, clock, dropped } = openHarness(() => undefined, {
    maxQueueBytes: MAX,
    overflow: "drop-oldest",
    maxBatchRecords: 10,
    onError: () => void again(),
  });
  const again = (): number => fill(5, { size: SIZE }).length;
  fill(500, { size: SIZE });
  await clock.advance(2_000);
  const { received, pending, delivered } = publisher.health();
  expect(dropped).toHaveLength(received - pending - delivered);
  expect(new Set(dropped.map(({ bytes }) => keyOf(bytes))).size).toBe(dropped.length);
  // What is dropped while the handler runs cannot be given to the handler.
  expect(await takeWarnings()).toMatchObject([{ code: "record-dropped" }]);
});

test.each([
  ["of one lane", () => undefined],
  ["of a lane each", (round: number) => ({ lane: `lane-${round}` })],
])("the memory counted for many small batches %s is at least what the heap says", async (_, planOf) => {
  setFlagsFromString("--expose-gc");
  const gc = runInNewContext("gc") as () => void;
  // What a collection frees of array buffers is swept beside the program: the next collection waits for it.
  const collect = async (): Promise<void> => {
    gc();
    await new Promise((resolve) => setImmediate(resolve));
    gc();
  };
  const { publisher, fill, clock } = openHarness(() => undefined, { maxBatchRecords: 1, onDrop: undefined });
  fill(100);
  await clock.advance(0);
  await collect();
  const before = process.memoryUsage();
  const counted = publisher.health().pendingDetail.bytes;
  for (let round = 0; round < 10_000; round += 1) fill(1, planOf(round));
  await clock.advance(0);
  await collect();
  const after = process.memoryUsage();
  const real = after.heapUsed + after.arrayBuffers - before.heapUsed - before.arrayBuffers;
  const claimed = publisher.health().pendingDetail.bytes - counted;
  expect(real / claimed).toBeLessThan(1.1);
  expect(real / claimed).toBeGreaterThan(0.2);
});

test("memory falls back to nothing when everything is settled", async () => {
  const outcomes = [
    { kind: "retry" },
    { kind: "split", because: "busy" },
    { kind: "split", because: "too-large" },
    { kind: "delivered" },
  ];
  let at = 0;
  const { publisher, fill, clock } = openHarness(() => outcomes[at++ % outcomes.length]);
  fill(500, { size: 100 });
  expect((await within(clock, publisher.flush({ timeoutMs: 3_600_000 }), 3_600_000)).status).toBe("complete");
  expect(publisher.health().pendingDetail).toEqual({ bytes: 0, oldestAgeMs: null });
});

test("dropped batches that wait for onDrop are no second queue, even when nobody pauses", async () => {
  const handed: number[] = [];
  const { publisher, publish } = openHarness(() => new Promise(() => undefined), {
    overflow: "drop-oldest",
    maxQueueBytes: 65_536,
    maxBatchRecords: 10,
    onDrop: () => handed.push(1),
  });
  for (let count = 0; count < 5_000; count += 1) publish({ size: 500 });
  // All but one batch were handed out while the records came.
  expect(handed.length).toBeGreaterThanOrEqual(publisher.health().dropped - 10);
  expect(publisher.health().dropped).toBeGreaterThan(4_000);
});
