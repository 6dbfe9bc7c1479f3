import { type CommonOptions, type Diagnostic, PublisherError } from "@eventmeter/core";
import type { EventFields } from "@eventmeter/core/publisher";
import { createVirtualClock, type VirtualClock } from "@eventmeter/testkit";
import { expect, test } from "vitest";
import {
  createSeriesPublisher,
  type SendContext,
  type SeriesDefinition,
  type SeriesDeliveryOptions,
  type SnapshotOutcome,
} from "../src/index.ts";

/** Totals by event name: as much of a store as delivery can see. */
interface Totals {
  readonly time: number;
  readonly totals: ReadonlyMap<string, number>;
}

type Answer = (sent: Totals, context: SendContext) => SnapshotOutcome | Promise<SnapshotOutcome>;

function open(
  answer: Answer,
  options: CommonOptions & SeriesDeliveryOptions = {},
  more: Partial<SeriesDefinition<Totals>> = {},
) {
  const clock: VirtualClock = (options.clock as VirtualClock | undefined) ?? createVirtualClock();
  const sent: Totals[] = [];
  const attempts: number[] = [];
  const errors: PublisherError[] = [];
  const diagnostics: Diagnostic[] = [];
  const totals = new Map<string, number>();
  const encoded = new WeakMap<Uint8Array, Totals>();
  const add = (name: string): void => void totals.set(name, (totals.get(name) ?? 0) + 1);
  const publisher = createSeriesPublisher<Totals>(
    {
      name: "totals",
      series: {
        addEvent: ({ eventName }: EventFields) => add(eventName),
        addNetwork: ({ operation }) => add(operation),
        snapshot: () => ({ time: clock.now(), totals: new Map(totals) }),
        split({ time, totals: all }) {
          const entries = [...all];
          if (entries.length < 2) return undefined;
          const middle = Math.ceil(entries.length / 2);
          return [
            { time, totals: new Map(entries.slice(0, middle)) },
            { time, totals: new Map(entries.slice(middle)) },
          ];
        },
      },
      encode(snapshot) {
        const body = new Uint8Array(1);
        encoded.set(body, snapshot);
        return body;
      },
      send(body, context) {
        const snapshot = encoded.get(body) as Totals;
        sent.push(snapshot);
        attempts.push(context.attempt);
        return answer(snapshot, context);
      },
      ...more,
    },
    {
      intervalMs: 10_000,
      onError: (error) => errors.push(error),
      onDiagnostic: (diagnostic) => diagnostics.push(diagnostic),
      ...options,
      clock,
    },
  );
  const publish = (...names: string[]): void => {
    for (const eventName of names)
      publisher.publishEventMetrics({ eventName, taskId: 1, startTime: clock.now() - 5, endTime: clock.now() });
  };
  const check = (): void => {
    const { received, recovered, delivered, dropped, ignored, pending } = publisher.health();
    expect(received + recovered).toBe(delivered + dropped + ignored + pending);
  };
  return { clock, sent, attempts, errors, diagnostics, publisher, publish, check };
}

const delivered: Answer = () => ({ kind: "delivered" });

test("sends all series every interval, whether they changed or not", async () => {
  const { clock, sent, publisher, publish } = open(delivered);
  publish("a", "a", "b");
  await clock.advance(10_000);
  expect(sent).toHaveLength(1);
  expect([...(sent[0]?.totals ?? [])]).toEqual([
    ["a", 2],
    ["b", 1],
  ]);
  expect(publisher.health()).toMatchObject({ delivered: 3, pending: 0, state: "ok" });
  await clock.advance(20_000);
  expect(sent).toHaveLength(3);
  expect(publisher.health().delivered).toBe(3);
});

test("sends nothing before there is a record, and leaves no timer behind", async () => {
  const { clock, sent, publisher } = open(delivered);
  await publisher.start?.();
  await clock.advance(60_000);
  expect((await publisher.flush()).status).toBe("complete");
  expect(sent).toHaveLength(0);
  await publisher.close();
  expect(clock.pendingTimers).toBe(0);
});

test("counts a record as delivered only when a snapshot that holds it is acknowledged", async () => {
  const answers: ((outcome: SnapshotOutcome) => void)[] = [];
  const { clock, publisher, publish, check, sent } = open(() => new Promise((resolve) => answers.push(resolve)));
  publish("a");
  const flushed = publisher.flush();
  await clock.advance(0);
  publish("b");
  answers[0]?.({ kind: "delivered" });
  expect(await flushed).toMatchObject({ status: "complete", delivered: 1, pending: 1 });
  check();
  const second = publisher.flush();
  await clock.advance(1);
  answers[1]?.({ kind: "delivered" });
  expect(await second).toMatchObject({ status: "complete", delivered: 2, pending: 0 });
  expect(sent.map(({ totals }) => totals.size)).toEqual([1, 2]);
});

test("a flush during a request waits for a snapshot of its own, which waits for the request", async () => {
  const answers: ((outcome: SnapshotOutcome) => void)[] = [];
  const { clock, publisher, publish } = open(() => new Promise((resolve) => answers.push(resolve)));
  publish("a");
  const first = publisher.flush();
  await clock.advance(1);
  publish("b");
  let settled = false;
  const second = publisher.flush().then((report) => {
    settled = true;
    return report;
  });
  await clock.advance(1);
  expect(answers).toHaveLength(1);
  answers[0]?.({ kind: "delivered" });
  expect((await first).delivered).toBe(1);
  await clock.advance(1);
  expect([answers.length, settled]).toEqual([2, false]);
  answers[1]?.({ kind: "delivered" });
  expect((await second).delivered).toBe(2);
});

test("a close during a back-off leaves no timer behind", async () => {
  const { clock, publisher, publish } = open(() => ({ kind: "retry", retryAfterMs: 60_000 }));
  publish("a");
  const closed = publisher.close({ timeoutMs: 100 });
  await clock.advance(100);
  expect(await closed).toMatchObject({ status: "timeout", dropped: 1 });
  expect(clock.pendingTimers).toBe(0);
});

test("one request is in flight at a time, and flushes share work", async () => {
  let inFlight = 0;
  let most = 0;
  const { clock, sent, publisher, publish } = open(async () => {
    inFlight += 1;
    most = Math.max(most, inFlight);
    await Promise.resolve();
    inFlight -= 1;
    return { kind: "delivered" };
  });
  publish("a");
  const flushes = Promise.all([publisher.flush(), publisher.flush(), publisher.flush()]);
  await clock.advance(10_000);
  expect((await flushes).map(({ status }) => status)).toEqual(["complete", "complete", "complete"]);
  expect(most).toBe(1);
  expect(sent.length).toBeLessThanOrEqual(3);
});

test("the newest snapshot replaces one that failed, after a full-jitter wait", async () => {
  let up = false;
  const { clock, sent, attempts, publisher, publish, check } = open(() =>
    up ? { kind: "delivered" } : { kind: "retry" },
  );
  publish("a");
  const flushed = publisher.flush({ timeoutMs: 60_000 });
  await clock.advance(0);
  expect(sent).toHaveLength(1);
  publish("a");
  check();
  expect(publisher.health().state).toBe("failing");
  up = true;
  await clock.advance(500);
  expect(sent).toHaveLength(2);
  expect(sent[1]?.totals.get("a")).toBe(2);
  expect(sent[1]?.time).toBeGreaterThan(sent[0]?.time ?? 0);
  expect(await flushed).toMatchObject({ status: "complete", delivered: 2, pending: 0 });
  expect(attempts).toEqual([1, 2]);
  expect(publisher.health()).toMatchObject({ retries: 1 });
});

test("waits for Retry-After, and never longer than ten minutes", async () => {
  const waits = [20_000, 1e10];
  const { clock, sent, publish } = open(() => {
    const retryAfterMs = waits.shift();
    return retryAfterMs === undefined ? { kind: "delivered" } : { kind: "retry", retryAfterMs };
  });
  publish("a");
  await clock.advance(10_000);
  await clock.advance(19_999);
  expect(sent).toHaveLength(1);
  await clock.advance(10_001);
  expect(sent).toHaveLength(2);
  await clock.advance(580_000);
  expect(sent).toHaveLength(2);
  await clock.advance(20_001);
  expect(sent.length).toBeGreaterThan(2);
});

test("a throw, a hang and an unreadable outcome are retries, and none is a success", async () => {
  const answers: Answer[] = [
    () => {
      throw new Error("reset");
    },
    () => new Promise(() => undefined),
    () => undefined as unknown as SnapshotOutcome,
    () => ({ kind: "partial" }) as unknown as SnapshotOutcome,
    delivered,
  ];
  const { clock, sent, publisher, publish, errors } = open((snapshot, context) =>
    (answers.shift() ?? delivered)(snapshot, context),
  );
  publish("a");
  await clock.advance(10_000);
  expect(publisher.health().delivered).toBe(0);
  await clock.advance(60_000);
  expect(publisher.health()).toMatchObject({ delivered: 1, pending: 0 });
  expect(sent.length).toBeGreaterThanOrEqual(5);
  expect(errors.map(({ code }) => code)).toEqual(["send-failed", "send-failed", "send-failed", "send-failed"]);
});

test("aborts an attempt that takes too long", async () => {
  const signals: AbortSignal[] = [];
  const { clock, publish } = open(
    (_, { signal }) => {
      signals.push(signal);
      return new Promise(() => undefined);
    },
    { sendTimeoutMs: 2_000 },
  );
  publish("a");
  await clock.advance(10_000);
  expect(signals[0]?.aborted).toBe(false);
  await clock.advance(2_000);
  expect(signals[0]?.aborted).toBe(true);
});

test("a snapshot that is too large is halved until it fits, with one timestamp, and the number of parts is remembered", async () => {
  const accepted: Totals[] = [];
  const { clock, sent, publisher, publish } = open((snapshot) => {
    if (snapshot.totals.size > 2) return { kind: "split", because: "too-large" };
    accepted.push(snapshot);
    return { kind: "delivered" };
  });
  publish("a", "b", "c", "d", "e", "f", "g");
  expect(await publisher.flush()).toMatchObject({ status: "complete", delivered: 7 });
  expect(new Set(accepted.map(({ time }) => time)).size).toBe(1);
  const names = accepted.flatMap(({ totals }) => [...totals.keys()]);
  expect(names.toSorted()).toEqual(["a", "b", "c", "d", "e", "f", "g"]);
  const first = sent.length;
  expect(first).toBeGreaterThan(accepted.length);
  accepted.length = 0;
  await clock.advance(10_000);
  expect(sent.length - first).toBe(accepted.length);
  expect(accepted.flatMap(({ totals }) => [...totals.keys()]).toSorted()).toEqual(names.toSorted());
});

test("a busy backend that says how long it wants to be left in peace gets halves then", async () => {
  const { clock, sent, publish } = open((snapshot) =>
    snapshot.totals.size > 1 ? { kind: "split", because: "busy", retryAfterMs: 7_000 } : { kind: "delivered" },
  );
  publish("a", "b");
  await clock.advance(10_000);
  await clock.advance(6_999);
  expect(sent).toHaveLength(1);
  await clock.advance(4_000);
  expect(sent.map(({ totals }) => totals.size).slice(0, 3)).toEqual([2, 1, 1]);
});

test("a busy backend gets halves, after a wait", async () => {
  const { clock, sent, publisher, publish } = open((snapshot) =>
    snapshot.totals.size > 1 ? { kind: "split", because: "busy" } : { kind: "delivered" },
  );
  publish("a", "b");
  await clock.advance(10_000);
  expect(sent).toHaveLength(1);
  await clock.advance(500);
  expect(sent.map(({ totals }) => totals.size)).toEqual([2, 1, 1]);
  expect(publisher.health()).toMatchObject({ delivered: 2, pending: 0 });
});

test("a single series that is too large waits for the next interval", async () => {
  const { clock, sent, publish, errors } = open(() => ({ kind: "split", because: "too-large" }));
  publish("a");
  await clock.advance(19_999);
  expect(sent).toHaveLength(1);
  await clock.advance(1);
  expect(sent).toHaveLength(2);
  expect(errors[0]).toMatchObject({ code: "snapshot-rejected", message: expect.stringContaining("too large") });
});

test("when one part fails, all series travel again with a newer timestamp", async () => {
  let failures = 1;
  const { clock, sent, publisher, publish } = open((snapshot) => {
    if (snapshot.totals.size > 1) return { kind: "split", because: "too-large" };
    if (snapshot.totals.has("b") && failures > 0) {
      failures -= 1;
      return { kind: "retry" };
    }
    return { kind: "delivered" };
  });
  publish("a", "b");
  await clock.advance(10_000);
  expect(publisher.health().delivered).toBe(0);
  await clock.advance(500);
  expect(publisher.health().delivered).toBe(2);
  const times = sent.map(({ time }) => time);
  expect(times).toEqual(times.toSorted((one, other) => one - other));
  expect(sent.filter(({ totals }) => totals.has("a") && totals.size === 1)).toHaveLength(2);
});

test("what was refused for good waits for the next interval, and later snapshots bring it", async () => {
  let refuse = true;
  const { clock, sent, publisher, publish, errors } = open(() =>
    refuse ? { kind: "rejected", reason: "a label is wrong" } : { kind: "delivered" },
  );
  publish("a");
  await clock.advance(10_000);
  await clock.advance(9_000);
  expect(sent).toHaveLength(1);
  expect(publisher.health()).toMatchObject({ state: "failing", pending: 1, dropped: 0 });
  expect(errors[0]?.message).toContain("a label is wrong");
  refuse = false;
  await clock.advance(1_000);
  expect(publisher.health()).toMatchObject({ state: "degraded", delivered: 1, pending: 0 });
});

test("credentials that are refused hold everything: a look every 30 s, one warning, nothing lost", async () => {
  let valid = false;
  const { clock, sent, publisher, publish, errors, diagnostics } = open(() =>
    valid ? { kind: "delivered" } : { kind: "hold", reason: "the key is wrong" },
  );
  publish("a");
  await clock.advance(600_000);
  expect(sent.length).toBeGreaterThan(10);
  expect(sent.length).toBeLessThanOrEqual(20);
  expect(errors).toHaveLength(1);
  expect(publisher.health()).toMatchObject({ pending: 1, dropped: 0, state: "failing" });
  valid = true;
  await clock.advance(30_000);
  expect(publisher.health()).toMatchObject({ pending: 0, delivered: 1 });
  expect(diagnostics.map(({ code }) => code)).toEqual(["resumed"]);
});

test("timestamps are strictly increasing: a flush in the same millisecond waits for the next one", async () => {
  const { clock, sent, publisher, publish } = open(delivered);
  publish("a");
  await publisher.flush();
  publish("a");
  const flushed = publisher.flush();
  await clock.advance(0);
  expect(sent).toHaveLength(1);
  await clock.advance(1);
  expect((await flushed).status).toBe("complete");
  expect(sent).toHaveLength(2);
  expect(sent[1]?.time).toBeGreaterThan(sent[0]?.time ?? 0);
});

test("a clock that went back sends nothing older than what was sent, says so, and loses nothing", async () => {
  const virtual = createVirtualClock();
  let shiftMs = 0;
  const clock = { ...virtual, now: () => virtual.now() + shiftMs };
  const { sent, publisher, publish, errors } = open(delivered, { clock });
  publish("a");
  await publisher.flush();
  shiftMs = -25_000;
  publish("a");
  await virtual.advance(24_000);
  expect(sent).toHaveLength(1);
  expect(errors[0]?.code).toBe("clock-behind");
  await virtual.advance(12_000);
  expect(sent.length).toBeGreaterThan(1);
  const times = sent.map(({ time }) => time);
  expect(new Set(times).size).toBe(times.length);
  expect(times).toEqual(times.toSorted((one, other) => one - other));
  expect(publisher.health()).toMatchObject({ delivered: 2, pending: 0 });
});

test("unfinished records are ignored, and an operation among them is reported", async () => {
  const { clock, sent, publisher, diagnostics } = open(delivered);
  publisher.publishEventMetrics({ eventName: "a", taskId: 1, startTime: clock.now() });
  publisher.publishNetworkMetrics({
    operation: "GET",
    host: "h",
    port: 1,
    startTime: clock.now(),
    bytesSent: 1,
    bytesReceived: 1,
    taskId: null as unknown as string,
  });
  await clock.advance(60_000);
  expect(sent).toHaveLength(0);
  expect(publisher.health()).toMatchObject({ received: 2, ignored: 2, ignoredBy: { unfinished: 2 } });
  expect(diagnostics).toMatchObject([{ code: "unfinished-records", count: 1 }]);
});

test("nothing is sent before the start has succeeded; a start that fails for good drops what waits as refused", async () => {
  let starts = 0;
  const { clock, sent, publisher, publish } = open(
    delivered,
    {},
    {
      start() {
        starts += 1;
        if (starts < 3) throw new Error("not yet");
      },
    },
  );
  publish("a");
  const flushed = publisher.flush();
  await clock.advance(0);
  expect([starts, sent.length]).toEqual([1, 0]);
  await clock.advance(30_000);
  expect(starts).toBe(3);
  await flushed;
  expect(publisher.health()).toMatchObject({ delivered: 1, pending: 0 });
  expect(sent.length).toBeGreaterThan(0);

  const refused = open(
    delivered,
    {},
    {
      start() {
        throw new PublisherError("no such stack", { code: "not-found", publisher: "totals", retryable: false });
      },
    },
  );
  refused.publish("a", "a");
  await refused.clock.advance(0);
  refused.publish("a");
  await refused.clock.advance(60_000);
  expect(refused.sent).toHaveLength(0);
  expect(refused.publisher.health()).toMatchObject({
    pending: 0,
    dropped: 3,
    droppedBy: { refused: 3 },
    state: "failing",
  });
  // There is nothing left to wait for.
  expect(await refused.publisher.flush()).toMatchObject({ status: "complete", pending: 0 });
  expect(await refused.publisher.close()).toMatchObject({ status: "complete", pending: 0 });
});

test("close sends the last snapshot", async () => {
  const { clock, sent, publisher, publish } = open(delivered);
  publish("a");
  expect(await publisher.close()).toMatchObject({ status: "complete", delivered: 1, pending: 0 });
  expect(sent).toHaveLength(1);
  expect(clock.pendingTimers).toBe(0);
});

test("what was never acknowledged before the close ended is dropped as unexported, and the request is aborted", async () => {
  let signal: AbortSignal | undefined;
  const { clock, publisher, publish, errors } = open((_, context) => {
    ({ signal } = context);
    return new Promise(() => undefined);
  });
  publish("a", "b");
  const closed = publisher.close({ timeoutMs: 500 });
  await clock.advance(500);
  expect(await closed).toMatchObject({ status: "timeout", dropped: 2, pending: 0 });
  expect(publisher.health().droppedBy).toEqual({ unexported: 2 });
  expect(signal?.aborted).toBe(true);
  expect(errors.at(-1)).toMatchObject({ code: "record-dropped", dropped: 2 });
  expect(clock.pendingTimers).toBe(0);
  expect(publisher.health().state).toBe("closed");
});

test("a snapshot, a split or an encoding that throws costs a retry, not the process", async () => {
  let broken = true;
  const { clock, publisher, publish, errors } = open(
    delivered,
    {},
    {
      encode() {
        if (broken) throw new Error("cannot encode");
        return new Uint8Array(1);
      },
    },
  );
  publish("a");
  await clock.advance(10_000);
  expect(errors[0]).toMatchObject({ code: "send-failed", message: expect.stringContaining("could not be encoded") });
  broken = false;
  await clock.advance(1_000);
  expect(publisher.health().delivered).toBe(1);

  const throwing = open(
    delivered,
    {},
    {
      series: {
        addEvent: () => undefined,
        addNetwork: () => undefined,
        snapshot(): never {
          throw new Error("no snapshot");
        },
      },
    },
  );
  throwing.publish("a");
  await throwing.clock.advance(10_000);
  expect(throwing.errors[0]?.code).toBe("send-failed");
  expect(throwing.publisher.health()).toMatchObject({ pending: 1 });
});

test("what is encoded after its time is not sent any more", async () => {
  const encodings: PromiseWithResolvers<void>[] = [];
  const { clock, sent, publish, publisher, errors } = open(
    delivered,
    { sendTimeoutMs: 1_000 },
    {
      async encode() {
        const encoding = Promise.withResolvers<void>();
        encodings.push(encoding);
        await encoding.promise;
        return new Uint8Array(1);
      },
    },
  );
  publish("a");
  const flushing = publisher.flush({ timeoutMs: 60_000 });
  await clock.advance(1_000);
  expect(errors[0]?.message).toContain("no answer within 1000 ms");
  encodings[0]?.resolve();
  await clock.advance(0);
  expect(sent).toHaveLength(0);

  const closing = publisher.close({ timeoutMs: 100 });
  await clock.advance(60_000);
  await Promise.all([flushing, closing]);
  for (const encoding of encodings) encoding.resolve();
  await clock.advance(60_000);
  expect(sent).toHaveLength(0);
});

test("says how old the oldest record is that waits", async () => {
  let up = false;
  const { clock, publisher, publish } = open(() => (up ? { kind: "delivered" } : { kind: "retry" }));
  expect(publisher.health().pendingDetail.oldestAgeMs).toBe(null);
  publish("a");
  await clock.advance(12_000);
  publish("b");
  expect(publisher.health().pendingDetail.oldestAgeMs).toBe(12_000);
  up = true;
  await clock.advance(60_000);
  expect(publisher.health().pendingDetail.oldestAgeMs).toBe(null);
});

test("lists every wrong option and every missing part of the definition in one error", () => {
  expect(() => open(delivered, { intervalMs: 5, sendTimeoutMs: 0, interval: 3 } as SeriesDeliveryOptions)).toThrow(
    /intervalMs[\s\S]*sendTimeoutMs|sendTimeoutMs[\s\S]*intervalMs/,
  );
  expect(() => createSeriesPublisher({ name: "x" } as unknown as SeriesDefinition<Totals>)).toThrow(
    /series[\s\S]*encode[\s\S]*send/,
  );
});

test("a clock that was far ahead while nothing was taken, or more than ten minutes ahead, silences nobody", async () => {
  const virtual = createVirtualClock();
  let shiftMs = 0;
  const answers: SnapshotOutcome[] = [{ kind: "retry" }, { kind: "delivered" }, { kind: "delivered" }];
  const { sent, publisher, publish, errors } = open(() => answers.shift() ?? { kind: "delivered" }, {
    clock: { ...virtual, now: () => virtual.now() + shiftMs },
  });
  publish("a");
  shiftMs = 300_000;
  await virtual.advance(10_000);
  shiftMs = 0;
  await virtual.advance(10_000);
  expect(publisher.health()).toMatchObject({ delivered: 1, pending: 0 });
  shiftMs = 3_600_000;
  await virtual.advance(10_000);
  shiftMs = 0;
  const before = sent.length;
  await virtual.advance(20_000);
  expect(sent.length).toBeGreaterThan(before);
  expect(errors.map(({ code }) => code)).toEqual(["send-failed"]);
});

test("parts for a busy backend are few, and grow fewer when it takes them", async () => {
  let busy = true;
  const { clock, sent, publisher, publish } = open((snapshot) => {
    if (busy) return { kind: "split", because: "busy" };
    return snapshot.totals.size > 0 ? { kind: "delivered" } : { kind: "retry" };
  });
  publish(...Array.from({ length: 64 }, (_, index) => `e${index}`));
  await clock.advance(900_000);
  busy = false;
  let before = sent.length;
  await clock.advance(40_000);
  expect(publisher.health().pending).toBe(0);
  expect(sent.length - before).toBeLessThanOrEqual(8 + 4 + 2 + 1 + 1 + 1);
  before = sent.length;
  await clock.advance(10_000);
  expect(sent.length - before).toBe(1);
});

test("a clock that stands still is not asked without end", async () => {
  const virtual = createVirtualClock();
  const time = virtual.now();
  let snapshots = 0;
  const { publisher, publish } = open(
    delivered,
    { clock: { ...virtual, now: () => time } },
    {
      series: {
        addEvent: () => undefined,
        addNetwork: () => undefined,
        snapshot: () => ({ time, totals: new Map([["snapshots", (snapshots += 1)]]) }),
      },
    },
  );
  publish("a");
  await publisher.flush();
  publish("a");
  const flushed = publisher.flush();
  await virtual.advance(5_000);
  expect((await flushed).status).toBe("timeout");
  expect(snapshots).toBeLessThan(20);
});

test.each([
  ["held", { kind: "hold", reason: "the key" }],
  ["told to wait", { kind: "retry", retryAfterMs: 60_000 }],
] as const)("a flush ends at once while the series are %s for longer than its time", async (_, outcome) => {
  const { clock, publisher, publish } = open(() => outcome);
  publish("a");
  void publisher.flush({ timeoutMs: 0 });
  await clock.advance(1_000);
  const begun = clock.monotonic();
  let ended = Number.NaN;
  const flushing = publisher.flush({ timeoutMs: 5_000 }).finally(() => (ended = clock.monotonic() - begun));
  await clock.advance(5_000);
  expect([(await flushing).status, ended]).toEqual(["timeout", 0]);
});

test("a flush waits for an attempt with the series that begins within its time", async () => {
  const { clock, publisher, publish } = open(() => ({
    kind: clock.monotonic() < 20_000 ? "hold" : "delivered",
    reason: "",
  }));
  publish("a");
  void publisher.flush({ timeoutMs: 0 });
  await clock.advance(1_000);
  const flushing = publisher.flush({ timeoutMs: 30_000 });
  await clock.advance(30_000);
  expect((await flushing).status).toBe("complete");
});
