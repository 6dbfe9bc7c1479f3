import { getEventListeners } from "node:events";
import { withTimeLimit } from "@eventmeter/delivery";
import { createVirtualClock } from "@eventmeter/testkit";
import { expect, test } from "vitest";

const untilAborted = (signal: AbortSignal): Promise<string> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve("aborted");
    signal.addEventListener("abort", () => resolve("aborted"));
  });

test("aborts the work when its time is over, not before", async () => {
  const clock = createVirtualClock();
  let end: string | undefined;
  const work = withTimeLimit({ clock, timeoutMs: 100, signal: undefined }, untilAborted).then((value) => (end = value));
  await clock.advance(99);
  expect(end).toBeUndefined();
  await clock.advance(1);
  expect(await work).toBe("aborted");
});

test("aborts the work with the caller's signal, also with one that is aborted already", async () => {
  const clock = createVirtualClock();
  const controller = new AbortController();
  const limit = { clock, timeoutMs: 100, signal: controller.signal };
  const work = withTimeLimit(limit, untilAborted);
  controller.abort();
  expect(await work).toBe("aborted");
  expect(await withTimeLimit(limit, untilAborted)).toBe("aborted");
});

test.each([
  ["resolves", (): Promise<number> => Promise.resolve(1)],
  ["rejects", (): Promise<number> => Promise.reject(new Error("no"))],
])("leaves neither a timer nor a listener behind when the work %s", async (_, settled) => {
  const clock = createVirtualClock();
  const { signal } = new AbortController();
  const [expected] = await Promise.allSettled([settled()]);
  const [actual] = await Promise.allSettled([withTimeLimit({ clock, timeoutMs: 100, signal }, settled)]);
  expect(actual).toEqual(expected);
  expect(clock.pendingTimers).toBe(0);
  expect(getEventListeners(signal, "abort")).toEqual([]);
});

test("aborts with a TimeoutError when its time is over, and otherwise with the caller's reason", async () => {
  const clock = createVirtualClock();
  const reasonOf = (signal: AbortSignal): Promise<unknown> =>
    new Promise((resolve) => signal.addEventListener("abort", () => resolve(signal.reason)));
  const late = withTimeLimit({ clock, timeoutMs: 100, signal: undefined }, reasonOf);
  await clock.advance(100);
  expect(await late).toMatchObject({ name: "TimeoutError" });
  const controller = new AbortController();
  const stopped = withTimeLimit({ clock, timeoutMs: 100, signal: controller.signal }, reasonOf);
  controller.abort("enough");
  expect(await stopped).toBe("enough");
});
