import { expect, test } from "vitest";
import { CircuitBreaker } from "../src/retry/circuit-breaker.ts";

test("closed, it admits everything; open, nothing; half-open, one probe", () => {
  const breaker = new CircuitBreaker();
  expect(breaker.admits(0, 100)).toBe(true);
  breaker.onFailure(breaker.round, 1_000, 0, 1);
  expect([breaker.failures, breaker.probeAt]).toEqual([1, 1_500]);
  expect([breaker.admits(1_499, 0), breaker.admits(1_500, 0), breaker.admits(1_500, 1)]).toEqual([false, true, false]);
  breaker.onAnswer(breaker.round);
  expect([breaker.failures, breaker.probeAt, breaker.admits(1_500, 100)]).toEqual([0, 0, true]);
});

test("attempts of one round fail together, and the longest wait counts", () => {
  const breaker = new CircuitBreaker();
  const [one, two] = [breaker.round, breaker.round];
  breaker.onFailure(one, 0, 0, 0);
  breaker.onFailure(two, 0, 5_000, 0);
  expect([breaker.failures, breaker.probeAt]).toEqual([1, 5_000]);
  breaker.onFailure(two, 0, 0, 0);
  expect([breaker.failures, breaker.probeAt]).toEqual([1, 5_000]);
});

test("an answer to an attempt that began before the failure does not close it", () => {
  const breaker = new CircuitBreaker();
  const [early, failed] = [breaker.round, breaker.round];
  breaker.onFailure(failed, 0, 5_000, 0);
  const { failures, probeAt } = breaker;
  breaker.onAnswer(early);
  expect([breaker.failures, breaker.probeAt]).toEqual([failures, probeAt]);
});

test("failures in a row wait longer each time", () => {
  const breaker = new CircuitBreaker();
  const waits = [1, 2, 3].map(() => {
    breaker.onFailure(breaker.round, 0, 0, 1);
    return breaker.probeAt;
  });
  expect(waits).toEqual([500, 1_000, 2_000]);
});
