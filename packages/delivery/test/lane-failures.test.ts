import { createReporter } from "@eventmeter/core/publisher";
import { expect, test } from "vitest";
import { LaneFailures } from "../src/retry/lane-failures.ts";

function setUp(): { lanes: LaneFailures; reports: string[] } {
  const reports: string[] = [];
  const reporter = createReporter("example", {
    onError: ({ code }) => reports.push(code),
    onDiagnostic: ({ code, message }) => reports.push(`${code}: ${message}`),
  });
  return { lanes: new LaneFailures(reporter), reports };
}

test("a failing lane waits alone, and is then probed by one batch", () => {
  const { lanes } = setUp();
  lanes.onFailure("a", 0, 1_000, 0, 1);
  expect([lanes.any, lanes.failuresOf("a"), lanes.nextDue(), lanes.isHeld("a")]).toEqual([true, 1, 1_500, false]);
  expect([lanes.admits("a", 1_499), lanes.admits("b", 1_000), lanes.admits("a", 1_500)]).toEqual([false, true, true]);
  lanes.onSend("a", 1_500);
  expect([lanes.admits("a", 1e9), lanes.nextDue()]).toEqual([false, Infinity]);
  lanes.onAnswer("a", 1_500, 1_600);
  expect([lanes.any, lanes.admits("a", 1_600)]).toEqual([false, true]);
});

test("batches that were in flight together count once, and the longest wait counts", () => {
  const { lanes } = setUp();
  lanes.onFailure("a", 10, 20, 0, 0);
  lanes.onFailure("a", 15, 21, 9_000, 0);
  expect([lanes.failuresOf("a"), lanes.nextDue()]).toEqual([1, 9_021]);
  // One that began before the failure says nothing about the time after it.
  lanes.onAnswer("a", 15, 22);
  expect(lanes.any).toBe(true);
});

test("a held lane is probed every 30 s, reported once, and reported again when it resumes", () => {
  const { lanes, reports } = setUp();
  lanes.hold("a", "the key is wrong", 1_000);
  expect([lanes.isHeld("a"), lanes.nextDue()]).toEqual([true, 31_000]);
  lanes.onSend("a", 31_000);
  lanes.hold("a", "the key is wrong", 31_100);
  expect(lanes.nextDue()).toBe(61_100);
  lanes.onSend("a", 61_100);
  lanes.onFailure("a", 61_100, 61_200, 0, 0);
  expect([lanes.isHeld("a"), lanes.nextDue()]).toEqual([true, 91_200]);
  lanes.onSend("a", 91_200);
  lanes.onAnswer("a", 91_200, 91_300);
  expect(lanes.any).toBe(false);
  expect(reports).toEqual(["held", "resumed: example: records flow again after 90 s"]);
});

test("a lane without batches is forgotten once it is due", () => {
  const { lanes } = setUp();
  lanes.onFailure("a", 0, 0, 0, 1);
  lanes.onFailure("b", 0, 0, 0, 1);
  lanes.wakeDue(() => false, 499);
  expect(lanes.any).toBe(true);
  lanes.wakeDue((lane) => lane === "b", 500);
  expect([lanes.failuresOf("a"), lanes.failuresOf("b")]).toEqual([0, 1]);
});

test("the probe of a lane that is made again in another way still is the probe; another attempt changes nothing", () => {
  const { lanes } = setUp();
  lanes.hold("a", "the key is wrong", 1_000);
  lanes.onOtherWay("a", 900, 2_000);
  expect([lanes.isHeld("a"), lanes.nextDue()]).toEqual([true, 31_000]);
  lanes.onSend("a", 31_000);
  lanes.onOtherWay("a", 31_000, 31_100);
  expect([lanes.isHeld("a"), lanes.admits("a", 31_100)]).toEqual([true, true]);
  lanes.onOtherWay("b", 1, 2);
  expect(lanes.failuresOf("b")).toBe(0);
});
