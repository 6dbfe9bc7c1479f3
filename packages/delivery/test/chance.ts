import { vi } from "vitest";

/** Random choices that a seed repeats. */
export interface Chance {
  /** A whole number from 0 to `below` - 1. */
  readonly integer: (below: number) => number;
  /** True once in `many` times. */
  readonly once: (many: number) => boolean;
  readonly pick: <Item>(items: readonly Item[]) => Item;
}

/** Makes the choices of one seed (the mulberry32 generator). */
export function createChance(seed: number): Chance {
  let state = seed >>> 0;
  function integer(below: number): number {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below);
  }
  return {
    integer,
    once: (many) => integer(many) === 0,
    pick: (items) => items[integer(items.length)] as (typeof items)[number],
  };
}

/** Makes jitter repeat, until the mocks are restored. */
export function seedJitter(seed: number): void {
  const { integer } = createChance(seed);
  vi.spyOn(Math, "random").mockImplementation(() => integer(2 ** 31) / 2 ** 31);
}
