import { setImmediate } from "node:timers/promises";
import { expect, test } from "vitest";
import { BATCH_OVERHEAD } from "../src/queue/batch-maker.ts";
import { DELIVERED, keyOf, openHarness, within } from "./push-harness.ts";

test("a handler of onError that publishes loses none of what it publishes, nor of what made it run", async () => {
  let echoes = 0;
  const harness = openHarness(() => DELIVERED, {
    maxBatchBytes: 50,
    maxAgeMs: 1_000,
    lingerMs: 10_000,
    onError: () => {
      for (let count = 0; count < 2; count += 1) if ((echoes += 1) <= 40) harness.publish({ lane: "a" });
    },
  });
  const { clock, publisher, fill, sent, dropped } = harness;
  for (let round = 0; round < 10; round += 1) {
    fill(2, { lane: "a" });
    await clock.advance(2_000);
    fill(2, { lane: "a" });
  }
  await clock.advance(600_000);
  const { received, delivered, pending } = publisher.health();
  expect(pending).toBe(0);
  expect(received).toBe(40 + Math.min(echoes, 40));
  const keys = [...sent.flatMap((one) => one.keys), ...dropped.map(({ bytes }) => keyOf(bytes))];
  expect(keys).toHaveLength(received);
  expect(new Set(keys).size).toBe(received);
  expect(delivered).toBe(sent.flatMap((one) => one.keys).length);
});

test("a handler of onError that fills the queue while old batches are given up has each of them given up once", async () => {
  let echoes = 0;
  const harness = openHarness(() => ({ kind: "retry" }), {
    overflow: "drop-oldest",
    maxQueueBytes: 10 * (BATCH_OVERHEAD + 600),
    maxBatchRecords: 1,
    maxAgeMs: 1_000,
    onError: ({ code }) => {
      if (code === "record-dropped") for (; echoes < 20; echoes += 1) harness.publish();
    },
  });
  const { clock, publisher, fill, sent, dropped } = harness;
  fill(5);
  await clock.advance(1_000);
  expect(echoes).toBe(20);
  const { pending } = publisher.health();
  expect(pending + dropped.length).toBe(25);
  expect(publisher.health()).toMatchObject({ received: 25, dropped: dropped.length });
  expect(new Set(dropped.map(({ bytes }) => keyOf(bytes))).size).toBe(dropped.length);
  expect(sent.length).toBeGreaterThan(0);
});

test("encode may publish: both records arrive, each with its own fields", async () => {
  const bodies: string[] = [];
  const harness = openHarness(
    () => undefined,
    {},
    {
      encode(record) {
        if (record.taskId === "1") harness.publish();
        return { data: `<${record.taskId}>` };
      },
      send(batch) {
        bodies.push(Buffer.from(batch.body()).toString());
        return DELIVERED;
      },
    },
  );
  harness.publish();
  expect(await harness.publisher.flush()).toMatchObject({ delivered: 2 });
  // What encode read of the outer record after publishing is the inner one's: fields are valid until the next call.
  expect(bodies).toEqual(["<2><2>"]);
});

test("send, onDrop and onDiagnostic may publish, flush and ask for the health", async () => {
  let calls = 0;
  const touch = (): void => {
    if ((calls += 1) > 30) return;
    harness.publish();
    void harness.publisher.flush({ timeoutMs: 0 });
    harness.publisher.health();
  };
  const harness = openHarness((one) => (touch(), one.attempt === 1 ? { kind: "rejected", reason: "no" } : DELIVERED), {
    onDrop: touch,
    onDiagnostic: touch,
    maxBatchRecords: 2,
  });
  harness.fill(5);
  await harness.clock.advance(60_000);
  expect(harness.publisher.health()).toMatchObject({ received: 35, dropped: 35, pending: 0 });
});

test("a wall clock that jumps changes no wait and no age", async () => {
  for (const jump of [3_600_000, -3_600_000, 3.2e11, -3.2e11]) {
    let offset = 0;
    const times: number[] = [];
    const real = openHarness();
    const { publisher, publish } = openHarness(
      (one) => (times.push(one.attempt), { kind: "retry", retryAfterMs: 20_000 }),
      {
        clock: {
          now: () => real.clock.now() + offset,
          monotonic: real.clock.monotonic,
          setTimeout: (run, ms) => real.clock.setTimeout(run, ms),
        },
        maxAgeMs: 120_000,
      },
    );
    publish();
    await real.clock.advance(1_000);
    expect(times).toHaveLength(1);
    offset = jump;
    await real.clock.advance(19_000);
    expect(times).toHaveLength(1);
    await real.clock.advance(99_000);
    expect(publisher.health()).toMatchObject({ pending: 1, pendingDetail: { oldestAgeMs: 119_000 } });
    expect(times.length).toBeGreaterThan(2);
    await real.clock.advance(40_000);
    expect(publisher.health()).toMatchObject({ pending: 0, droppedBy: { expired: 1 } });
  }
});

test("cutting batches down to their records takes little more memory than the batches", async () => {
  const maxQueueBytes = 1_048_576;
  let most = 0;
  const { publisher, fill, clock } = openHarness(
    () => {
      most = Math.max(most, publisher.health().pendingDetail.bytes);
      return { kind: "split", because: "rejected" };
    },
    { maxQueueBytes, concurrency: 4, maxBatchRecords: 1_000, onDrop: undefined },
  );
  fill(20_000, { size: 40 });
  const { pending, pendingDetail } = publisher.health();
  await clock.advance(0);
  expect(publisher.health()).toMatchObject({ pending: 0, droppedBy: { rejected: pending } });
  // Four batches in halves of halves: twice the depth of their bisection each.
  expect(most).toBeLessThan(pendingDetail.bytes + 4 * 2 * 10 * (BATCH_OVERHEAD + 100));
});

test("what send says after its time, or throws after the close, reaches nobody", async () => {
  const rejections: unknown[] = [];
  const note = (reason: unknown): void => void rejections.push(reason);
  process.on("unhandledRejection", note);
  const { clock, publisher, fill, sent, errors } = openHarness(() => undefined, {
    maxBatchRecords: 1,
    sendTimeoutMs: 1_000,
  });
  fill(4);
  await clock.advance(1_000);
  for (const one of sent.slice(0, 2)) one.fail(new Error("late"));
  await clock.advance(2_000);
  await within(clock, publisher.close({ timeoutMs: 100 }));
  const reported = errors.length;
  for (const one of sent) one.fail(new Error("after the close"));
  await clock.advance(60_000);
  process.off("unhandledRejection", note);
  expect(rejections).toEqual([]);
  expect(errors).toHaveLength(reported);
  expect(clock.pendingTimers).toBe(0);
});

test("a hundred thousand batches that wait make a publish no slower", async () => {
  const { publisher, fill, clock } = openHarness(() => ({ kind: "retry" }), {
    maxBatchRecords: 1,
    maxQueueBytes: 2 ** 40,
    onDrop: undefined,
  });
  const timeOf = async (): Promise<number> => {
    const begun = performance.now();
    for (let count = 0; count < 1_000; count += 1) {
      fill(1);
      if (count % 20 === 0) await clock.advance(0);
    }
    return performance.now() - begun;
  };
  await timeOf();
  const few = Math.min(await timeOf(), await timeOf());
  fill(50_000);
  await clock.advance(60_000);
  const many = Math.min(await timeOf(), await timeOf(), await timeOf());
  expect(publisher.health().pending).toBeGreaterThan(50_000);
  // Looking at each waiting batch once per pump would be a hundred times slower.
  expect(many).toBeLessThan(few * 10 + 50);
});

test("a handler of onDrop that publishes into a full queue does not call itself, and each record is handed out", async () => {
  let echoes = 0;
  const handed: string[] = [];
  const harness = openHarness(() => ({ kind: "retry" }), {
    maxQueueBytes: 16_384,
    lingerMs: 10_000,
    onDrop({ bytes }) {
      handed.push(String(keyOf(bytes)));
      if ((echoes += 1) < 20_000) harness.publish();
    },
  });
  const { clock, publisher } = harness;
  for (let count = 0; count < 2_000 && handed.length === 0; count += 1) harness.publish();
  // Each echo waits for a turn of the event loop, which calls within calls would not.
  for (let turns = 0; turns < 1_000 && handed.length < 50; turns += 1) await setImmediate();
  expect(handed.length).toBeGreaterThanOrEqual(50);
  echoes = 20_000;
  const closed = publisher.close({ timeoutMs: 1 });
  await clock.advance(1);
  const { received, delivered, dropped, ignored, pending } = await closed;
  expect(received).toBe(delivered + dropped + ignored + pending);
  expect(pending).toBe(0);
  expect(new Set(handed).size).toBe(handed.length);
  expect(handed).toHaveLength(dropped);
});

test("a handler of onDrop that publishes as much as was dropped keeps no publish for ever", () => {
  let echoes = 0;
  let mostEchoes = 0;
  const harness = openHarness(() => undefined, {
    overflow: "drop-oldest",
    maxQueueBytes: 16_384,
    maxBatchRecords: 10,
    lingerMs: 10_000,
    onDrop() {
      if ((echoes += 1) < 5_000) harness.publish({ size: 100 });
    },
  });
  for (let count = 0; count < 500; count += 1) {
    echoes = 0;
    harness.publish({ size: 100 });
    mostEchoes = Math.max(mostEchoes, echoes);
  }
  // One publish hands out what waits for it, not what is added meanwhile.
  expect(mostEchoes).toBeGreaterThan(0);
  expect(mostEchoes).toBeLessThan(500);
  const { received, delivered, dropped, pending } = harness.publisher.health();
  expect(received).toBe(delivered + dropped + pending);
});

test.each(["drop-newest", "drop-oldest"] as const)(
  "%s: a record whose bytes stand until the next one is encoded stays itself when a handler publishes in between",
  async (overflow) => {
    const shared = Buffer.alloc(64);
    const taken: string[] = [];
    let key = 0;
    let echoes = 0;
    const handed: string[] = [];
    const harness = openHarness(
      undefined,
      {
        overflow,
        maxQueueBytes: 16_384,
        maxBatchRecords: 20,
        lingerMs: 10_000,
        onError: () => echo(),
        onDrop: ({ bytes }) => {
          handed.push(Buffer.from(bytes).toString());
          echo();
        },
      },
      {
        start: () => started.promise,
        encode() {
          key += 1;
          return { data: shared.subarray(0, shared.write(`<${String(key).padStart(40, "0")}>`)) };
        },
        send({ records, offsets, count }) {
          for (let index = 0; index < count; index += 1)
            taken.push(Buffer.from(records.subarray(offsets[index], offsets[index + 1])).toString());
          return DELIVERED;
        },
      },
    );
    const started = Promise.withResolvers<void>();
    function echo(): void {
      for (let count = 0; count < 3 && echoes < 200; count += 1) {
        echoes += 1;
        harness.publish();
      }
    }
    harness.fill(1_000);
    started.resolve();
    await harness.clock.advance(60_000);
    const closing = harness.publisher.close();
    await harness.clock.advance(5_000);
    const { received, delivered, dropped, pending } = await closing;
    expect([pending, delivered + dropped]).toEqual([0, received]);
    expect(echoes).toBeGreaterThan(3);
    expect(taken).toHaveLength(delivered);
    expect(handed).toHaveLength(dropped);
    expect(new Set([...taken, ...handed]).size).toBe(received);
  },
);
