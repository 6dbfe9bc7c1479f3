import { expect, test } from "vitest";
import { createVirtualClock } from "../../testkit/src/virtual-clock.ts";
import { PublisherError } from "../src/index.ts";
import { createReporter, createStarter, type Starter } from "../src/publisher.ts";

const refused = new PublisherError("the key is wrong", { code: "start-failed", publisher: "example" });

function setUp(start: () => unknown) {
  const clock = createVirtualClock();
  const errors: PublisherError[] = [];
  const reached: string[] = [];
  const reporter = createReporter("example", { clock, onError: (error) => errors.push(error) });
  const starter: Starter = createStarter({
    publisher: "example",
    start,
    clock,
    reporter,
    onStarted: () => reached.push("started"),
    onRefused: (error) => reached.push(error.message),
  });
  return { clock, errors, reached, starter, lastError: () => reporter.lastError };
}

test("shares one attempt between concurrent calls and is idempotent", async () => {
  let attempts = 0;
  const { starter, reached } = setUp(() => (attempts += 1));
  await Promise.all([starter.start(), starter.start()]);
  await starter.start();
  expect(attempts).toBe(1);
  expect(reached).toEqual(["started"]);
  expect(starter.state).toBe("started");
});

test("rejects with what went wrong, and tries again on the next call", async () => {
  let attempts = 0;
  const { starter } = setUp(() => {
    attempts += 1;
    if (attempts === 1) throw new Error("not yet");
  });
  await expect(starter.start()).rejects.toMatchObject({
    code: "start-failed",
    retryable: true,
    cause: new Error("not yet"),
  });
  await starter.start();
  expect(attempts).toBe(2);
});

test("retries in the background with growing waits until it succeeds, reporting each failure", async () => {
  let attempts = 0;
  const { starter, clock, errors, reached } = setUp(() => {
    attempts += 1;
    if (attempts < 4) throw new Error("not yet");
  });
  starter.startInBackground();
  starter.startInBackground();
  await clock.advance(0);
  expect(attempts).toBe(1);
  await clock.advance(500 + 1_000 + 2_000);
  expect(attempts).toBe(4);
  expect(errors).toHaveLength(3);
  expect(reached).toEqual(["started"]);
  expect(clock.pendingTimers).toBe(0);
});

test("gives up on a failure that is final", async () => {
  const { starter, clock, errors, reached } = setUp(() => {
    throw refused;
  });
  starter.startInBackground();
  await clock.advance(60_000);
  expect(errors).toEqual([refused]);
  expect(reached).toEqual(["example: the key is wrong"]);
  expect(starter.state).toBe("refused");
  await expect(starter.start()).rejects.toBe(refused);
});

test("rejects in time when the start hangs, and leaves the attempt running", async () => {
  const work = Promise.withResolvers<void>();
  const { starter, clock } = setUp(() => work.promise);
  const started = starter.start({ timeoutMs: 100 });
  const rejection = expect(started).rejects.toThrow("did not end in time (timeout)");
  await clock.advance(100);
  await rejection;
  work.resolve();
  await starter.start();
  expect(starter.state).toBe("started");
});

test("ends every attempt to come when it is stopped", async () => {
  let attempts = 0;
  const { starter, clock } = setUp(() => {
    attempts += 1;
    throw new Error("not yet");
  });
  starter.startInBackground();
  await clock.advance(0);
  await starter.stop();
  await clock.advance(60_000);
  expect(attempts).toBe(1);
  expect(clock.pendingTimers).toBe(0);
  await expect(starter.start()).rejects.toThrow("it is closed");
});

test("goes on trying for the records that wait, although an explicit start failed", async () => {
  for (const order of ["start first", "record first"]) {
    let attempts = 0;
    const { starter, clock } = setUp(async () => {
      attempts += 1;
      if (attempts < 3) throw new Error("not yet");
    });
    if (order === "record first") starter.startInBackground();
    const started = starter.start().catch(() => undefined);
    starter.startInBackground();
    await clock.advance(0);
    await started;
    await clock.advance(5_000);
    expect([order, starter.state]).toEqual([order, "started"]);
  }
});

test("tries again after an explicit start that failed, though nothing waits, and reports each further failure", async () => {
  let attempts = 0;
  const { starter, clock, errors } = setUp(() => {
    attempts += 1;
    if (attempts < 4) throw new Error("not yet");
  });
  await expect(starter.start()).rejects.toThrow("the start failed");
  expect([starter.state, errors.length]).toEqual(["waiting", 0]);
  await clock.advance(500 + 1_000 + 2_000);
  expect([attempts, starter.state, errors.length]).toEqual([4, "started", 2]);
  expect(clock.pendingTimers).toBe(0);
});

test("tries at once for the first record after a start that failed, and then with growing waits", async () => {
  let attempts = 0;
  const { starter, clock } = setUp(() => {
    attempts += 1;
    throw new Error("not yet");
  });
  await expect(starter.start()).rejects.toThrow("the start failed");
  await clock.advance(500 + 1_000 + 2_000);
  const before = attempts;
  starter.startInBackground();
  await clock.advance(0);
  expect(attempts).toBe(before + 1);
  starter.startInBackground();
  await clock.advance(0);
  expect(attempts).toBe(before + 1);
  await starter.stop();
  expect(clock.pendingTimers).toBe(0);
});

test("notes why start() failed for health, and reports it to its caller alone", async () => {
  const { starter, errors, lastError, clock } = setUp(() => {
    throw new Error("not yet");
  });
  await expect(starter.start()).rejects.toThrow("the start failed");
  await clock.advance(0);
  expect(errors).toEqual([]);
  expect(lastError()).toEqual({ code: "start-failed", message: "example: the start failed", time: clock.now() });
});

test("reports nothing of an attempt that fails after it was stopped", async () => {
  const work = Promise.withResolvers<void>();
  const { starter, errors, lastError, clock } = setUp(() => work.promise);
  starter.startInBackground();
  const stopped = starter.stop();
  work.reject(new Error("too late"));
  await stopped;
  await clock.advance(60_000);
  expect([errors, lastError(), starter.state, clock.pendingTimers]).toEqual([[], null, "stopped", 0]);
});
