// Back-off between attempts: its bounds, its jitter and a wait that the backend asked for.
import { afterEach, describe, expect, test, vi } from "vitest";
import { createVirtualClock } from "../../testkit/src/virtual-clock.ts";
import { backOffMs, createReporter, createStarter, MAX_RETRY_AFTER_MS } from "../src/publisher.ts";

afterEach(() => vi.restoreAllMocks());

describe("without a wait that the backend asked for", () => {
  test.each([
    [1, 500],
    [2, 1_000],
    [3, 2_000],
    [4, 4_000],
    [5, 8_000],
    [6, 16_000],
    [7, 30_000],
    [8, 30_000],
    [1_000_000, 30_000],
  ])("after %i failures in a row it is at least 0.1 s and at most %i ms", (failures, ceilingMs) => {
    expect([0, 0.5, 1].map((share) => backOffMs(failures, 0, share))).toEqual([100, ceilingMs / 2, ceilingMs]);
  });

  test("a small share of the ceiling is raised to 0.1 s", () => {
    expect([0.199, 0.201].map((share) => backOffMs(1, 0, share))).toEqual([100, 100.5]);
  });
});

describe("with a wait that the backend asked for", () => {
  test.each([
    [1, 1_000, 1_100, 1_500],
    [1, 10_000, 10_100, 15_000],
    [1, 60_000, 60_100, 90_000],
    [1, 300_000, 300_100, 330_000],
    [6, 1_000, 1_100, 17_000],
    [7, 10_000, 10_100, 40_000],
  ])("after %i failures and a wait of %i ms it is at least %i ms and at most %i ms", (failures, asked, least, most) => {
    expect([0, 1].map((share) => backOffMs(failures, asked, share))).toEqual([least, most]);
  });

  test("it is at most 10 minutes, and exactly that where the backend asks for 10 minutes or more", () => {
    expect(MAX_RETRY_AFTER_MS).toBe(600_000);
    expect([0, 1].map((share) => backOffMs(1, 590_000, share))).toEqual([590_100, 600_000]);
    expect([600_000, 86_400_000].map((asked) => backOffMs(1, asked, 0))).toEqual([600_000, 600_000]);
  });
});

test.each([0, 10_000])("it is drawn anew each time, over the whole range (asked for %i ms)", (asked) => {
  const draws = Array.from({ length: 1_000 }, () => backOffMs(4, asked) - asked);
  expect(new Set(draws).size).toBeGreaterThan(900);
  const ceiling = asked === 0 ? 4_000 : 5_000;
  expect(Math.min(...draws)).toBeLessThan(ceiling / 10);
  expect(Math.max(...draws)).toBeGreaterThan(0.9 * ceiling);
});

test("a start that failed waits a share of the ceiling that is drawn for each attempt", async () => {
  const shares = [0, 0.5, 1];
  vi.spyOn(Math, "random").mockImplementation(() => shares.shift() ?? 0);
  const clock = createVirtualClock();
  const attempts: number[] = [];
  const starter = createStarter({
    publisher: "example",
    clock,
    reporter: createReporter("example", { clock, onError: () => undefined }),
    start() {
      attempts.push(clock.monotonic());
      throw new Error("not yet");
    },
  });
  starter.startInBackground();
  await clock.advance(100 + 500 + 2_000 - 1);
  expect(attempts).toEqual([0, 100, 600]);
  await clock.advance(1);
  expect(attempts).toEqual([0, 100, 600, 2_600]);
  await starter.stop();
});
