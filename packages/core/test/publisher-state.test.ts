// The state of a publisher, and how long a failure degrades it.
import { describe, expect, test } from "vitest";
import { createVirtualClock } from "../../testkit/src/virtual-clock.ts";
import { createPublisher, type EventMetrics } from "../src/index.ts";
import { isRecentFailure, PUBLISHER_STATES, publisherState } from "../src/publisher.ts";

const event: EventMetrics = { eventName: "job", taskId: 1, startTime: 1.7e12, endTime: 1.7e12 + 5 };
const quiet = { closed: false, received: 1, failing: false, lastErrorTime: undefined, now: 1e12 };

test("lists the states from best to worst", () => {
  expect(PUBLISHER_STATES).toEqual(["closed", "idle", "ok", "degraded", "failing"]);
});

describe("the state", () => {
  test.each([
    ["idle", "before the first record", { ...quiet, received: 0 }],
    ["ok", "after the first record", quiet],
    ["degraded", "until a minute after a failure", { ...quiet, lastErrorTime: 1e12 - 59_999 }],
    ["ok", "a minute after a failure", { ...quiet, lastErrorTime: 1e12 - 60_000 }],
    ["degraded", "after a failure before the first record", { ...quiet, received: 0, lastErrorTime: 1e12 }],
    ["failing", "while the backend rejects requests", { ...quiet, failing: true, lastErrorTime: 1e12 }],
    ["failing", "while the backend rejects requests, however long ago it failed", { ...quiet, failing: true }],
    ["closed", "after the close, whatever failed", { ...quiet, closed: true, failing: true, lastErrorTime: 1e12 }],
  ])("is %s %s", (state, _when, given) => {
    expect(publisherState(given)).toBe(state);
  });
});

test("a failure is recent for a minute, also where the clock was set back", () => {
  expect([0, 59_999, 60_000].map((age) => isRecentFailure(1e12, 1e12 + age))).toEqual([true, true, false]);
  expect(isRecentFailure(1e12, 1e12 - 5_000)).toBe(true);
});

test("a publisher is degraded for a minute after a record that failed", async () => {
  const clock = createVirtualClock();
  let failures = 1;
  const publisher = createPublisher(
    {
      name: "example",
      event() {
        if (failures-- > 0) throw new Error("disk full");
      },
    },
    { clock, onError: () => undefined },
  );
  const states: string[] = [publisher.health().state];
  publisher.publishEventMetrics(event);
  states.push(publisher.health().state);
  publisher.publishEventMetrics(event);
  states.push(publisher.health().state);
  await clock.advance(59_999);
  states.push(publisher.health().state);
  await clock.advance(1);
  expect([...states, publisher.health().state]).toEqual(["idle", "failing", "degraded", "degraded", "ok"]);
});
