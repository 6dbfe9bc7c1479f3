// Random choices that a seed repeats, by the mulberry32 generator.

/** Random choices that a seed repeats. */
export interface SeededRandom {
  /** Returns a whole number from 0 to `below` - 1. */
  readonly integer: (below: number) => number;
  /** Returns true once in `many` times on average. */
  readonly once: (many: number) => boolean;
  /** Returns an element of a list that is not empty. */
  readonly pick: <Item>(items: readonly Item[]) => Item;
}

/** Creates a generator of random choices; the same seed gives the same choices. */
export function createSeededRandom(seed: number): SeededRandom {
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
