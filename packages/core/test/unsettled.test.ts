// What a publisher of createPublisher holds at a time: how many records, how much memory, and for how long.
import { describe, expect, test } from "vitest";
import { createVirtualClock } from "../../testkit/src/virtual-clock.ts";
import { createPublisher, type EventMetrics, type MetricsPublisher, type PublisherDefinition } from "../src/index.ts";

const event = (taskId: number, more: Partial<EventMetrics> = {}): EventMetrics => ({
  eventName: "job",
  taskId,
  startTime: 1.7e12,
  ...more,
});

function setUp(limits: Pick<PublisherDefinition, "maxUnsettled" | "maxUnsettledBytes"> = {}) {
  const clock = createVirtualClock();
  const finish: (() => void)[] = [];
  const handler = (): Promise<void> => new Promise((resolve) => finish.push(resolve));
  const publisher = createPublisher(
    { name: "example", event: handler, ...limits },
    { clock, onError: () => undefined },
  );
  return { clock, finish, publisher };
}

const bytesOf = (publisher: MetricsPublisher): number => publisher.health().pendingDetail.bytes;

test("holds 100,000 records unless told otherwise, if their memory is within its own limit", () => {
  const { publisher } = setUp({ maxUnsettledBytes: 2 ** 31 - 1 });
  for (let id = 0; id < 100_500; id += 1) publisher.publishEventMetrics(event(id));
  expect(publisher.health()).toMatchObject({ pending: 100_000, droppedBy: { overflow: 500 } });
});

test("holds 32 MiB unless told otherwise", () => {
  const { publisher } = setUp();
  const attributes = Object.fromEntries(Array.from({ length: 64 }, (_, index) => [`a${index}`, "x".repeat(1_024)]));
  for (let id = 0; id < 500; id += 1) publisher.publishEventMetrics(event(id, { attributes }));
  const { pending, droppedBy, pendingDetail } = publisher.health();
  const bytesOfOne = pendingDetail.bytes / pending;
  expect(pendingDetail.bytes).toBeGreaterThanOrEqual(33_554_432);
  expect(pendingDetail.bytes).toBeLessThan(33_554_432 + bytesOfOne);
  expect(droppedBy).toEqual({ overflow: 500 - pending });
});

test("drops a record that comes when the memory limit is reached, and takes the next one when there is room again", async () => {
  const { publisher, clock, finish } = setUp({ maxUnsettledBytes: 1_300 });
  for (let id = 0; id < 4; id += 1) publisher.publishEventMetrics(event(id));
  expect(publisher.health()).toMatchObject({ pending: 2, droppedBy: { overflow: 2 } });
  finish[0]?.();
  await clock.advance(0);
  publisher.publishEventMetrics(event(5));
  expect(publisher.health()).toMatchObject({ pending: 2, delivered: 1, droppedBy: { overflow: 2 } });
});

describe("memory that is held", () => {
  test("grows by two bytes for each character of a text, also of an attribute and its name", () => {
    const { publisher } = setUp();
    const sizeOf = (record: EventMetrics): number => {
      const before = bytesOf(publisher);
      publisher.publishEventMetrics(record);
      return bytesOf(publisher) - before;
    };
    const plain = sizeOf(event(1));
    expect(plain).toBeGreaterThan(768);
    expect(sizeOf(event(1, { status: "completed!" })) - plain).toBe(2 * ("completed!".length - "running".length));
    expect(sizeOf(event(1, { attributes: { tenant: "x".repeat(500), size: 5 } })) - plain).toBe(
      2 * (500 + "tenant".length + "size".length) + 2 * 48,
    );
  });

  test("is given back when records are settled", async () => {
    const { publisher, clock, finish } = setUp();
    for (let id = 0; id < 3; id += 1) publisher.publishEventMetrics(event(id));
    const three = bytesOf(publisher);
    finish[1]?.();
    await clock.advance(0);
    expect(bytesOf(publisher)).toBe((three / 3) * 2);
    for (const resolve of finish) resolve();
    await clock.advance(0);
    expect(publisher.health().pendingDetail).toEqual({ bytes: 0, oldestAgeMs: null });
  });

  test("is given back by a close", async () => {
    const { publisher, clock } = setUp();
    publisher.publishEventMetrics(event(1));
    const closed = publisher.close({ timeoutMs: 10 });
    await clock.advance(10);
    await closed;
    expect(publisher.health().pendingDetail).toEqual({ bytes: 0, oldestAgeMs: null });
  });
});

test("the age is that of the oldest record that is left", async () => {
  const { publisher, clock, finish } = setUp();
  publisher.publishEventMetrics(event(1));
  await clock.advance(20);
  publisher.publishEventMetrics(event(2));
  await clock.advance(5);
  expect(publisher.health().pendingDetail.oldestAgeMs).toBe(25);
  finish[0]?.();
  await clock.advance(0);
  expect(publisher.health().pendingDetail.oldestAgeMs).toBe(5);
});

test("the last success is when a handler last settled a record", async () => {
  const { publisher, clock, finish } = setUp();
  const begun = clock.now();
  publisher.publishEventMetrics(event(1));
  expect(publisher.health().lastSuccess).toBeNull();
  await clock.advance(30);
  finish[0]?.();
  await clock.advance(10);
  expect(publisher.health().lastSuccess).toBe(begun + 30);
});
