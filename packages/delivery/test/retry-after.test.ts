import { createVirtualClock } from "@eventmeter/testkit";
import { afterEach, expect, test, vi } from "vitest";
import { MAX_RETRY_AFTER_MS } from "@eventmeter/core/publisher";
import { createPushPublisher, type Outcome, retryAfterMs } from "../src/index.ts";
import { seedJitter } from "./seed-jitter.ts";
import { DELIVERED, FULL, openHarness } from "./push-harness.ts";

afterEach(() => void vi.restoreAllMocks());

const NOW = Date.UTC(2026, 0, 1);
const MAX_TIMER_MS = 2 ** 31 - 1;
const SEEDS = FULL ? 50 : 5;

/** A header, and the wait that it asks for in milliseconds; undefined where it says nothing usable. */
const HEADERS: readonly (readonly [string | null | undefined, number | undefined])[] = [
  [undefined, undefined],
  [null, undefined],
  ["", undefined],
  ["0", 0],
  ["1", 1_000],
  [" 1 ", 1_000],
  ["1.5", 1_500],
  ["-5", undefined],
  ["120", 120_000],
  ["2147484", MAX_RETRY_AFTER_MS],
  ["10000000000", MAX_RETRY_AFTER_MS],
  ["9".repeat(400), MAX_RETRY_AFTER_MS],
  ["1e10", undefined],
  ["NaN", undefined],
  ["Infinity", undefined],
  ["0x10", undefined],
  ["Thu, 01 Jan 2026 00:00:30 GMT", 30_000],
  ["Thursday, 01-Jan-26 00:00:30 GMT", 30_000],
  ["Thu Jan  1 00:00:30 2026", 30_000],
  ["Wed, 31 Dec 2025 23:00:00 GMT", 0],
  ["Fri, 31 Dec 9999 23:59:59 GMT", MAX_RETRY_AFTER_MS],
  ["Thu, 99 Foo 2026 00:00:30 GMT", undefined],
  ["soon", undefined],
  ["maintenance until 2099", undefined],
  // Two headers as `fetch` joins them: nobody comes back before the later of the two.
  ["1, 2", 2_000],
  ["120,1", 120_000],
  ["1, x", undefined],
];

test.each(HEADERS)("reads %j as %j", (header, expected) => {
  expect(retryAfterMs(header, NOW)).toBe(expected);
});

test("reads a date without a zone as UTC, wherever the program runs", () => {
  const zone = process.env["TZ"];
  try {
    process.env["TZ"] = "America/New_York";
    expect(retryAfterMs("Thu Jan  1 00:00:30 2026", NOW)).toBe(30_000);
  } finally {
    if (zone === undefined) delete process.env["TZ"];
    else process.env["TZ"] = zone;
  }
});

/** Lets a backend ask nine times for a wait, and gives the times between its ten requests. */
async function waitsAfter(outcome: (now: number) => Outcome, seed: number): Promise<number[]> {
  seedJitter(seed);
  const harness = openHarness(({ attempt }) => (attempt < 10 ? outcome(harness.clock.now()) : DELIVERED), {
    maxAgeMs: MAX_TIMER_MS,
    maxBatchRecords: 1,
  });
  const { clock, publisher, fill, sent } = harness;
  fill(1);
  void publisher.flush({ timeoutMs: MAX_TIMER_MS });
  for (let minute = 0; minute < 120 && publisher.health().delivered === 0; minute += 1) await clock.advance(60_000);
  expect(publisher.health()).toMatchObject({ delivered: 1, pending: 0, dropped: 0 });
  expect(sent).toHaveLength(10);
  return sent.slice(1).map(({ at }, index) => at - (sent[index]?.at ?? 0));
}

const ceilingOf = (failures: number, floor: number): number =>
  Math.min(30_000, Math.max(500 * 2 ** (failures - 1), floor / 2));

test.each(HEADERS)("a publisher waits for %j: never less, never in haste, never over 10 minutes", async (header) => {
  for (let seed = 1; seed <= SEEDS; seed += 1) {
    // A date that has been reached asks for nothing more.
    const floors: number[] = [];
    const waits = await waitsAfter((now) => {
      const wait = retryAfterMs(header, now);
      floors.push(wait ?? 0);
      return { kind: "retry", retryAfterMs: wait };
    }, seed);
    waits.forEach((wait, index) => {
      const floor = floors[index] ?? 0;
      const least = Math.max(floor, 100);
      const most = floor + ceilingOf(index + 1, floor);
      expect(wait, `seed ${seed}`).toBeGreaterThanOrEqual(least - 1e-3);
      expect(wait, `seed ${seed}`).toBeLessThanOrEqual(Math.min(most, MAX_RETRY_AFTER_MS) + 1e-3);
    });
  }
});

test.each([undefined, 0, 1, 1.5, -5, 120_000, 2_147_484_000, 1e13, Number.NaN, Infinity, -Infinity, "7", {}])(
  "clamps what send gives as retryAfterMs: %j",
  async (given) => {
    const retryAfter = given as number | undefined;
    const floor = typeof given === "number" && given > 0 ? Math.min(given, MAX_RETRY_AFTER_MS) : 0;
    for (const wait of await waitsAfter(() => ({ kind: "retry", retryAfterMs: retryAfter }), 1)) {
      expect(wait).toBeGreaterThanOrEqual(Math.max(floor, 100) - 1e-3);
      expect(wait).toBeLessThanOrEqual(MAX_RETRY_AFTER_MS + 1e-3);
    }
  },
);

test("nothing goes early: no other batch, no other lane, no flush", async () => {
  const { clock, publisher, fill, sent } = openHarness(
    ({ attempt }) =>
      attempt === 1 && clock.monotonic() < 60_000 ? { kind: "retry", retryAfterMs: 120_000 } : DELIVERED,
    { maxBatchRecords: 1, concurrency: 1 },
  );
  fill(2);
  await clock.advance(0);
  expect(sent).toHaveLength(1);
  for (let second = 0; second < 119; second += 1) {
    fill(1, { lane: String(second % 3) });
    void publisher.flush();
    await clock.advance(1_000);
  }
  expect(sent).toHaveLength(1);
  await clock.advance(31_000);
  expect(publisher.health()).toMatchObject({ delivered: 121, pending: 0 });
});

test("the part of a batch that was not taken waits as well", async () => {
  const { clock, fill, sent, publisher } = openHarness(
    ({ keys }) =>
      keys.length > 1 ? { kind: "partial", records: ["delivered", "retry"], retryAfterMs: 45_000 } : DELIVERED,
    { maxBatchRecords: 2 },
  );
  fill(2);
  await clock.advance(44_999);
  expect(sent).toHaveLength(1);
  await clock.advance(23_000);
  expect(sent.map(({ keys }) => keys)).toEqual([[1, 2], [2]]);
  expect(publisher.health().delivered).toBe(2);
});

test("sets no timer beyond what a timer can wait", async () => {
  const virtual = createVirtualClock();
  const delays: number[] = [];
  const { publisher, fill, clock } = openHarness(() => ({ kind: "retry", retryAfterMs: 1e13 }), {
    maxAgeMs: MAX_TIMER_MS,
    clock: {
      now: virtual.now,
      monotonic: virtual.monotonic,
      setTimeout(run, ms) {
        delays.push(ms);
        return virtual.setTimeout(run, ms);
      },
    },
  });
  fill(1);
  void publisher.flush({ timeoutMs: Infinity });
  await clock.advance(0);
  await virtual.advance(24 * 3_600_000);
  expect(delays.length).toBeGreaterThan(100);
  expect(Math.max(...delays)).toBeLessThanOrEqual(MAX_TIMER_MS);
  expect(delays.every((ms) => Number.isFinite(ms) && ms >= 0)).toBe(true);
});

test("on the system's clock a wait of years neither fires at once nor warns", async () => {
  const warnings: Error[] = [];
  const onWarning = (warning: Error): void => void warnings.push(warning);
  process.on("warning", onWarning);
  try {
    const first = Promise.withResolvers<void>();
    let requests = 0;
    const publisher = createPushPublisher(
      {
        name: "years",
        encode: () => ({ data: "x" }),
        send(): Outcome {
          requests += 1;
          first.resolve();
          return { kind: "retry", retryAfterMs: 1e13 };
        },
      },
      { maxBatchRecords: 1, onError: () => undefined },
    );
    publisher.publishEventMetrics({ eventName: "job", taskId: 1, startTime: Date.now() });
    await first.promise;
    await publisher.flush({ timeoutMs: 150 });
    expect(requests).toBe(1);
    await publisher.close({ timeoutMs: 0 });
    expect(warnings).toEqual([]);
  } finally {
    process.off("warning", onWarning);
  }
});
