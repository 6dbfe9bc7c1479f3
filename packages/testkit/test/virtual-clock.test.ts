import { MAX_DELAY_MS } from "@eventmeter/core/publisher";
import { createVirtualClock } from "@eventmeter/testkit";
import { expect, test } from "vitest";

test("stands still until it is advanced", async () => {
  const clock = createVirtualClock(1_700_000_000_000);
  expect([clock.now(), clock.monotonic()]).toEqual([1_700_000_000_000, 0]);
  await clock.advance(250);
  expect([clock.now(), clock.monotonic()]).toEqual([1_700_000_000_250, 250]);
});

test("runs what falls due in order, each at its own time", async () => {
  const clock = createVirtualClock();
  const seen: string[] = [];
  for (const [name, ms] of [
    ["c", 30],
    ["a", 10],
    ["b", 10],
    ["late", 31],
  ] as const) {
    clock.setTimeout(() => seen.push(`${name} at ${clock.monotonic()}`), ms);
  }
  await clock.advance(30);
  expect(seen).toEqual(["a at 10", "b at 10", "c at 30"]);
  expect(clock.pendingTimers).toBe(1);
});

test("lets promises settle between timers, and runs what they set", async () => {
  const clock = createVirtualClock();
  const seen: number[] = [];
  const wait = (ms: number): Promise<void> => new Promise((resolve) => clock.setTimeout(resolve, ms));
  const work = (async () => {
    for (let round = 0; round < 3; round += 1) {
      await wait(10);
      await Promise.resolve();
      seen.push(clock.monotonic());
    }
  })();
  await clock.advance(100);
  await work;
  expect(seen).toEqual([10, 20, 30]);
});

test("does not run a timer that was cancelled, even by one that falls due with it", async () => {
  const clock = createVirtualClock();
  const seen: string[] = [];
  clock.setTimeout(() => second.cancel(), 10);
  const second = clock.setTimeout(() => seen.push("second"), 10);
  clock.setTimeout(() => seen.push("third"), 5).cancel();
  await clock.advance(1_000);
  expect(seen).toEqual([]);
  expect(clock.pendingTimers).toBe(0);
});

test("never runs a timer at once, and takes a delay that is none for zero", async () => {
  const clock = createVirtualClock();
  const seen: string[] = [];
  clock.setTimeout(() => seen.push("run"), Number.NaN);
  clock.setTimeout(() => seen.push("run"), -5);
  expect(seen).toEqual([]);
  await clock.advance(0);
  expect(seen).toEqual(["run", "run"]);
});

test("refuses to go back", async () => {
  await expect(createVirtualClock().advance(-1)).rejects.toThrow(RangeError);
});

test("runs a timer that work under way sets before time passes", async () => {
  const clock = createVirtualClock();
  const seen: number[] = [];
  void (async () => {
    for (let hop = 0; hop < 10; hop += 1) await Promise.resolve();
    clock.setTimeout(() => seen.push(clock.monotonic()), 5);
  })();
  await clock.advance(5);
  expect(seen).toEqual([5]);
});

test("has the longest delay that a timer can have, as the system's clock has", async () => {
  const clock = createVirtualClock();
  const seen: number[] = [];
  for (const ms of [MAX_DELAY_MS + 1, Infinity]) clock.setTimeout(() => seen.push(clock.monotonic()), ms);
  await clock.advance(MAX_DELAY_MS - 1);
  expect(seen).toEqual([]);
  await clock.advance(1);
  expect(seen).toEqual([MAX_DELAY_MS, MAX_DELAY_MS]);
});

test("is a plain object, of which a test can replace a method", async () => {
  const clock = createVirtualClock(1_700_000_000_000);
  const copy = { ...clock, now: () => 5 };
  const seen: number[] = [];
  copy.setTimeout(() => seen.push(copy.monotonic()), 10);
  await copy.advance(10);
  expect([copy.now(), clock.now(), ...seen]).toEqual([5, 1_700_000_000_010, 10]);
});
