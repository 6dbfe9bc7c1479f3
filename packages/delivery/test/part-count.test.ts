import { expect, test } from "vitest";
import { PartCount } from "../src/series/part-count.ts";

test("keeps as many parts as the last snapshot needed, 1,024 at most", () => {
  const parts = new PartCount();
  expect(parts.current).toBe(1);
  parts.onTaken(5);
  parts.onTaken(3);
  expect(parts.current).toBe(5);
  parts.onTaken(5_000);
  expect(parts.current).toBe(1_024);
});

test("a busy backend gets up to 8 parts, and half as many after each snapshot that it takes", () => {
  const parts = new PartCount();
  const busy = [1, 2, 3, 4].map(() => {
    parts.onBusy();
    return parts.current;
  });
  expect(busy).toEqual([2, 4, 8, 8]);
  const taken = [1, 2, 3, 4].map(() => {
    parts.onTaken(parts.current);
    return parts.current;
  });
  expect(taken).toEqual([4, 2, 1, 1]);
});
