// Random choices that a seed repeats.
import { createSeededRandom } from "@eventmeter/testkit";
import { describe, expect, test } from "vitest";

test("a seed gives the same choices in every version, so that the seed of a failure stays useful", () => {
  const { integer } = createSeededRandom(20_261_122);
  expect(Array.from({ length: 6 }, () => integer(1_000_000))).toEqual([
    836_994, 105_305, 3_169, 890_176, 552_783, 608_913,
  ]);
});

test("another seed gives other choices", () => {
  const drawn = [0, 1, 2, -1, 2 ** 32 - 1].map((seed) => createSeededRandom(seed).integer(2 ** 31));
  // Only the last 32 bits of a seed count.
  expect(drawn[3]).toBe(drawn[4]);
  expect(new Set(drawn).size).toBe(4);
});

test("integers are whole, from 0 to below the limit, each about as often", () => {
  const { integer } = createSeededRandom(1);
  const counts = new Map<number, number>();
  for (let draw = 0; draw < 10_000; draw += 1) {
    const drawn = integer(10);
    counts.set(drawn, (counts.get(drawn) ?? 0) + 1);
  }
  expect([...counts.keys()].toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  for (const count of counts.values()) expect(Math.abs(count - 1_000)).toBeLessThan(150);
  expect(integer(1)).toBe(0);
});

describe("once", () => {
  test("is always true for 1, and true once in many times on average", () => {
    const { once } = createSeededRandom(1);
    expect(Array.from({ length: 100 }, () => once(1))).not.toContain(false);
    const hits = Array.from({ length: 10_000 }, () => once(20)).filter(Boolean).length;
    expect(Math.abs(hits - 500)).toBeLessThan(100);
  });
});

test("pick returns each element of a list, the first and the last too", () => {
  const { pick } = createSeededRandom(1);
  expect(new Set(Array.from({ length: 100 }, () => pick(["a", "b", "c"])))).toEqual(new Set(["a", "b", "c"]));
});
