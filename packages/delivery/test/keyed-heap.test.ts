import { fc, test as property } from "@fast-check/vitest";
import { expect, test } from "vitest";
import { KeyedHeap } from "../src/queue/keyed-heap.ts";

const step = fc.record({
  item: fc.integer({ min: 0, max: 40 }),
  key: fc.oneof(fc.constant(undefined), fc.integer({ min: 0, max: 9 }), fc.double({ noNaN: true, min: -5, max: 5 })),
});

property.prop([fc.array(step, { maxLength: 300 })])("gives what a sorted array gives, after every change", (steps) => {
  const heap = new KeyedHeap<number>();
  const keys = new Map<number, number>();
  for (const { item, key } of steps) {
    if (key === undefined) expect(heap.delete(item)).toBe(keys.delete(item));
    else {
      heap.set(item, key);
      keys.set(item, key);
    }
    const sorted = [...keys.values()].toSorted((one, other) => one - other);
    expect([heap.size, heap.firstKey]).toEqual([keys.size, sorted[0] ?? Infinity]);
    expect(heap.first === undefined ? Infinity : keys.get(heap.first)).toBe(heap.firstKey);
    expect([...heap.items].toSorted((one, other) => one - other)).toEqual(
      [...keys.keys()].toSorted((one, other) => one - other),
    );
    expect(heap.has(item)).toBe(keys.has(item));
  }
  const taken: number[] = [];
  for (let { first } = heap; first !== undefined; { first } = heap) {
    taken.push(heap.firstKey);
    heap.delete(first);
  }
  expect(taken).toEqual([...keys.values()].toSorted((one, other) => one - other));
});

test("an empty heap has no first item", () => {
  const heap = new KeyedHeap<string>();
  expect([heap.first, heap.firstKey, heap.delete("a")]).toEqual([undefined, Infinity, false]);
});
