import { afterEach, expect, test, vi } from "vitest";
import { backOffMs } from "@eventmeter/core/publisher";
import { DELIVERED, openHarness, within } from "./push-harness.ts";

afterEach(() => void vi.restoreAllMocks());

const RETRY = { kind: "retry" };

test("waits a random time below a ceiling that doubles from 0.5 s to 30 s", () => {
  vi.spyOn(Math, "random").mockReturnValue(0.999_999);
  const waits = [1, 2, 3, 4, 5, 6, 7, 8, 100, 10_000].map((failures) => Math.round(backOffMs(failures)));
  expect(waits).toEqual([500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000, 30_000]);
  vi.spyOn(Math, "random").mockReturnValue(0);
  expect(backOffMs(5)).toBe(100);
});

test("waits what the backend asked for first, and never over 10 minutes", () => {
  expect(backOffMs(1, 5_000, 0)).toBe(5_100);
  expect(backOffMs(7, 5_000, 1)).toBe(35_000);
  expect(backOffMs(7, 600_000, 1)).toBe(600_000);
});

test("what throws, rejects, hangs or says nothing readable is a retry and is reported", async () => {
  const failures: ((sent: { answer(outcome: unknown): void; fail(cause: unknown): void }) => unknown)[] = [
    () => {
      throw new Error("thrown");
    },
    (sent) => sent.fail(new Error("rejected")),
    () => undefined,
    (sent) => sent.answer(undefined),
    () => null,
    () => "delivered",
    () => ({ kind: "success" }),
    () => ({ kind: "split", because: "tired" }),
    () => ({ kind: "partial", records: "delivered" }),
    () => ({ kind: "partial", records: ["delivered", "delivered"] }),
    () => ({ kind: "partial", records: ["delivered", "delivered", "delivered", "delivered"] }),
    () => ({ kind: "partial", records: ["delivered", "delivered", "lost"] }),
    () => ({ kind: "partial", records: ["delivered", "delivered", { rejected: 1 }] }),
    () => ({ kind: "partial" }),
    () => new Proxy({}, { get: () => Reflect.get({}, Symbol.iterator) as unknown }),
    () =>
      new Proxy(
        {},
        {
          get() {
            throw new Error("read");
          },
        },
      ),
  ];
  const harness = openHarness((sent) =>
    sent.attempt > failures.length ? DELIVERED : failures[sent.attempt - 1]?.(sent),
  );
  const { clock, publisher, fill, sent, errors } = harness;
  fill(3);
  const report = await within(clock, publisher.flush({ timeoutMs: 3_600_000 }), 3_600_000);
  expect(report).toMatchObject({ status: "complete", delivered: 3, dropped: 0 });
  expect(sent).toHaveLength(failures.length + 1);
  expect(errors.map(({ code, retryable }) => [code, retryable])).toEqual(failures.map(() => ["send-failed", true]));
  expect(errors[0]?.message).toBe("harness: the request failed; 3 records kept for a retry");
  expect(errors[0]?.cause).toMatchObject({ message: "thrown" });
  expect(errors[2]?.message).toContain("no answer within 10000 ms");
  expect(publisher.health().retries).toBe(failures.length);
});

test("aborts an attempt that takes too long, and does not hear what it says later", async () => {
  const { clock, publisher, fill, sent } = openHarness(
    ({ attempt }) => (attempt === 1 ? undefined : { kind: "rejected", reason: "no" }),
    { sendTimeoutMs: 3_000 },
  );
  fill(2);
  void publisher.flush();
  await clock.advance(2_999);
  expect(sent[0]?.signal.aborted).toBe(false);
  await clock.advance(1);
  expect(sent[0]?.signal.aborted).toBe(true);
  expect(sent[0]?.signal.reason).toMatchObject({ name: "TimeoutError" });
  sent[0]?.answer(DELIVERED);
  await clock.advance(1_000);
  expect(publisher.health()).toMatchObject({ delivered: 0, dropped: 2, pending: 0 });
});

test("one batch in flight fewer frees one place: never more than the concurrency", async () => {
  const { clock, fill, sent, publisher } = openHarness(() => undefined, { concurrency: 3, maxBatchRecords: 1 });
  fill(10);
  await clock.advance(0);
  expect(sent).toHaveLength(3);
  sent[1]?.answer(DELIVERED);
  await clock.advance(0);
  expect(sent).toHaveLength(4);
  expect(publisher.health().delivered).toBe(1);
});

test("after a failure everything waits, then one attempt looks, then all go", async () => {
  vi.spyOn(Math, "random").mockReturnValue(0.5);
  const { clock, fill, fresh } = openHarness(() => undefined, { concurrency: 4, maxBatchRecords: 1 });
  fill(10);
  await clock.advance(0);
  for (const sent of fresh()) sent.answer(RETRY);
  await clock.advance(249);
  expect(fresh()).toEqual([]);
  await clock.advance(1);
  const [probe, ...more] = fresh();
  expect(more).toEqual([]);
  await clock.advance(5_000);
  expect(fresh()).toEqual([]);
  probe?.answer(DELIVERED);
  await clock.advance(0);
  expect(fresh()).toHaveLength(4);
});

test("attempts that fail together count as one failure", async () => {
  vi.spyOn(Math, "random").mockReturnValue(0.999_999);
  const { clock, fill, fresh } = openHarness(() => RETRY, { concurrency: 4, maxBatchRecords: 1 });
  fill(10);
  await clock.advance(0);
  expect(fresh()).toHaveLength(4);
  await clock.advance(499);
  expect(fresh()).toHaveLength(0);
  await clock.advance(1);
  expect(fresh()).toHaveLength(1);
});

test("an answer to what was under way before a failure does not open the way again", async () => {
  vi.spyOn(Math, "random").mockReturnValue(0.01);
  const { clock, fill, fresh } = openHarness(() => undefined, { concurrency: 4, maxBatchRecords: 1 });
  fill(10);
  await clock.advance(0);
  const [first, second, third, fourth] = fresh();
  first?.answer({ kind: "retry", retryAfterMs: 60_000 });
  await clock.advance(0);
  second?.answer(DELIVERED);
  third?.answer({ kind: "partial", records: ["delivered"] });
  fourth?.answer({ kind: "rejected", reason: "no" });
  await clock.advance(60_000);
  expect(fresh()).toEqual([]);
  await clock.advance(600);
  expect(fresh()).toHaveLength(1);
});

test("a batch that always fails does not keep others back", async () => {
  const { clock, fill, publisher } = openHarness(({ keys }) => (keys.includes(1) ? RETRY : DELIVERED), {
    maxBatchRecords: 1,
    concurrency: 1,
  });
  fill(50);
  await clock.advance(60_000);
  expect(publisher.health()).toMatchObject({ delivered: 49, pending: 1, dropped: 0 });
});

test("a lane that always fails does not starve another", async () => {
  const { clock, fill, publisher, sent } = openHarness(({ batch }) => (batch.lane === "down" ? RETRY : DELIVERED), {
    maxBatchRecords: 1,
  });
  fill(50, { lane: "down" });
  for (let second = 0; second < 60; second += 1) {
    fill(5, { lane: "up" });
    await clock.advance(1_000);
  }
  await clock.advance(30_000);
  expect(publisher.health()).toMatchObject({ delivered: 300, pending: 50 });
  expect(sent.filter(({ batch }) => batch.lane === "down").length).toBeLessThan(600);
});

test("what is left of a batch waits alone, with the next attempt and a new id", async () => {
  vi.spyOn(Math, "random").mockReturnValue(0.5);
  const { clock, fill, fresh, publisher } = openHarness(() => undefined, { concurrency: 1, maxBatchRecords: 4 });
  fill(8);
  await clock.advance(0);
  const [first] = fresh();
  first?.answer({ kind: "partial", records: ["delivered", "retry", { rejected: "bad" }, "retry"] });
  await clock.advance(0);
  expect(publisher.health()).toMatchObject({ delivered: 1, pending: 6, droppedBy: { rejected: 1 }, state: "degraded" });
  // The other batch goes at once.
  const [second] = fresh();
  expect([second?.keys, second?.attempt]).toEqual([[5, 6, 7, 8], 1]);
  second?.answer(DELIVERED);
  await clock.advance(249);
  expect(fresh()).toEqual([]);
  await clock.advance(1);
  const [rest] = fresh();
  expect([rest?.keys, rest?.attempt]).toEqual([[2, 4], 2]);
  expect(rest?.batch.id).not.toBe(first?.batch.id);
  rest?.answer({ kind: "partial", records: ["retry", "delivered"] });
  await clock.advance(499);
  expect(fresh()).toEqual([]);
  await clock.advance(1);
  expect(fresh().map(({ keys, attempt }) => [keys, attempt])).toEqual([[[2], 3]]);
});

test.each([
  ["takes none of the records", { kind: "partial", records: ["retry", "retry"] }],
  ["says how long to wait", { kind: "partial", records: ["delivered", "retry"], retryAfterMs: 1 }],
  ["is busy", { kind: "split", because: "busy" }],
])("a backend that %s is left in peace as a whole", async (_, outcome) => {
  const { clock, fill, fresh, publisher } = openHarness(() => undefined, { concurrency: 1, maxBatchRecords: 2 });
  fill(6);
  await clock.advance(0);
  fresh()[0]?.answer(outcome);
  await clock.advance(99);
  expect(fresh()).toEqual([]);
  expect(publisher.health().state).toBe("failing");
  await clock.advance(500);
  expect(fresh()).toHaveLength(1);
});

test("a busy backend gets halves, later each time, and in the end single records again and again", async () => {
  vi.spyOn(Math, "random").mockReturnValue(0.999_999);
  const { clock, fill, sent, publisher } = openHarness(() => ({ kind: "split", because: "busy" }), { concurrency: 1 });
  fill(4);
  void publisher.flush();
  await clock.advance(60_000);
  expect(publisher.health()).toMatchObject({ pending: 4, dropped: 0 });
  expect(sent[0]?.keys).toHaveLength(4);
  expect(Math.max(...sent.slice(1).map(({ keys }) => keys.length))).toBe(2);
  const gaps = sent.slice(1).map(({ at }, index) => at - (sent[index]?.at ?? 0));
  expect(gaps.slice(0, 6).map(Math.round)).toEqual([500, 1_000, 2_000, 4_000, 8_000, 16_000]);
});

test("a batch that splits for a rejection bisects down to the record, without a pause", async () => {
  const { clock, fill, sent, publisher, dropped } = openHarness(
    ({ keys }) => (keys.includes(700) ? { kind: "split", because: "rejected", reason: "mapping" } : DELIVERED),
    { maxBatchRecords: 1_000 },
  );
  fill(1_000);
  await clock.advance(0);
  expect(publisher.health()).toMatchObject({ delivered: 999, droppedBy: { rejected: 1 }, pending: 0, retries: 0 });
  expect(sent.length).toBeLessThanOrEqual(2 * Math.ceil(Math.log2(1_000)) + 1);
  expect(dropped.map(({ reason, bytes }) => [reason, Buffer.from(bytes).toString()])).toEqual([
    ["mapping", "<700>".padEnd(20, ".")],
  ]);
});

test("reasons that are left out have words of their own", async () => {
  const outcomes = [
    { kind: "rejected" },
    { kind: "split", because: "rejected" },
    { kind: "split", because: "too-large" },
  ];
  const { publisher, publish, dropped } = openHarness(({ keys }) => outcomes[(keys[0] ?? 1) - 1], {
    maxBatchRecords: 1,
  });
  for (const _ of outcomes) publish();
  await publisher.flush();
  expect(dropped.map(({ reason }) => reason)).toEqual([
    "the backend rejected it",
    "a single record was rejected",
    "a single record was too-large",
  ]);
  expect(publisher.health().droppedBy).toEqual({ rejected: 2, "too-large": 1 });
});

test("what is sent again at once waits for nothing, is reported, and says nothing about the backend", async () => {
  const { publisher, clock, fill, sent, errors } = openHarness(
    ({ attempt }) => (attempt < 4 ? { kind: "retry", atOnce: true, reason: "the host is down" } : DELIVERED),
    { maxBatchRecords: 1, concurrency: 1 },
  );
  fill(2);
  await clock.advance(0);
  expect(sent.map(({ at }) => at - (sent[0]?.at ?? 0))).toEqual(Array.from({ length: 8 }, () => 0));
  expect(errors.map(({ code, message }) => [code, message])).toEqual(
    Array.from({ length: 6 }, () => ["send-failed", "harness: the host is down; 1 record kept for a retry"]),
  );
  expect(publisher.health()).toMatchObject({ delivered: 2, pending: 0, retries: 6 });
});

test("only a retry at once that says so with a true is one", async () => {
  const { clock, fill, sent } = openHarness(() => ({ kind: "retry", atOnce: "yes" }), { maxBatchRecords: 1 });
  fill(1);
  await clock.advance(50);
  expect(sent).toHaveLength(1);
});
