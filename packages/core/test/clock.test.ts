// The clock of the system, and one that a program gave and that may be broken.
import process from "node:process";
import { setTimeout as wait } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { createVirtualClock } from "../../testkit/src/virtual-clock.ts";
import { MAX_DELAY_MS, resolveClock, systemClock } from "../src/publisher.ts";

const timersThatHold = (): number => process.getActiveResourcesInfo().filter((kind) => kind === "Timeout").length;

describe("a timer of the system's clock", () => {
  test("does not hold the process open", () => {
    const before = timersThatHold();
    const timer = systemClock.setTimeout(() => undefined, 60_000);
    expect(timersThatHold()).toBe(before);
    timer.cancel();
  });

  test("that takes longer than timers can does not run at once", async () => {
    const ran: string[] = [];
    const timers = [MAX_DELAY_MS + 1, 2 ** 53, Infinity].map((ms) =>
      systemClock.setTimeout(() => ran.push(String(ms)), ms),
    );
    systemClock.setTimeout(() => ran.push("short"), -5);
    await wait(30);
    for (const timer of timers) timer.cancel();
    expect(ran).toEqual(["short"]);
  });

  test("that was cancelled does not run", async () => {
    const ran: string[] = [];
    systemClock.setTimeout(() => ran.push("cancelled"), 1).cancel();
    await wait(20);
    expect(ran).toEqual([]);
  });
});

test("without a clock it is the system's, and a good one is used for everything", async () => {
  expect([resolveClock(undefined), resolveClock(systemClock)]).toEqual([systemClock, systemClock]);
  const given = createVirtualClock(1.7e12);
  const clock = resolveClock(given);
  const ran: string[] = [];
  clock.setTimeout(() => ran.push("run"), 10);
  clock.setTimeout(() => ran.push("cancelled"), 10).cancel();
  await given.advance(10);
  expect([clock.now(), clock.monotonic(), ...ran]).toEqual([1.7e12 + 10, 10, "run"]);
});

test.each([
  [
    "throws",
    () => {
      throw new Error("no timers");
    },
  ],
  ["returns nothing", () => undefined],
  ["returns a number", () => 5],
  ["returns an object that cannot be cancelled", () => ({ cancel: "no" })],
])("runs a timer on the system's clock where a given one %s", async (_what, setTimeout) => {
  const clock = resolveClock({ now: () => 0, monotonic: () => 0, setTimeout: setTimeout as never });
  const ran: string[] = [];
  clock.setTimeout(() => ran.push("run"), 1);
  clock.setTimeout(() => ran.push("cancelled"), 1).cancel();
  await expect.poll(() => ran).toEqual(["run"]);
  await wait(10);
  expect(ran).toEqual(["run"]);
});

test("survives a timer whose cancel throws", () => {
  const cancel = (): never => {
    throw new Error("no");
  };
  const clock = resolveClock({ now: () => 0, monotonic: () => 0, setTimeout: () => ({ cancel }) });
  expect(() => clock.setTimeout(() => undefined, 1).cancel()).not.toThrow();
});
