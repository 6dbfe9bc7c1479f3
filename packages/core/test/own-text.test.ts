// Texts in memory of their own: a kept slice does not keep the text that it was taken from.
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import { ownText } from "../src/publisher.ts";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

/** Returns the memory that `count` texts keep alive, in bytes for each, after everything else was collected. */
function retainedBy(count: number, make: (index: number) => string): number {
  const kept: string[] = [];
  collect();
  const before = process.memoryUsage().heapUsed;
  for (let index = 0; index < count; index += 1) kept.push(make(index));
  collect();
  const after = process.memoryUsage().heapUsed;
  expect(kept).toHaveLength(count);
  return (after - before) / count;
}

const sliceOf = (index: number): string => {
  const whole = "\u6f22".repeat(100_000) + String(index);
  return whole.slice(50_000, 50_040);
};

test("a slice of 200 KB keeps 200 KB alive, and its own text does not", () => {
  // The first figure shows that the measurement sees what the second one is about.
  expect(retainedBy(20, sliceOf)).toBeGreaterThan(100_000);
  expect(retainedBy(20, (index) => ownText(sliceOf(index)))).toBeLessThan(5_000);
});

test.each([
  "",
  "a",
  "twelve chars",
  "thirteen char",
  "x".repeat(10_000),
  "\ud83d",
  "a\ud83d\ude00b".repeat(10),
  "\0\u2028",
])("the text itself is the same: %j", (text) => {
  expect(ownText(text)).toBe(text);
});
