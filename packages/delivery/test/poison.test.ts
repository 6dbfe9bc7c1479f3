import { expect, test } from "vitest";
import { createSeededRandom } from "@eventmeter/testkit";
import { DELIVERED, FULL, keyOf, openHarness, type Sent, within } from "./push-harness.ts";

const RECORDS = 5_000;
const BATCH = 1_000;
/** A batch of 1,000 is halved ten times at most before a record stands alone. */
const DEEPEST = Math.ceil(Math.log2(BATCH)) + 1;
const COUNTS = FULL ? Array.from({ length: 50 }, (_, index) => index + 1) : [1, 2, 7, 25, 50];

/** Publishes 5,000 records of which some make the backend refuse the whole request. */
async function play(
  poison: ReadonlySet<number>,
): Promise<{ harness: ReturnType<typeof openHarness>; flushes: number }> {
  const refuses = ({ keys }: Sent): boolean => keys.some((key) => poison.has(key));
  const harness = openHarness(
    (sent) => (refuses(sent) ? { kind: "split", because: "rejected", reason: "mapping (400)" } : DELIVERED),
    { maxBatchRecords: BATCH },
  );
  const { publisher, clock, fill } = harness;
  fill(RECORDS);
  let flushes = 0;
  for (; flushes < 2 && publisher.health().pending > 0; flushes += 1)
    await within(clock, publisher.flush({ timeoutMs: 5_000 }), 5_000);
  return { harness, flushes };
}

test.each(COUNTS)("%i poison records among 5,000 are given up once each, and all others arrive once", async (count) => {
  const { integer } = createSeededRandom(count);
  const poison = new Set<number>();
  while (poison.size < count) poison.add(integer(RECORDS) + 1);
  const { harness, flushes } = await play(poison);
  const { publisher, dropped, sent, errors, clock } = harness;
  expect(flushes).toBeLessThanOrEqual(2);
  expect(publisher.health()).toMatchObject({
    delivered: RECORDS - count,
    pending: 0,
    droppedBy: { rejected: count },
    retries: 0,
  });
  expect(dropped.map(({ bytes }) => keyOf(bytes)).toSorted((a, b) => a - b)).toEqual(
    [...poison].toSorted((a, b) => a - b),
  );
  expect(new Set(dropped.map(({ reason }) => reason))).toEqual(new Set(["mapping (400)"]));
  const tries = new Map<number, number>();
  for (const { keys } of sent) for (const key of keys) tries.set(key, (tries.get(key) ?? 0) + 1);
  for (const key of poison) {
    expect(tries.get(key)).toBeLessThanOrEqual(DEEPEST);
    expect(sent.filter(({ keys }) => keys.length === 1 && keys[0] === key)).toHaveLength(1);
  }
  // The request that took a record is the last one with it.
  const taken = sent.filter(({ keys }) => !keys.some((key) => poison.has(key))).flatMap(({ keys }) => keys);
  expect(taken).toHaveLength(RECORDS - count);
  expect(new Set(taken).size).toBe(RECORDS - count);
  expect(sent.length).toBeLessThanOrEqual(RECORDS / BATCH + 2 * count * DEEPEST);
  // Nothing is retried without end.
  const requests = sent.length;
  await clock.advance(3_600_000);
  expect(sent).toHaveLength(requests);
  // A flood of poison is no flood of errors.
  expect(errors.every(({ code }) => code === "record-dropped")).toBe(true);
  expect(errors.reduce((sum, error) => sum + (error.dropped ?? 0), 0)).toBe(count);
  expect(errors.length).toBeLessThanOrEqual(2 + DEEPEST);
});

test("poison at both ends and in the middle costs its neighbours nothing", async () => {
  const { harness } = await play(new Set([1, BATCH, BATCH + 1, 2_500, RECORDS]));
  expect(harness.publisher.health()).toMatchObject({ delivered: RECORDS - 5, droppedBy: { rejected: 5 } });
});

test("a batch of nothing but poison is given up record by record", async () => {
  const { harness } = await play(new Set(Array.from({ length: BATCH }, (_, index) => index + 1)));
  expect(harness.publisher.health()).toMatchObject({ delivered: RECORDS - BATCH, droppedBy: { rejected: BATCH } });
  expect(harness.dropped).toHaveLength(BATCH);
});

test("poison that the backend names by record is given up at once, without a further request", async () => {
  const { publisher, fill, sent, dropped } = openHarness(
    ({ keys }) => ({
      kind: "partial",
      records: keys.map((key) => (key % 100 === 0 ? { rejected: "mapping" } : "delivered")),
    }),
    { maxBatchRecords: BATCH },
  );
  fill(RECORDS);
  await publisher.flush();
  expect(sent).toHaveLength(RECORDS / BATCH);
  expect(publisher.health()).toMatchObject({ delivered: 4_950, droppedBy: { rejected: 50 }, pending: 0 });
  expect(dropped).toHaveLength(50);
});

test("poison is bisected although the backend is away in between", async () => {
  let requests = 0;
  const { publisher, clock, fill, dropped } = openHarness(
    ({ keys }) => {
      requests += 1;
      if (requests % 3 === 0) return { kind: "retry" };
      return keys.includes(77) ? { kind: "split", because: "rejected" } : DELIVERED;
    },
    { maxBatchRecords: 100 },
  );
  fill(200);
  await within(clock, publisher.flush({ timeoutMs: 600_000 }), 600_000);
  expect(publisher.health()).toMatchObject({ delivered: 199, droppedBy: { rejected: 1 }, pending: 0 });
  expect(dropped.map(({ bytes }) => keyOf(bytes))).toEqual([77]);
});
