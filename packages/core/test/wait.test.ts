import { afterEach, expect, test, vi } from "vitest";
import { createVirtualClock } from "../../testkit/src/virtual-clock.ts";
import { createPublisher, filtered } from "../src/index.ts";
import { readHealth, resolveClock, systemClock, waitWithin } from "../src/publisher.ts";

const fail = (): never => {
  throw new Error("from outside");
};
const never = new Promise<void>(() => undefined);
afterEach(() => vi.restoreAllMocks());

test.each([
  [
    "a signal that cannot be listened to",
    { signal: { aborted: false, addEventListener: fail, removeEventListener: fail } },
  ],
  ["a signal whose state throws", { signal: Object.defineProperty({ ...signal() }, "aborted", { get: fail }) }],
  ["a signal that is none", { signal: "stop" }],
  ["options that throw", Object.defineProperty({}, "timeoutMs", { get: fail })],
  ["a time that is none", { timeoutMs: Number.NaN }],
  ["options that are none", 5],
])("waits the default time with %s", async (_, options) => {
  const clock = createVirtualClock();
  const waited = waitWithin(never, options as never, clock);
  await clock.advance(5_000);
  expect(await waited).toBe("timeout");
  expect(clock.pendingTimers).toBe(0);
});

function signal(): object {
  return { addEventListener: () => undefined, removeEventListener: () => undefined };
}

test("ends at once with a signal that aborts while it is listened to", async () => {
  const eager = { aborted: false, addEventListener: (_: string, run: () => void) => run(), removeEventListener: fail };
  expect(await waitWithin(never, { signal: eager }, createVirtualClock())).toBe("aborted");
});

test.each(["complete", "timeout", "aborted"])(
  "listens to its signal no more when it has ended as %s",
  async (ending) => {
    const clock = createVirtualClock();
    const listeners = new Set<() => void>();
    const stoppable = {
      aborted: false,
      addEventListener: (_: string, run: () => void) => void listeners.add(run),
      removeEventListener: (_: string, run: () => void) => void listeners.delete(run),
    };
    const work = Promise.withResolvers<void>();
    const waited = waitWithin(work.promise, { signal: stoppable, timeoutMs: 100 }, clock);
    expect(listeners.size).toBe(1);
    if (ending === "complete") work.resolve();
    if (ending === "aborted") for (const abort of listeners) abort();
    await clock.advance(ending === "timeout" ? 100 : 0);
    expect([await waited, listeners.size, clock.pendingTimers]).toEqual([ending, 0, 0]);
  },
);

test("takes the longest time there is for a longer one, also behind a wrapper", async () => {
  const clock = createVirtualClock();
  const inner = createPublisher({ name: "inner", event: () => never }, { clock });
  const wrapper = filtered(inner, () => true, { clock });
  wrapper.publishEventMetrics({ eventName: "job", taskId: 1, startTime: clock.now() });
  const flushed = wrapper.flush({ timeoutMs: Infinity });
  await clock.advance(86_400_000);
  expect(await Promise.race([flushed, Promise.resolve("still waiting")])).toBe("still waiting");
});

test("gives something inside a grace, after the time and after an abort", async () => {
  const clock = createVirtualClock();
  const controller = new AbortController();
  const ends: string[] = [];
  void waitWithin(never, { timeoutMs: 100 }, clock, 50).then((status) => ends.push(status));
  void waitWithin(never, { signal: controller.signal }, clock, 50).then((status) => ends.push(status));
  controller.abort();
  await clock.advance(49);
  expect(ends).toEqual([]);
  await clock.advance(101);
  expect(ends).toEqual(["aborted", "timeout"]);
});

test("survives a clock that throws, gives no numbers or no timers", async () => {
  const faulty = { now: fail, monotonic: () => Number.NaN, setTimeout: () => undefined as never };
  const clock = resolveClock(faulty);
  expect(Math.abs(clock.now() - systemClock.now())).toBeLessThan(1_000);
  expect(clock.monotonic()).toBeGreaterThan(0);
  const publisher = createPublisher({ name: "example", event: () => undefined }, { clock: faulty });
  publisher.publishEventMetrics({ eventName: "job", taskId: 1, startTime: Date.now() });
  expect(await publisher.close()).toMatchObject({ status: "complete", delivered: 1 });
});

test("reads the health of anybody's publisher, or none", () => {
  const good = createPublisher({ name: "good" }).health();
  expect(readHealth({ name: "good", health: () => good })).toEqual(good);
  let reads = 0;
  const once = Object.defineProperty({ ...good }, "state", {
    enumerable: true,
    get: () => (reads++ === 0 ? "ok" : fail()),
  });
  expect(readHealth({ name: "good", health: () => once })?.state).toBe("ok");
  for (const health of [
    fail,
    async () => fail(),
    () => null,
    () => ({ ...good, state: "wat" }),
    () => ({ ...good, pending: "1" }),
  ])
    expect(readHealth({ name: "good", health: health as never })).toBeUndefined();
});
