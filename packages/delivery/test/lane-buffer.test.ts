import { fc, test as property } from "@fast-check/vitest";
import { expect, test } from "vitest";
import { createVirtualClock } from "@eventmeter/testkit";
import { LaneBuffers } from "../src/queue/lane-buffers.ts";
import { LaneBuffer, openingBytes } from "../src/queue/lane-buffer.ts";
import { resolveDelivery } from "../src/push/delivery-options.ts";
import type { DeliveryOptions } from "../src/index.ts";

const text = fc.oneof(
  fc.string(),
  fc.string({ unit: "binary" }),
  fc.string({ unit: "binary", minLength: 1_000, maxLength: 6_000 }),
);
const data = fc.oneof(text, fc.uint8Array(), fc.uint8Array({ minLength: 3_000, maxLength: 9_000 }));

function contentOf(lane: LaneBuffer): string[] {
  const { records, offsets } = lane.take();
  return Array.from({ length: offsets.length - 1 }, (_, index) =>
    Buffer.from(records.subarray(offsets[index], offsets[index + 1])).toString("hex"),
  );
}

property.prop([fc.array(data, { minLength: 1, maxLength: 150 }), fc.integer({ min: 1, max: 20_000 })])(
  "holds exactly what was appended, and takes the memory that it said before",
  (all, limit) => {
    const lane = new LaneBuffer("lane", 0, limit);
    let memory = 0;
    for (const one of all) {
      memory += lane.growthFor(one);
      lane.append(one);
      expect(lane.capacity).toBe(memory);
    }
    expect(lane.count).toBe(all.length);
    const expected = all.map((one) => (typeof one === "string" ? Buffer.from(one) : Buffer.from(one)).toString("hex"));
    expect(contentOf(lane)).toEqual(expected);
  },
);

property.prop([data])("opens with the memory that openingBytes gives", (one) => {
  const lane = new LaneBuffer("lane", 0, 1_000);
  lane.append(one);
  expect(lane.capacity).toBe(openingBytes(one));
});

test("gives memory back that is mostly empty when it is taken", () => {
  const lane = new LaneBuffer("lane", 0, 1_000_000);
  lane.append("short");
  expect(lane.take().records.buffer.byteLength).toBe(5);
});

function openBuffers(options: DeliveryOptions = {}): {
  buffers: LaneBuffers;
  handedOn: string[][];
  clock: ReturnType<typeof createVirtualClock>;
} {
  const clock = createVirtualClock();
  const handedOn: string[][] = [];
  const buffers = new LaneBuffers({
    options: resolveDelivery(options),
    clock,
    overhead: () => 0,
    limitOf: () => options.maxBatchBytes ?? 1_000_000,
    onReady: (lane) =>
      void handedOn.push([lane.lane, ...contentOf(lane).map((hex) => Buffer.from(hex, "hex").toString())]),
  });
  return { buffers, handedOn, clock };
}

test("the lane that became full last opens as large again, until buffers linger", async () => {
  const { buffers, clock } = openBuffers({ maxBatchBytes: 20_000, lingerMs: 1_000 });
  const memoryOf = (lane: string): number => {
    const before = buffers.memory;
    buffers.add(lane, "x", Infinity);
    return buffers.memory - before;
  };
  buffers.add("a", "x".repeat(20_000), Infinity);
  expect([buffers.count, memoryOf("a"), memoryOf("b")]).toEqual([0, openingBytes("x", 20_000), openingBytes("x")]);
  await clock.advance(1_000);
  expect([buffers.count, memoryOf("a")]).toEqual([0, openingBytes("x")]);
});

test("hands on the least recently used lane where one more is wanted", () => {
  const { buffers, handedOn } = openBuffers({ maxLanes: 3 });
  for (const all of ["a1", "b1", "c1", "a2", "d1", "e1"]) buffers.add(all.slice(0, 1), all.slice(1), Infinity);
  expect(handedOn).toEqual([
    ["b", "1"],
    ["c", "1"],
  ]);
});

test("one timer serves all lanes, each at its own time", async () => {
  const { buffers, handedOn, clock } = openBuffers({ lingerMs: 1_000 });
  buffers.add("a", "1", Infinity);
  await clock.advance(400);
  buffers.add("b", "1", Infinity);
  buffers.add("a", "2", Infinity);
  expect(clock.pendingTimers).toBe(1);
  await clock.advance(600);
  expect(handedOn).toEqual([["a", "1", "2"]]);
  expect(clock.pendingTimers).toBe(1);
  await clock.advance(400);
  expect(handedOn).toHaveLength(2);
  expect([clock.pendingTimers, buffers.memory, buffers.count]).toEqual([0, 0, 0]);
});

test("linger times that do not add up to the last bit come to an end", async () => {
  const { buffers, handedOn, clock } = openBuffers({ lingerMs: 1 });
  for (let round = 0; round < 50; round += 1) {
    buffers.add("a", "1", Infinity);
    await clock.advance(1.9 + round / 7);
    await clock.advance(1);
    expect(handedOn).toHaveLength(round + 1);
  }
});

test("a record that needs more memory than there is changes nothing", () => {
  const { buffers, handedOn } = openBuffers();
  buffers.add("a", "1", Infinity);
  const { memory } = buffers;
  expect(buffers.add("b", "1", openingBytes("1") - 1)).toBe(false);
  expect(buffers.add("a", "x".repeat(5_000), 10)).toBe(false);
  expect([buffers.memory, buffers.count, handedOn]).toEqual([memory, 1, []]);
  expect(buffers.add("b", "1", openingBytes("1"))).toBe(true);
});

test("an empty record takes no more memory than it gives back", () => {
  const { buffers } = openBuffers();
  buffers.add("a", "", Infinity);
  buffers.add("a", "x", Infinity);
  buffers.handOnAll();
  expect(buffers.memory).toBe(0);
});
