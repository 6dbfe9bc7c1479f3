import { fc, test as property } from "@fast-check/vitest";
import { expect, test } from "vitest";
import { createVirtualClock } from "@eventmeter/testkit";
import { createGather, type Gather } from "../src/gather.ts";
import { openingBytes, openLane, type OpenLane } from "../src/open-lane.ts";
import { resolveDelivery } from "../src/options.ts";
import type { DeliveryOptions } from "../src/index.ts";

const text = fc.oneof(
  fc.string(),
  fc.string({ unit: "binary" }),
  fc.string({ unit: "binary", minLength: 1_000, maxLength: 6_000 }),
);
const data = fc.oneof(text, fc.uint8Array(), fc.uint8Array({ minLength: 3_000, maxLength: 9_000 }));

function contentOf(lane: OpenLane): string[] {
  const { records, offsets } = lane.take();
  return Array.from({ length: offsets.length - 1 }, (_, index) =>
    Buffer.from(records.subarray(offsets[index], offsets[index + 1])).toString("hex"),
  );
}

property.prop([fc.array(data, { minLength: 1, maxLength: 150 }), fc.integer({ min: 1, max: 20_000 })])(
  "holds exactly what was appended, and takes the memory that it said before",
  (all, limit) => {
    const lane = openLane("lane", 0, limit);
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
  const lane = openLane("lane", 0, 1_000);
  lane.append(one);
  expect(lane.capacity).toBe(openingBytes(one));
});

test("gives memory back that is mostly empty when it is taken", () => {
  const lane = openLane("lane", 0, 1_000_000);
  lane.append("short");
  expect(lane.take().records.buffer.byteLength).toBe(5);
});

function gatherOf(options: DeliveryOptions = {}): {
  gather: Gather;
  sealed: string[][];
  clock: ReturnType<typeof createVirtualClock>;
} {
  const clock = createVirtualClock();
  const sealed: string[][] = [];
  const gather = createGather({
    options: resolveDelivery(options),
    clock,
    overhead: () => 0,
    limitOf: () => options.maxBatchBytes ?? 1_000_000,
    onSeal: (lane) =>
      void sealed.push([lane.lane, ...contentOf(lane).map((hex) => Buffer.from(hex, "hex").toString())]),
  });
  return { gather, sealed, clock };
}

test("seals the least recently used lane where one more is wanted", () => {
  const { gather, sealed } = gatherOf({ maxLanes: 3 });
  for (const all of ["a1", "b1", "c1", "a2", "d1", "e1"]) gather.add(all.slice(0, 1), all.slice(1), Infinity);
  expect(sealed).toEqual([
    ["b", "1"],
    ["c", "1"],
  ]);
});

test("one timer serves all lanes, each at its own time", async () => {
  const { gather, sealed, clock } = gatherOf({ lingerMs: 1_000 });
  gather.add("a", "1", Infinity);
  await clock.advance(400);
  gather.add("b", "1", Infinity);
  gather.add("a", "2", Infinity);
  expect(clock.pendingTimers).toBe(1);
  await clock.advance(600);
  expect(sealed).toEqual([["a", "1", "2"]]);
  expect(clock.pendingTimers).toBe(1);
  await clock.advance(400);
  expect(sealed).toHaveLength(2);
  expect([clock.pendingTimers, gather.memory, gather.count]).toEqual([0, 0, 0]);
});

test("linger times that do not add up to the last bit come to an end", async () => {
  const { gather, sealed, clock } = gatherOf({ lingerMs: 1 });
  for (let round = 0; round < 50; round += 1) {
    gather.add("a", "1", Infinity);
    await clock.advance(1.9 + round / 7);
    await clock.advance(1);
    expect(sealed).toHaveLength(round + 1);
  }
});

test("a record that needs more memory than there is changes nothing", () => {
  const { gather, sealed } = gatherOf();
  gather.add("a", "1", Infinity);
  const { memory } = gather;
  expect(gather.add("b", "1", openingBytes("1") - 1)).toBe(false);
  expect(gather.add("a", "x".repeat(5_000), 10)).toBe(false);
  expect([gather.memory, gather.count, sealed]).toEqual([memory, 1, []]);
  expect(gather.add("b", "1", openingBytes("1"))).toBe(true);
});

test("an empty record takes no more memory than it gives back", () => {
  const { gather } = gatherOf();
  gather.add("a", "", Infinity);
  gather.add("a", "x", Infinity);
  gather.sealAll();
  expect(gather.memory).toBe(0);
});
