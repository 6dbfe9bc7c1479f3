import { expect, test } from "vitest";
import { DELIVERED, openHarness } from "./push-harness.ts";

const HOLD = { kind: "hold", reason: "the key" };

/** Flushes, and returns the status and after how many milliseconds it came. */
async function flushFor(
  { clock, publisher }: Pick<ReturnType<typeof openHarness>, "clock" | "publisher">,
  timeoutMs: number,
): Promise<readonly [string, number]> {
  const begun = clock.monotonic();
  const ended = { at: Number.NaN };
  const flushing = publisher.flush({ timeoutMs }).finally(() => (ended.at = clock.monotonic() - begun));
  await clock.advance(timeoutMs + 1);
  return [(await flushing).status, ended.at];
}

test.each([
  ["every lane is held", HOLD],
  ["the backend asked for a longer wait", { kind: "retry", retryAfterMs: 60_000 }],
  ["what is left waits alone", { kind: "partial", records: ["retry", "retry"], alone: true, retryAfterMs: 60_000 }],
])("a flush ends at once while %s for longer than its time", async (_, outcome) => {
  const harness = openHarness(() => outcome, { maxBatchRecords: 2 });
  harness.fill(2);
  await harness.clock.advance(0);
  harness.fill(2);
  expect(await flushFor(harness, 5_000)).toEqual(["timeout", 0]);
  expect(harness.publisher.health().pending).toBe(4);
});

test("a flush waits for an attempt that begins within its time", async () => {
  const harness = openHarness(({ at }) => (at < 30_000 ? HOLD : DELIVERED));
  harness.fill(2);
  expect(await flushFor(harness, 29_000)).toEqual(["timeout", 0]);
  expect(await flushFor(harness, 2_000)).toEqual(["complete", 999]);
});

test("a flush waits for what is in flight, and ends when that brings nothing", async () => {
  const harness = openHarness(() => undefined);
  harness.fill(1);
  const flushing = flushFor(harness, 5_000);
  harness.clock.setTimeout(() => harness.sent[0]?.answer(HOLD), 700);
  expect(await flushing).toEqual(["timeout", 700]);
});

test("a flush waits for other lanes while one is held", async () => {
  const harness = openHarness(({ batch }) => (batch.lane === "held" ? HOLD : undefined));
  harness.fill(1, { lane: "held" });
  harness.fill(1, { lane: "well" });
  const flushing = flushFor(harness, 5_000);
  harness.clock.setTimeout(() => harness.sent.find(({ batch }) => batch.lane === "well")?.answer(DELIVERED), 700);
  expect(await flushing).toEqual(["timeout", 700]);
  expect(harness.publisher.health().delivered).toBe(1);
});

test("a flush waits for a batch that expires within its time", async () => {
  const harness = openHarness(() => HOLD, { maxAgeMs: 3_000 });
  harness.fill(1);
  expect(await flushFor(harness, 5_000)).toEqual(["complete", 3_000]);
  expect(harness.publisher.health().droppedBy).toEqual({ expired: 1 });
});

test("a close ends at once while the backend is held for longer than its time", async () => {
  const { clock, publisher, fill } = openHarness(() => HOLD);
  fill(3);
  await clock.advance(1_000);
  const closing = publisher.close();
  await clock.advance(0);
  expect(await closing).toMatchObject({ status: "timeout", dropped: 3 });
});
