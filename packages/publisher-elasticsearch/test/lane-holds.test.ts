import { createVirtualClock } from "@eventmeter/testkit";
import { describe, expect, test } from "vitest";
import { LaneHolds } from "../src/bulk/lane-holds.ts";

const context = {
  signal: new AbortController().signal,
  attempt: 1,
  report: { error: () => undefined, diagnostic: () => undefined },
};
const client = {
  transport: { request: () => Promise.reject(new Error("not reached")) },
  close: () => Promise.resolve(),
};

/** Holds of a publisher that installs no template, and what they decide about a 403. */
function openHolds() {
  const clock = createVirtualClock();
  const holds = new LaneHolds(clock, undefined, 1_000);
  const shouldHold = (lane: string): Promise<boolean> =>
    holds.shouldHold({
      lane,
      rejection: { status: 403, type: "security_exception" },
      sentAt: clock.monotonic(),
      client,
      context,
    });
  return { clock, holds, shouldHold };
}

describe("a lane that rejects documents", () => {
  test("is held if it has stored none in the last 5 s", async () => {
    const { clock, holds, shouldHold } = openHolds();
    expect(await shouldHold("lane")).toBe(true);
    holds.recordStored("lane");
    await clock.advance(4_999);
    expect(await shouldHold("lane")).toBe(false);
    await clock.advance(1);
    expect(await shouldHold("lane")).toBe(true);
  });

  test("is told apart from up to 1,024 lanes, and then forgotten, so that old daily indices hold no memory", async () => {
    const { holds, shouldHold } = openHolds();
    for (let index = 0; index < 1_024; index += 1) holds.recordStored(`lane-${index}`);
    expect(await shouldHold("lane-0")).toBe(false);
    expect(await shouldHold("lane-1023")).toBe(false);
    holds.recordStored("lane-1024");
    expect(await shouldHold("lane-0")).toBe(true);
  });
});
