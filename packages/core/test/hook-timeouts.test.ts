import { expect, test } from "vitest";
import { createVirtualClock } from "../../testkit/src/virtual-clock.ts";
import { programRunner } from "./exit-harness.ts";
import { createPublisher, type PublisherDefinition, type PublisherError, type StartOptions } from "../src/index.ts";

const run = programRunner("hanging-hooks");
const event = { eventName: "job", taskId: 1, startTime: 1.7e12, endTime: 1.7e12 + 5 };
const never = (): Promise<never> => new Promise(() => undefined);

function open(definition: Omit<PublisherDefinition, "name">) {
  const clock = createVirtualClock();
  const errors: PublisherError[] = [];
  const onError = (error: PublisherError): void => void errors.push(error);
  const publisher = createPublisher({ name: "example", event: () => undefined, ...definition }, { clock, onError });
  return { clock, errors, publisher, messages: () => errors.map(({ code, message }) => `${code}: ${message}`) };
}

test("a start that hangs is a failure after hookTimeoutMs, and is called again with back-off", async () => {
  const starts: StartOptions[] = [];
  const { clock, publisher, messages } = open({
    start: (options) => starts.push(options) < 3 && never(),
    hookTimeoutMs: 1_000,
  });
  publisher.publishEventMetrics(event);
  await clock.advance(999);
  expect([starts.length, publisher.health().state]).toEqual([1, "ok"]);
  await clock.advance(1);
  expect(messages()).toEqual(["start-failed: example: the start did not end within 1000 ms"]);
  expect(starts.map(({ timeoutMs, signal }) => [timeoutMs, signal.aborted])).toEqual([[1_000, true]]);
  expect(publisher.health().state).toBe("failing");
  await clock.advance(500);
  expect(starts.length).toBe(2);
  await clock.advance(2_000);
  expect(starts.length).toBe(3);
  expect(publisher.health()).toMatchObject({ delivered: 1, pending: 0 });
  expect(publisher.health().state).not.toBe("failing");
});

test("hooks have 30 seconds by default", async () => {
  const { clock, publisher, errors } = open({ start: never });
  publisher.publishEventMetrics(event);
  await clock.advance(29_999);
  expect(errors).toEqual([]);
  await clock.advance(1);
  expect(errors.length).toBe(1);
});

test("a start() that hangs rejects with the reason", async () => {
  const { clock, publisher } = open({ start: never, hookTimeoutMs: 1_000 });
  const started = publisher.start?.({ timeoutMs: 5_000 });
  const rejected = expect(started).rejects.toMatchObject({ code: "start-failed", retryable: true });
  await clock.advance(1_000);
  await rejected;
});

test("a start that ends after its time does not count, also while it is called again", async () => {
  const ends: (() => void)[] = [];
  let closes = 0;
  const { clock, publisher } = open({
    start: () => new Promise<void>((resolve) => void ends.push(resolve)),
    close: () => (closes += 1),
    hookTimeoutMs: 1_000,
  });
  publisher.publishEventMetrics(event);
  await clock.advance(1_500);
  expect(ends.length).toBe(2);
  ends[0]?.();
  await clock.advance(0);
  expect(publisher.health()).toMatchObject({ delivered: 0, pending: 1, state: "failing" });
  ends[1]?.();
  await clock.advance(0);
  expect(publisher.health()).toMatchObject({ delivered: 1, pending: 0 });
  await clock.advance(60_000);
  expect(ends.length).toBe(2);
  publisher.publishEventMetrics(event);
  expect(publisher.health()).toMatchObject({ delivered: 2 });
  await publisher.close();
  expect(closes).toBe(1);
});

test("close() ends the time limit of a start, aborts its signal, and closes what it opens later", async () => {
  const starts: StartOptions[] = [];
  const ends: (() => void)[] = [];
  let closes = 0;
  const { clock, publisher, messages } = open({
    start: (options) => {
      starts.push(options);
      return new Promise<void>((resolve) => void ends.push(resolve));
    },
    close: () => (closes += 1),
    hookTimeoutMs: 1_000,
  });
  publisher.publishEventMetrics(event);
  await clock.advance(1_500);
  expect(starts.length).toBe(2);
  const closed = publisher.close({ timeoutMs: 100 });
  await clock.advance(200);
  expect((await closed).droppedBy).toEqual({ refused: 1 });
  expect(starts.every(({ signal }) => signal.aborted)).toBe(true);
  expect(closes).toBe(1);
  const told = messages().length;
  await clock.advance(60_000);
  expect([starts.length, messages().length]).toEqual([2, told]);
  for (const end of ends) end();
  await clock.advance(0);
  expect(closes).toBe(3);
});

test("a flush that hangs is a failure after hookTimeoutMs, and does not block the next one", async () => {
  let calls = 0;
  const { clock, publisher, messages } = open({ flush: () => (calls += 1) === 1 && never(), hookTimeoutMs: 10_000 });
  publisher.publishEventMetrics(event);
  const first = publisher.flush({ timeoutMs: 2_000 });
  await clock.advance(1_999);
  const second = publisher.flush({ timeoutMs: 5_000 });
  await clock.advance(1);
  expect((await first).status).toBe("timeout");
  expect((await second).status).toBe("complete");
  expect((await publisher.flush()).status).toBe("complete");
  expect([calls, messages()]).toEqual([3, []]);
  await clock.advance(8_000);
  expect(messages()).toEqual([
    "publisher-failed: example: the flush did not end within 10000 ms; later ones do not wait for it",
  ]);
  expect(publisher.health().state).toBe("failing");
  await publisher.flush();
  expect(publisher.health().state).toBe("degraded");
});

test("flushes without time share one call of a hook that takes its time", async () => {
  let calls = 0;
  const { clock, publisher } = open({ flush: () => (calls += 1) && never() });
  for (let flushes = 0; flushes < 1_000; flushes += 1) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    await Promise.all([publisher.flush({ timeoutMs: 0 }), clock.advance(0)]);
  }
  expect(calls).toBe(1);
  await clock.advance(1_000);
  await Promise.all([publisher.flush({ timeoutMs: 0 }), clock.advance(0)]);
  expect(calls).toBe(2);
});

test("a flush that has time waits for a call of its own, and not for one that is late", async () => {
  const ends: (() => void)[] = [];
  const { clock, publisher } = open({ flush: () => new Promise<void>((resolve) => void ends.push(resolve)) });
  const short = publisher.flush({ timeoutMs: 10 });
  const long = publisher.flush({ timeoutMs: 5_000 });
  await clock.advance(1_000);
  expect((await short).status).toBe("timeout");
  expect(ends.length).toBe(2);
  ends[1]?.();
  await clock.advance(0);
  expect((await long).status).toBe("complete");
});

test("a check that hangs is a report, in the time that it was given", async () => {
  const { clock, publisher } = open({ check: never });
  const checked = publisher.check?.({ timeoutMs: 200 });
  await clock.advance(250);
  expect(await checked).toEqual({
    ok: false,
    code: "timeout",
    message: "example: the check did not end in time (timeout)",
  });
});

test("a close hook that hangs is reported, and has at most hookTimeoutMs", async () => {
  const { clock, publisher, messages } = open({ close: never, hookTimeoutMs: 1_000 });
  const closed = publisher.close({ timeoutMs: 60_000 });
  await clock.advance(1_000);
  expect((await closed).status).toBe("complete");
  expect(messages()).toEqual(["publisher-failed: example: the close did not end within 1000 ms"]);
});

test.each([0, -1, 1.5, Infinity, "30s"])("hookTimeoutMs %s is an options error", (hookTimeoutMs) => {
  const definition = { name: "example", hookTimeoutMs: hookTimeoutMs as number };
  expect(() => createPublisher(definition)).toThrow(/hookTimeoutMs/);
});

test.concurrent.each(["start", "flush", "close"])("a %s that hangs does not hold the process", async (hook) => {
  const [left, closed] = await Promise.all([run(hook), run(hook, { further: ["close"] })]);
  for (const { code, errors, ms } of [left, closed]) {
    expect([code, errors]).toEqual([0, ""]);
    expect(ms).toBeLessThan(10_000);
  }
});
