import { setImmediate } from "node:timers/promises";
import { createVirtualClock, type VirtualClock } from "@eventmeter/testkit";
import { expect, test } from "vitest";
import { LaneBuffers } from "../src/queue/lane-buffers.ts";
import { resolveDelivery } from "../src/push/delivery-options.ts";
import { createPushPublisher, type Outcome, type PushOptions } from "../src/index.ts";

const CALLS = 1_500;
const ROUNDS = 5;
const SILENT = (): Promise<Outcome> => new Promise(() => undefined);

interface ManyLanes {
  readonly publishToNext: () => void;
  readonly clock: VirtualClock;
}

/** A publisher whose queue is full of batches of `count` lanes. */
async function fillLanes(
  count: number,
  send: () => Outcome | Promise<Outcome>,
  options: PushOptions,
): Promise<ManyLanes> {
  const clock = createVirtualClock();
  let calls = 0;
  const publisher = createPushPublisher(
    {
      name: "many-lanes",
      encode: () => ({ data: "a record of thirty-two characters", lane: `lane-${calls++ % count}` }),
      send,
    },
    { clock, maxQueueBytes: 17_000_000, overflow: "drop-oldest", onError: () => undefined, ...options },
  );
  const publishToNext = (): void =>
    publisher.publishEventMetrics({
      eventName: "job",
      taskId: 1,
      startTime: 1_750_000_000_000,
      endTime: 1_750_000_000_005,
    });
  for (let call = 0; call < 14_000; call += 1) {
    publishToNext();
    if (call % 500 === 0) await clock.advance(0);
  }
  await clock.advance(0);
  expect(publisher.health().droppedBy).toHaveProperty("queue-full");
  return { publishToNext, clock };
}

/** Returns what one call costs, in microseconds. */
async function costOf({ publishToNext }: ManyLanes): Promise<number> {
  let ms = 0;
  for (let call = 0; call < CALLS; call += 100) {
    await setImmediate();
    const begun = performance.now();
    for (let more = 0; more < 100; more += 1) publishToNext();
    ms += performance.now() - begun;
  }
  return (ms / CALLS) * 1_000;
}

const STATES: readonly (readonly [string, () => Outcome | Promise<Outcome>, PushOptions])[] = [
  ["does not answer", SILENT, { maxBatchRecords: 1 }],
  ["does not answer, and records are gathered in 64 lanes", SILENT, {}],
  ["holds every lane", () => ({ kind: "hold", reason: "the key" }), { maxBatchRecords: 1 }],
  ["is down", () => ({ kind: "retry", retryAfterMs: 60_000 }), { maxBatchRecords: 1 }],
  ["takes no record", () => ({ kind: "partial", records: ["retry"], alone: true }), { maxBatchRecords: 1 }],
];

test.each(STATES)(
  "a publish into 10,000 lanes costs little more than one into 100 while the queue is full and the backend %s",
  { timeout: 120_000 },
  async (_, send, options) => {
    const few = await fillLanes(100, send, options);
    const many = await fillLanes(10_000, send, options);
    const ratios: number[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      const one = await costOf(few);
      const other = await costOf(many);
      ratios.push(other / one);
    }
    // What looks at every lane costs ten times as much and more. The best round counts: a machine that is busy only adds.
    expect(Math.min(...ratios)).toBeLessThan(4);
  },
);

test("a record that ends the batch of the least recently used of 10,000 lanes costs little more than of 64", () => {
  const openBuffers = (maxLanes: number): (() => number) => {
    const buffers = new LaneBuffers({
      options: resolveDelivery({ maxLanes }),
      clock: createVirtualClock(),
      overhead: () => 0,
      limitOf: () => 1_000_000,
      onReady: () => undefined,
    });
    let calls = 0;
    const addToNext = (): boolean => buffers.add(`lane-${calls++ % (maxLanes * 2)}`, "x", Infinity);
    for (let call = 0; call < maxLanes * 2; call += 1) addToNext();
    return () => {
      const begun = performance.now();
      for (let call = 0; call < CALLS; call += 1) addToNext();
      return performance.now() - begun;
    };
  };
  const few = openBuffers(64);
  const many = openBuffers(10_000);
  const ratios: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const one = few();
    ratios.push(many() / one);
  }
  expect(Math.min(...ratios)).toBeLessThan(6);
});
