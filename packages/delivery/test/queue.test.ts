import { expect, test } from "vitest";
import { type KeptBatch, MemoryStore } from "../src/queue/batch-store.ts";
import type { QueuedBatch } from "../src/queue/lane-queue.ts";
import { BatchQueue, type SendingRules } from "../src/queue/batch-queue.ts";
import { BatchMaker } from "../src/queue/batch-maker.ts";

const kept = (lane = "", count = 1): KeptBatch => ({ lane, count, bytes: 10, memory: 100 });
const rules = (given: Partial<SendingRules> = {}): SendingRules => ({
  now: 0,
  admits: () => true,
  failures: () => 0,
  probing: false,
  ...given,
});

function add(queue: BatchQueue, given: Partial<QueuedBatch> = {}): KeptBatch {
  const batch = given.kept ?? kept();
  queue.add(batch, { receivedAt: 0, generation: queue.generation, ...given });
  return batch;
}

/** Ends an generation; resolves when nothing of it is left. */
function endOf(queue: BatchQueue): Promise<void> {
  return new Promise((resolve) => queue.onceDrained(resolve));
}

/** Whether a promise is settled. */
async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  const pending = Symbol("pending");
  await Promise.resolve();
  return (await Promise.race([promise, Promise.resolve(pending)])) !== pending;
}

test("gives the oldest first, each once", () => {
  const queue = new BatchQueue();
  const all = [add(queue), add(queue, { kept: kept("b") }), add(queue)];
  expect([1, 2, 3, 4].map(() => queue.takeNext(rules())?.kept)).toEqual([...all, undefined]);
});

test("gives nothing of a lane that is kept back, and nothing before its time", () => {
  const queue = new BatchQueue();
  add(queue, { kept: kept("held") });
  const late = add(queue, { notBefore: 10 });
  expect(queue.takeNext(rules({ admits: (lane) => lane !== "held" }))).toBe(undefined);
  expect(queue.takeNext(rules({ now: 10, admits: (lane) => lane !== "held" }))?.kept).toBe(late);
});

test("lets the batch, and the lane, with the fewest failures find out how the backend is", () => {
  const queue = new BatchQueue();
  add(queue, { attempts: 2 });
  const fresh = add(queue);
  const other = add(queue, { kept: kept("other"), attempts: 1 });
  expect(queue.takeNext(rules({ probing: true, failures: (lane) => (lane === "" ? 1 : 0) }))?.kept).toBe(other);
  expect(queue.takeNext(rules({ probing: true }))?.kept).toBe(fresh);
});

test("parts go before whole batches, the smallest first", () => {
  const queue = new BatchQueue();
  const whole = add(queue);
  const [large, small] = [add(queue, { order: 0, kept: kept("", 8) }), add(queue, { order: 0, kept: kept("", 2) })];
  expect([1, 2, 3].map(() => queue.takeNext(rules())?.kept)).toEqual([small, large, whole]);
});

test("looks again when the first that waits may go, or has reached the age", () => {
  const queue = new BatchQueue();
  expect(queue.nextDue(0, 100)).toBe(Infinity);
  add(queue, { receivedAt: 4 });
  add(queue, { receivedAt: 5, wasSent: true });
  add(queue, { receivedAt: 6, notBefore: 50, wasSent: true });
  expect(queue.nextDue(0, 100)).toBe(50);
  expect(queue.nextDue(50, 100)).toBe(105);
});

test("a batch that was sent expires at its age, oldest first, unless it is in flight", () => {
  const queue = new BatchQueue();
  add(queue, { receivedAt: 0, kept: kept("never sent") });
  const old = [
    add(queue, { receivedAt: 1, wasSent: true }),
    add(queue, { receivedAt: 2, kept: kept("b"), wasSent: true }),
  ];
  add(queue, { receivedAt: 9, wasSent: true });
  const flying = queue.takeNext(rules({ admits: (lane) => lane === "" }));
  expect(flying?.kept).toBe(old[0]);
  expect(queue.firstExpired(101, 100)).toBe(undefined);
  expect(queue.firstExpired(102, 100)?.kept).toBe(old[1]);
  if (flying !== undefined) queue.delay(flying, 0);
  for (const batch of [...old, undefined]) {
    const expired = queue.firstExpired(102, 100);
    expect(expired?.kept).toBe(batch);
    if (expired !== undefined) queue.remove(expired);
  }
});

test("counts memory and finds lanes until a batch is removed, once", () => {
  const queue = new BatchQueue();
  add(queue, { kept: kept("a"), receivedAt: 3 });
  const first = queue.firstWaiting();
  expect([queue.memory, queue.size, queue.oldest, queue.hasLane("a")]).toEqual([100, 1, 3, true]);
  if (first === undefined) throw new Error("the queue is empty");
  queue.remove(first);
  queue.remove(first);
  expect([queue.memory, queue.size, queue.oldest, queue.hasLane("a")]).toEqual([0, 0, undefined, false]);
});

test("an generation that ends is settled when everything of it, and of those before, is gone", async () => {
  const queue = new BatchQueue();
  add(queue);
  const first = endOf(queue);
  add(queue);
  const second = endOf(queue);
  add(queue);
  const [one, two, three] = [...queue.all()] as [QueuedBatch, QueuedBatch, QueuedBatch];
  queue.remove(two);
  expect([await isSettled(first), await isSettled(second)]).toEqual([false, false]);
  queue.remove(one);
  expect([await isSettled(first), await isSettled(second)]).toEqual([true, true]);
  const third = endOf(queue);
  queue.add(kept(), { receivedAt: 0, generation: three.generation, order: three.order });
  queue.remove(three);
  expect(await isSettled(third)).toBe(false);
});

test("an generation without batches is settled at once", async () => {
  expect(await isSettled(endOf(new BatchQueue()))).toBe(true);
});

test("a store gives a batch until it is forgotten or replaced", () => {
  const store = new MemoryStore();
  const maker = new BatchMaker();
  const batch = maker.create("lane", new Uint8Array([1, 2, 3]), new Uint32Array([0, 1, 3]), 0);
  const whole = store.keep(batch);
  expect(whole).toMatchObject({ lane: "lane", count: 2, bytes: 3 });
  expect(whole.memory).toBeGreaterThan(3 + 12);
  expect(store.load(whole)).toBe(batch);
  const parts = store.replace(whole, [maker.slice(batch, 0, 1, 0), maker.slice(batch, 1, 2, 0)]) as KeptBatch[];
  expect(() => store.load(whole)).toThrow("forgotten");
  expect(parts.map(({ count, bytes }) => [count, bytes])).toEqual([
    [1, 1],
    [1, 2],
  ]);
  for (const part of parts) store.forget(part);
  for (const part of parts) expect(() => store.load(part)).toThrow("forgotten");
});

test("an generation that nothing came into is not ended anew, and a call that was taken back does not come", () => {
  const queue = new BatchQueue();
  add(queue);
  const done: number[] = [];
  const forget = [0, 1, 2].map((index) => queue.onceDrained(() => done.push(index)));
  expect(queue.generation).toBe(1);
  forget[1]?.();
  for (const queued of queue.all()) queue.remove(queued);
  expect(done).toEqual([0, 2]);
});
