// Life cycle of a publisher: what close() does about a start that is under way, and how its time is shared out.
import { describe, expect, test } from "vitest";
import { createVirtualClock } from "../../testkit/src/virtual-clock.ts";
import { createPublisher, type MetricsPublisher, PublisherError, type WaitOptions } from "../src/index.ts";
import {
  createIntake,
  createLedger,
  createLifeCycle,
  createReporter,
  type DrainWait,
  type LifeCycle,
  type LifeCycleHooks,
  type RecordFlow,
} from "../src/publisher.ts";

const event = { eventName: "job", taskId: 1, startTime: 1.7e12, endTime: 1.7e12 + 5 };

function setUp(hooks: LifeCycleHooks, flow: Partial<RecordFlow> = {}) {
  const clock = createVirtualClock();
  const errors: PublisherError[] = [];
  const ledger = createLedger();
  const reporter = createReporter("example", { clock, onError: (error) => errors.push(error) });
  const intake = createIntake({ scope: "document", ledger, reporter, event: () => lifeCycle.startInBackground() });
  const lifeCycle: LifeCycle = createLifeCycle({
    name: "example",
    clock,
    ledger,
    reporter,
    intake,
    flow: { failing: false, ...flow },
    hooks,
  });
  return { clock, errors, ledger, lifeCycle, publisher: lifeCycle.publisher };
}

/** A resource that a start opens when the test lets it, and that the close hook frees if it is open. */
function slowResource() {
  const opening = Promise.withResolvers<void>();
  const calls: string[] = [];
  const closeOptions: WaitOptions[] = [];
  let isOpen = false;
  return {
    opening,
    calls,
    closeOptions,
    hooks: {
      async start() {
        await opening.promise;
        isOpen = true;
        calls.push("opened");
      },
      close(options: WaitOptions) {
        calls.push(isOpen ? "freed" : "nothing to free");
        closeOptions.push(options);
        isOpen = false;
      },
    } satisfies LifeCycleHooks,
  };
}

const KINDS: readonly (readonly [
  string,
  (hooks: LifeCycleHooks) => {
    readonly publisher: MetricsPublisher;
    readonly clock: ReturnType<typeof createVirtualClock>;
  },
])[] = [
  ["createLifeCycle", setUp],
  [
    "createPublisher",
    ({ start, close }) => {
      const clock = createVirtualClock();
      const definition = { name: "example", event: () => undefined, start, close };
      return { clock, publisher: createPublisher(definition, { clock, onError: () => undefined }) };
    },
  ],
];

describe.each(KINDS)("with %s", (_kind, create) => {
  test("a start that ends after the close has timed out leaves nothing open", async () => {
    const { opening, calls, closeOptions, hooks } = slowResource();
    const { clock, publisher } = create(hooks);
    publisher.publishEventMetrics(event);
    const closed = publisher.close({ timeoutMs: 80 });
    await clock.advance(80);
    await closed;
    expect(calls).toEqual(["nothing to free"]);
    await clock.advance(10_000);
    opening.resolve();
    await clock.advance(0);
    expect(calls).toEqual(["nothing to free", "opened", "freed"]);
    // The first call had no time left, the second has all of it.
    expect(closeOptions.map(({ timeoutMs }) => timeoutMs)).toEqual([50, 80]);
    expect(publisher.health().state).toBe("closed");
    expect(clock.pendingTimers).toBe(0);
  });

  test("a start that ends while the close waits for it is closed once", async () => {
    const { opening, calls, hooks } = slowResource();
    const { clock, publisher } = create(hooks);
    const started = publisher.start?.().catch((error: unknown) => error);
    const closed = publisher.close({ timeoutMs: 100 });
    await clock.advance(99);
    opening.resolve();
    await clock.advance(0);
    await closed;
    expect(calls).toEqual(["opened", "freed"]);
    expect(await started).toMatchObject({ code: "start-failed", message: "example: it was closed while it started" });
    await clock.advance(10_000);
    expect(calls).toHaveLength(2);
  });

  test("a start that fails after the close has timed out is closed as well, and not tried again", async () => {
    const { opening, calls, hooks } = slowResource();
    const { clock, publisher } = create(hooks);
    publisher.publishEventMetrics(event);
    const closed = publisher.close({ timeoutMs: 50 });
    await clock.advance(50);
    await closed;
    opening.reject(new Error("too late"));
    await clock.advance(600_000);
    expect(calls).toEqual(["nothing to free", "nothing to free"]);
    expect(clock.pendingTimers).toBe(0);
  });

  test("a close without a start under way calls its hook once, with the time it was given", async () => {
    const { opening, calls, closeOptions, hooks } = slowResource();
    opening.resolve();
    const { clock, publisher } = create(hooks);
    await publisher.start?.();
    await publisher.close({ timeoutMs: 700 });
    await publisher.close();
    await clock.advance(10_000);
    expect(calls).toEqual(["opened", "freed"]);
    expect(closeOptions.map(({ timeoutMs }) => timeoutMs)).toEqual([700]);
  });
});

test("flush begins a start if records wait, and otherwise leaves it alone", async () => {
  let starts = 0;
  const { publisher, ledger } = setUp({ start: () => void (starts += 1) });
  await publisher.flush();
  expect(starts).toBe(0);
  ledger.received = 1;
  await publisher.flush();
  expect(starts).toBe(1);
});

test("ready and refused follow the start", async () => {
  expect(setUp({}).lifeCycle).toMatchObject({ ready: true, refused: false });
  const good = setUp({ start: () => undefined });
  expect(good.lifeCycle).toMatchObject({ ready: false, refused: false });
  await good.publisher.start?.();
  expect(good.lifeCycle).toMatchObject({ ready: true, refused: false });

  const reached: string[] = [];
  const denied = new PublisherError("the key is wrong", { code: "start-failed", publisher: "example" });
  const bad = setUp({ start: () => Promise.reject(denied) }, { onRefused: () => void reached.push("refused") });
  await expect(bad.publisher.start?.()).rejects.toBe(denied);
  await bad.clock.advance(0);
  expect(bad.lifeCycle).toMatchObject({ ready: false, refused: true });
  expect([bad.publisher.health().state, ...reached]).toEqual(["failing", "refused"]);
});

test("a flush that ends early withdraws its call of drain", async () => {
  const calls: string[] = [];
  const { publisher, clock } = setUp({}, { drain: () => (calls.push("drain"), () => calls.push("withdrawn")) });
  const flushed = publisher.flush({ timeoutMs: 100 });
  await clock.advance(99);
  expect(calls).toEqual(["drain"]);
  await clock.advance(1);
  expect((await flushed).status).toBe("timeout");
  expect(calls).toEqual(["drain", "withdrawn"]);
});

describe("a flush that can change nothing within its time", () => {
  const endsEarly = (done: (status?: "timeout") => void) => {
    done("timeout");
    return () => undefined;
  };
  const pending = () => () => undefined;
  const failingStart = () => Promise.reject(new Error("the backend is down"));

  test("ends as soon as the flow says so", async () => {
    const { publisher } = setUp({}, { drain: endsEarly });
    // No time passes on the virtual clock.
    expect((await publisher.flush({ timeoutMs: 5_000 })).status).toBe("timeout");
    expect((await publisher.close({ timeoutMs: 5_000 })).status).toBe("timeout");
  });

  test("tells the flow when it ends", async () => {
    const waits: DrainWait[] = [];
    const { publisher, clock } = setUp({}, { drain: (done, wait) => (waits.push(wait), endsEarly(done)) });
    await clock.advance(70);
    await publisher.flush({ timeoutMs: 100 });
    await publisher.flush();
    await publisher.flush({ timeoutMs: Number.NaN, signal: 1 as never });
    expect(waits).toEqual([
      { timeoutMs: 100, signal: undefined, until: 170 },
      { timeoutMs: 5_000, signal: undefined, until: 5_070 },
      { timeoutMs: 5_000, signal: undefined, until: 5_070 },
    ]);
  });

  test("ends while it waits, when a start failed that is tried again too late for it", async () => {
    const start = Promise.withResolvers<void>();
    const { publisher, ledger, errors } = setUp({ start: () => start.promise }, { drain: pending });
    ledger.received = 1;
    const flushed = publisher.flush({ timeoutMs: 99 });
    start.reject(new Error("the backend is down"));
    expect((await flushed).status).toBe("timeout");
    expect(errors).toHaveLength(1);
  });

  test("ends at once when the next attempt to start comes too late for it", async () => {
    const { publisher, ledger, clock } = setUp({ start: failingStart }, { drain: pending });
    ledger.received = 1;
    const first = publisher.flush({ timeoutMs: 99 });
    await clock.advance(0);
    expect((await first).status).toBe("timeout");
    expect((await publisher.flush({ timeoutMs: 99 })).status).toBe("timeout");
    expect((await publisher.close({ timeoutMs: 99 })).status).toBe("timeout");
  });

  test("waits for an attempt to start that comes in time", async () => {
    const starts: number[] = [];
    const { publisher, ledger, clock } = setUp(
      { start: () => (starts.push(clock.monotonic()), starts.length === 1 ? failingStart() : undefined) },
      { drain: pending },
    );
    ledger.received = 1;
    const flushed = publisher.flush({ timeoutMs: 1_000 });
    await clock.advance(999);
    expect(starts).toHaveLength(2);
    await clock.advance(1);
    expect([(await flushed).status, clock.monotonic()]).toEqual(["timeout", 1_000]);
  });
});

test("close drains, stops and closes in this order, and shares its time out", async () => {
  const calls: (string | number | undefined)[] = [];
  const { publisher, clock } = setUp(
    { close: ({ timeoutMs }) => calls.push("close", timeoutMs) },
    {
      drain: (done) => {
        calls.push("drain");
        clock.setTimeout(done, 300);
        return () => calls.push("withdrawn");
      },
      stop: () => calls.push("stop"),
    },
  );
  const closed = publisher.close({ timeoutMs: 1_000 });
  await clock.advance(300);
  expect((await closed).status).toBe("complete");
  expect(calls).toEqual(["drain", "withdrawn", "stop", "close", 700]);
});

test("the close hook gets 50 ms at least, and its failure is reported", async () => {
  const cause = new Error("stuck");
  let given: number | undefined;
  const { publisher, clock, errors } = setUp(
    {
      close({ timeoutMs }) {
        given = timeoutMs;
        throw cause;
      },
    },
    { drain: () => () => undefined },
  );
  const closed = publisher.close({ timeoutMs: 200 });
  await clock.advance(200);
  expect((await closed).status).toBe("timeout");
  expect(given).toBe(50);
  expect(errors.map((error) => [error.code, error.message, error.cause])).toEqual([
    ["publisher-failed", "example: the close failed", cause],
  ]);
});

test("a flush after the close gives the report of the close", async () => {
  const { publisher } = setUp({});
  const closed = publisher.close();
  expect(await publisher.flush()).toBe(await closed);
});

test("check exists where the hook does, and gets wait options", async () => {
  expect(setUp({}).publisher).not.toHaveProperty("check");
  const given: WaitOptions[] = [];
  const report = { ok: true, code: "ok", message: "reachable" };
  const { publisher } = setUp({ check: (options) => (given.push(options), report) });
  expect(await publisher.check?.()).toBe(report);
  await publisher.check?.({ timeoutMs: 7 });
  expect(given).toEqual([{}, { timeoutMs: 7 }]);
});
