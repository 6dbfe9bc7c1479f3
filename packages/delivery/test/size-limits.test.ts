import { expect, test } from "vitest";
import { SizeLimits } from "../src/retry/size-limits.ts";

const MAX_BYTES = 1_000;

function take(limits: SizeLimits, times: number, bytes: number): void {
  for (let time = 0; time < times; time += 1) limits.onTaken("a", bytes);
}

test("half of what was rejected is the new limit, never a larger one", () => {
  const limits = new SizeLimits(MAX_BYTES);
  limits.onTooLarge("a", 800);
  expect([limits.of("a"), limits.of("b")]).toEqual([400, MAX_BYTES]);
  limits.onTooLarge("a", 900);
  expect(limits.of("a")).toBe(400);
  limits.onTooLarge("a", 1);
  expect(limits.of("a")).toBe(1);
});

test("doubles after 100 requests near the limit, and is forgotten at the original size", () => {
  const limits = new SizeLimits(MAX_BYTES);
  limits.onTooLarge("a", 500);
  take(limits, 1_000, 100);
  take(limits, 99, 125);
  expect(limits.of("a")).toBe(250);
  take(limits, 1, 125);
  expect(limits.of("a")).toBe(500);
  take(limits, 100, 500);
  expect(limits.of("a")).toBe(MAX_BYTES);
});

test("each try that fails makes the next one four times as rare, up to 100,000 requests", () => {
  const limits = new SizeLimits(MAX_BYTES);
  limits.onTooLarge("a", 500);
  for (const tries of [100, 400, 1_600, 6_400, 25_600, 100_000, 100_000]) {
    take(limits, tries - 1, 250);
    expect(limits.of("a")).toBe(250);
    take(limits, 1, 250);
    expect(limits.of("a")).toBe(500);
    limits.onTooLarge("a", 500);
  }
});

test("remembers 1,024 lanes: the one that was learned first is forgotten", () => {
  const limits = new SizeLimits(MAX_BYTES);
  for (let lane = 0; lane <= 1_024; lane += 1) limits.onTooLarge(String(lane), 200);
  expect([limits.of("0"), limits.of("1"), limits.of("1024")]).toEqual([MAX_BYTES, 100, 100]);
  limits.onTooLarge("1", 100);
  expect([limits.of("1"), limits.of("2")]).toEqual([50, 100]);
});
