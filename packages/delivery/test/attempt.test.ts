import { createReporter } from "@eventmeter/core/publisher";
import { createVirtualClock } from "@eventmeter/testkit";
import { expect, test, vi } from "vitest";
import { makeAttempt } from "../src/retry/attempt.ts";

const read = (given: unknown): { kind: "read"; given: unknown } => ({ kind: "read", given });

function setUp(): Parameters<typeof makeAttempt>[2] & { readonly clock: ReturnType<typeof createVirtualClock> } {
  const clock = createVirtualClock();
  const report = createReporter("example", { clock });
  return { controller: new AbortController(), attempt: 3, timeoutMs: 1_000, clock, report };
}

test("passes on what the request returns, and leaves neither timer nor listener behind", async () => {
  const init = setUp();
  const { signal } = init.controller;
  const remove = vi.spyOn(signal, "removeEventListener");
  const add = vi.spyOn(signal, "addEventListener");
  const result = await makeAttempt(async (context) => [context.attempt, context.signal === signal], read, init);
  expect(result).toEqual({ outcome: { kind: "read", given: [3, true] } });
  expect(init.clock.pendingTimers).toBe(0);
  expect(remove.mock.calls.map(([, listener]) => listener)).toEqual(add.mock.calls.map(([, listener]) => listener));
});

test("ends when its time is over, aborts the request, and ignores what that returns later", async () => {
  const init = setUp();
  const request = Promise.withResolvers<unknown>();
  const attempt = makeAttempt(() => request.promise, read, init);
  await init.clock.advance(1_000);
  expect(await attempt).toEqual({ outcome: { kind: "retry", reason: "no answer within 1000 ms" } });
  expect(init.controller.signal.reason).toMatchObject({ name: "TimeoutError" });
  request.reject(new Error("too late"));
});

test("a throw is a retry with its cause", async () => {
  const cause = new Error("no route");
  const thrown = makeAttempt(() => Promise.reject(cause), read, setUp());
  expect(await thrown).toEqual({ outcome: { kind: "retry", reason: "the request failed" }, cause });
});
