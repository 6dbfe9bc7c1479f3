import { expect, test } from "vitest";
import { createSeededRandom } from "@eventmeter/testkit";
import { DELIVERED, FULL, keyOf, openHarness, type PushHarness, within } from "./push-harness.ts";

const RECORD_BYTES = 20;
const MAX_BATCH_BYTES = 2_000_000;
const COMMIT_SIZES = [1, 2, 3, 4, 5, 7, 8, 9, 16, 17, 100, 255, 1_000, 1_025, 4_096, 10_000];
const LONG_SIZES = Array.from({ length: 300 }, (_, index) => 1 + Math.floor((index / 299) ** 3 * 9_999));
const SIZES = FULL ? [...COMMIT_SIZES, ...LONG_SIZES] : COMMIT_SIZES;

/** A backend that rejects requests over `limitBytes`; all batches end by count or flush. */
function openLimited(limitBytes: number, maxBatchRecords: number, lane?: string): PushHarness {
  return openHarness(
    ({ batch }) =>
      batch.bytes > limitBytes && (lane === undefined || batch.lane === lane)
        ? { kind: "split", because: "too-large", reason: "413" }
        : DELIVERED,
    { maxBatchRecords, maxBatchBytes: MAX_BATCH_BYTES, maxQueueBytes: 2 ** 28 },
  );
}

const refusedBy =
  (limitBytes: number) =>
  ({ batch }: PushHarness["sent"][number]): boolean =>
    batch.bytes > limitBytes;

test.each(SIZES)("one giant among %i records costs 2 log n + 2 requests and no neighbour", async (count) => {
  const limitBytes = 300_000;
  const { integer } = createSeededRandom(count);
  for (const at of new Set([0, count - 1, Math.floor(count / 2), integer(count), integer(count)])) {
    const { publisher, fill, publish, sent, dropped, clock } = openLimited(limitBytes, 10_000);
    fill(at, { size: RECORD_BYTES });
    const giant = publish({ size: limitBytes + 1 });
    fill(count - at - 1, { size: RECORD_BYTES });
    await within(clock, publisher.flush(), 5_000);
    expect(publisher.health()).toMatchObject({
      delivered: count - 1,
      pending: 0,
      droppedBy: { "too-large": 1 },
      retries: 0,
    });
    expect(dropped.map(({ bytes, reason }) => [keyOf(bytes), reason])).toEqual([[giant, "413"]]);
    expect(sent.length).toBeLessThanOrEqual(2 * Math.ceil(Math.log2(count)) + 2);
    expect(sent.filter(({ keys }) => keys.length === 1 && keys[0] === giant)).toHaveLength(1);
    const delivered = sent.filter((one) => !refusedBy(limitBytes)(one)).flatMap(({ keys }) => keys);
    expect(new Set(delivered).size).toBe(count - 1);
    expect(delivered).toHaveLength(count - 1);
  }
});

test("learns the size from the first refusals: what comes later is cut before it is sent", async () => {
  const limitBytes = 7_000;
  const { publisher, fill, sent, clock } = openLimited(limitBytes, 1_000);
  fill(1_000, { size: RECORD_BYTES });
  await within(clock, publisher.flush());
  const first = sent.filter(refusedBy(limitBytes)).length;
  expect(first).toBeGreaterThan(0);
  expect(first).toBeLessThanOrEqual(3);
  for (let round = 0; round < 20; round += 1) {
    fill(1_000, { size: RECORD_BYTES + round });
    await within(clock, publisher.flush());
  }
  // A larger size is tried once in a hundred requests, by as many as are in flight.
  expect(sent.filter(refusedBy(limitBytes)).length).toBeLessThanOrEqual(first + 4);
  expect(publisher.health()).toMatchObject({ delivered: 21_000, pending: 0, dropped: 0 });
  // No smaller than it has to be.
  const whole = sent.slice(first).filter(({ batch }) => batch.bytes > limitBytes / 3);
  expect(whole.length / sent.slice(first).length).toBeGreaterThan(0.7);
});

test("finds sizes next to each other without meeting the limit again and again", async () => {
  // Just below what is sealed: a size that shrinks by a record at a time would meet it at every batch.
  for (const share of [0.99, 0.75, 0.51, 0.34, 0.1, 0.01]) {
    const limitBytes = Math.floor(1_000 * RECORD_BYTES * share);
    const { publisher, fill, sent, clock } = openLimited(limitBytes, 1_000);
    for (let round = 0; round < 10; round += 1) {
      fill(1_000, { size: RECORD_BYTES });
      await within(clock, publisher.flush());
    }
    // Each halving, and each of two tries of a larger size, at most as often as batches are in flight.
    const halvings = Math.ceil(Math.log2(1 / share));
    expect(sent.filter(refusedBy(limitBytes)).length).toBeLessThanOrEqual(4 * (halvings + 2));
    expect(publisher.health()).toMatchObject({ delivered: 10_000, dropped: 0 });
  }
});

test("batches that were sealed before the size was known are cut before they are sent", async () => {
  const limitBytes = 700;
  const { publisher, fill, sent, clock } = openLimited(limitBytes, 50);
  // 40 batches of 1,000 bytes, four of them under way when the first is refused.
  fill(2_000, { size: RECORD_BYTES });
  await within(clock, publisher.flush());
  expect(sent.filter(refusedBy(limitBytes)).length).toBeLessThanOrEqual(4);
  expect(publisher.health()).toMatchObject({ delivered: 2_000, dropped: 0, pending: 0 });
});

test("each lane learns for itself", async () => {
  const limitBytes = 5_000;
  const { publisher, fill, sent, clock } = openLimited(limitBytes, 1_000, "small");
  for (let round = 0; round < 3; round += 1) {
    fill(1_000, { lane: "small", size: RECORD_BYTES });
    fill(1_000, { lane: "large", size: RECORD_BYTES });
    await within(clock, publisher.flush());
  }
  const sizesOf = (lane: string): number[] =>
    sent.filter(({ batch }) => batch.lane === lane).map(({ batch }) => batch.count);
  expect(sizesOf("large")).toEqual([1_000, 1_000, 1_000]);
  expect(sizesOf("small").length).toBeGreaterThan(12);
  expect(publisher.health()).toMatchObject({ delivered: 6_000, dropped: 0 });
});

test("a giant alone says nothing of the size of batches", async () => {
  const limitBytes = 10_000;
  const { publisher, fill, publish, sent, clock } = openLimited(limitBytes, 100);
  publish({ size: limitBytes + 1 });
  await within(clock, publisher.flush());
  fill(400, { size: RECORD_BYTES });
  await within(clock, publisher.flush());
  expect(sent.slice(1).map(({ batch }) => batch.count)).toEqual([100, 100, 100, 100]);
  expect(publisher.health()).toMatchObject({ delivered: 400, droppedBy: { "too-large": 1 } });
});

test("counts what surrounds the records: a cut batch fits with its prefix, separators and suffix", async () => {
  const limitBytes = 1_000;
  const harness = openHarness(
    ({ batch }) => (batch.body().length > limitBytes ? { kind: "split", because: "too-large" } : DELIVERED),
    { maxBatchRecords: 100 },
    { wrap: { prefix: "[".repeat(30), separator: "-----", suffix: "]" } },
  );
  const { publisher, fill, sent, clock } = harness;
  fill(1_000, { size: RECORD_BYTES });
  await within(clock, publisher.flush());
  const refused = sent.filter(refusedBy(limitBytes)).length;
  fill(1_000, { size: RECORD_BYTES });
  await within(clock, publisher.flush());
  expect(sent.filter(refusedBy(limitBytes))).toHaveLength(refused);
  expect(sent.every(({ batch }) => batch.body().length === batch.bytes)).toBe(true);
  expect(publisher.health()).toMatchObject({ delivered: 2_000, dropped: 0 });
});

test("when everything is too large every record is given up once, and it ends", async () => {
  const { publisher, fill, sent, dropped, clock } = openLimited(0, 64);
  fill(640, { size: RECORD_BYTES });
  await within(clock, publisher.flush());
  expect(publisher.health()).toMatchObject({ delivered: 0, pending: 0, droppedBy: { "too-large": 640 } });
  expect(new Set(dropped.map(({ bytes }) => keyOf(bytes))).size).toBe(640);
  expect(sent.length).toBeLessThanOrEqual(2 * 640);
});

test("a size that was learned in a bad minute is forgotten again", async () => {
  let limitBytes = 10;
  const { publisher, fill, sent, clock } = openHarness(
    ({ batch }) =>
      batch.bytes > limitBytes && batch.count > 1 ? { kind: "split", because: "too-large" } : { kind: "delivered" },
    { maxBatchRecords: 64, lingerMs: 0 },
  );
  fill(64);
  await within(clock, publisher.flush({ timeoutMs: 600_000 }));
  limitBytes = Infinity;
  const before = sent.length;
  for (let round = 0; round < 100; round += 1) {
    fill(64);
    await within(clock, publisher.flush({ timeoutMs: 600_000 }));
  }
  // Single records at first, then two, four, …: about a hundred requests for each doubling.
  expect(sent.length - before).toBeLessThan(1_200);
  expect(sent.at(-1)?.batch.count).toBe(64);
});
