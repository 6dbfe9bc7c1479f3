import { expect, test } from "vitest";
import { DELIVERED, openHarness, type PushHarness } from "./push-harness.ts";

const HOLD = { kind: "hold", reason: "the key was refused (401)" };
const MINUTES = 60_000;

/** When each request of a lane was made. */
function timesOf({ sent }: PushHarness, lane = ""): number[] {
  return sent.filter(({ batch }) => batch.lane === lane).map(({ at }) => at);
}

/** The shortest time between two requests that follow each other. */
function closest(times: readonly number[]): number {
  return Math.min(...times.slice(1).map((time, index) => time - (times[index] ?? 0)));
}

test("a refused key costs no record in 10 minutes: one probe every 30 s, and one warning", async () => {
  const harness = openHarness(() => HOLD, { maxAgeMs: 60 * MINUTES, maxBatchRecords: 10, concurrency: 1 });
  const { clock, publisher, fill, errors } = harness;
  for (let second = 0; second < 600; second += 1) {
    fill(5);
    if (second % 60 === 0) void publisher.flush();
    await clock.advance(1_000);
  }
  expect(publisher.health()).toMatchObject({
    received: 3_000,
    pending: 3_000,
    delivered: 0,
    dropped: 0,
    state: "failing",
  });
  const times = timesOf(harness);
  expect(closest(times)).toBeGreaterThanOrEqual(30_000);
  // Held, but not forgotten.
  expect(times.length).toBeGreaterThanOrEqual(19);
  expect(errors.map(({ code, retryable, message }) => [code, retryable, message])).toEqual([
    ["held", true, "harness: records are kept back: the key was refused (401)"],
  ]);
});

test("batches that were on their way together are one warning, and one probe follows", async () => {
  const harness = openHarness(() => HOLD, { maxBatchRecords: 1, concurrency: 4 });
  const { clock, fill, errors, sent } = harness;
  fill(20);
  await clock.advance(29_999);
  expect(sent).toHaveLength(4);
  await clock.advance(1);
  expect(sent).toHaveLength(5);
  await clock.advance(29_999);
  expect(sent).toHaveLength(5);
  expect(errors).toHaveLength(1);
});

test("a new key: the next probe is delivered, a diagnostic says so, and all that waited follows", async () => {
  let key = "old";
  const harness = openHarness(() => (key === "new" ? DELIVERED : HOLD), { maxBatchRecords: 1, concurrency: 2 });
  const { clock, publisher, fill, sent, diagnostics, errors } = harness;
  fill(50);
  await clock.advance(100_000);
  const probes = sent.length;
  key = "new";
  // No request before the probe is due, whoever asks.
  void publisher.flush();
  await clock.advance(19_999);
  expect(sent).toHaveLength(probes);
  await clock.advance(1);
  expect(publisher.health()).toMatchObject({ delivered: 50, pending: 0, dropped: 0, state: "ok" });
  expect(diagnostics).toEqual(["resumed"]);
  expect(errors).toHaveLength(1);
});

test("a key that is refused again is a new warning", async () => {
  const answers = [HOLD, DELIVERED, HOLD, DELIVERED];
  const { clock, fill, errors, diagnostics } = openHarness(() => answers.shift() ?? DELIVERED, {
    maxBatchRecords: 1,
    concurrency: 1,
  });
  fill(1);
  await clock.advance(30_000);
  fill(1);
  await clock.advance(30_000);
  expect(errors.map(({ code }) => code)).toEqual(["held", "held"]);
  expect(diagnostics).toEqual(["resumed", "resumed"]);
});

test("other lanes go on, and their success does not open the one that is held", async () => {
  const harness = openHarness(({ batch }) => (batch.lane === "closed" ? HOLD : DELIVERED), {
    maxBatchRecords: 5,
    maxAgeMs: 60 * MINUTES,
    concurrency: 1,
  });
  const { clock, publisher, fill, diagnostics } = harness;
  for (let second = 0; second < 600; second += 1) {
    fill(5, { lane: "closed" });
    fill(5, { lane: "open" });
    await clock.advance(1_000);
  }
  expect(publisher.health()).toMatchObject({ delivered: 3_000, pending: 3_000, dropped: 0 });
  expect(closest(timesOf(harness, "closed"))).toBeGreaterThanOrEqual(30_000);
  expect(timesOf(harness, "open")).toHaveLength(600);
  expect(diagnostics).toEqual([]);
});

test("each lane has a probe of its own", async () => {
  const held = new Set(["a", "b", "c"]);
  const harness = openHarness(({ batch }) => (held.has(batch.lane) ? HOLD : DELIVERED), { maxBatchRecords: 1 });
  const { clock, publisher, fill, errors } = harness;
  for (const lane of held) fill(3, { lane });
  await clock.advance(10 * MINUTES);
  for (const lane of held) expect(closest(timesOf(harness, lane).slice(3))).toBeGreaterThanOrEqual(30_000);
  expect(errors).toHaveLength(3);
  held.delete("b");
  await clock.advance(30_000);
  expect(publisher.health()).toMatchObject({ delivered: 3, pending: 6 });
});

test("a backend that is away does not make a held lane forget", async () => {
  let away = false;
  const harness = openHarness(() => (away ? { kind: "retry" } : HOLD), { maxBatchRecords: 1, maxAgeMs: 60 * MINUTES });
  const { clock, publisher, fill, errors } = harness;
  fill(10);
  for (let minute = 0; minute < 10; minute += 1) {
    away = minute % 2 === 1;
    await clock.advance(MINUTES);
  }
  expect(closest(timesOf(harness).slice(4))).toBeGreaterThanOrEqual(30_000);
  expect(errors.filter(({ code }) => code === "held")).toHaveLength(1);
  expect(publisher.health()).toMatchObject({ pending: 10, dropped: 0 });
});

test("records grow old meanwhile", async () => {
  const { clock, publisher, fill, dropped } = openHarness(() => HOLD, { maxAgeMs: 5 * MINUTES, maxBatchRecords: 10 });
  for (let minute = 0; minute < 10; minute += 1) {
    fill(10);
    await clock.advance(MINUTES);
  }
  expect(publisher.health()).toMatchObject({ received: 100, pending: 40, droppedBy: { expired: 60 } });
  expect(dropped).toHaveLength(60);
});

test("the byte bound holds meanwhile", async () => {
  const { clock, publisher, fill } = openHarness(() => HOLD, { maxQueueBytes: 65_536, maxBatchRecords: 10 });
  for (let second = 0; second < 100; second += 1) {
    fill(10, { size: 500 });
    await clock.advance(1_000);
    expect(publisher.health().pendingDetail.bytes).toBeLessThanOrEqual(65_536);
  }
  const { pending, droppedBy } = publisher.health();
  expect(pending).toBeGreaterThan(50);
  expect(droppedBy).toEqual({ "queue-full": 1_000 - pending });
});

test.each(["drop-newest", "drop-oldest"] as const)(
  "a held lane leaves room for its neighbours (%s)",
  async (overflow) => {
    const harness = openHarness(({ batch }) => (batch.lane === "held" ? HOLD : DELIVERED), {
      maxQueueBytes: 65_536,
      maxBatchRecords: 10,
      overflow,
    });
    const { clock, publisher, fill } = harness;
    fill(10, { lane: "well", size: 500 });
    for (let second = 0; second < 100; second += 1) {
      fill(10, { lane: "held", size: 500 });
      await clock.advance(1_000);
      fill(10, { lane: "well", size: 500 });
      await clock.advance(1_000);
    }
    expect(publisher.health().delivered).toBe(1_010);
    expect(publisher.health().pending).toBeGreaterThan(20);
  },
);

test("a lane that is held and alone has the whole queue", async () => {
  const { clock, publisher, fill } = openHarness(() => HOLD, { maxQueueBytes: 65_536, maxBatchRecords: 10 });
  for (let second = 0; second < 50; second += 1) {
    fill(10, { size: 500 });
    await clock.advance(1_000);
  }
  expect(publisher.health().pendingDetail.bytes).toBeGreaterThan(50_000);
});

test("a reply that holds the lane after it took some of the records keeps the rest", async () => {
  let closed = true;
  const harness = openHarness(
    ({ keys }) =>
      closed
        ? {
            kind: "partial",
            records: keys.map((key) => (key % 2 === 0 ? "delivered" : "retry")),
            hold: "the index is closed",
          }
        : DELIVERED,
    { maxBatchRecords: 10, concurrency: 1 },
  );
  const { clock, publisher, fill, errors, sent } = harness;
  fill(10);
  await clock.advance(0);
  expect(publisher.health()).toMatchObject({ delivered: 5, pending: 5 });
  closed = false;
  await clock.advance(29_999);
  expect(sent).toHaveLength(1);
  await clock.advance(1);
  expect(sent[1]?.keys).toEqual([1, 3, 5, 7, 9]);
  expect(publisher.health()).toMatchObject({ delivered: 10, pending: 0 });
  expect(errors.map(({ code }) => code)).toEqual(["held"]);
});

test("a close counts what was held as unconfirmed", async () => {
  const { clock, publisher, fill } = openHarness(() => HOLD, { maxBatchRecords: 1 });
  fill(10);
  await clock.advance(0);
  const closing = publisher.close({ timeoutMs: 500 });
  await clock.advance(500);
  expect(await closing).toMatchObject({ status: "timeout", dropped: 10, pending: 0 });
  expect(publisher.health().droppedBy).toEqual({ unconfirmed: 10 });
  expect(clock.pendingTimers).toBe(0);
});
