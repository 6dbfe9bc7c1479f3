import { createVirtualClock } from "@eventmeter/testkit";
import { expect, test } from "vitest";
import { DueTimer } from "../src/push/due-timer.ts";

test("runs at the time that was set last, once, and holds one timer", async () => {
  const clock = createVirtualClock();
  const runs: number[] = [];
  const timer = new DueTimer(clock, () => runs.push(clock.monotonic()));
  const begun = clock.monotonic();
  timer.set(begun + 100, begun);
  timer.set(begun + 50, begun);
  timer.set(begun + 70.2, begun);
  expect(clock.pendingTimers).toBe(1);
  await clock.advance(200);
  expect(runs).toEqual([begun + 71]);
  timer.set(begun + 70.2, begun + 200);
  await clock.advance(0);
  expect(runs).toHaveLength(2);
  timer.set(begun + 500, begun + 200);
  timer.set(Infinity, begun + 200);
  expect(clock.pendingTimers).toBe(0);
  timer.set(begun + 500, begun + 200);
  timer.cancel();
  expect(clock.pendingTimers).toBe(0);
});
