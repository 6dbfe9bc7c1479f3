/** Random choices that a seed repeats. */
export interface SeededRandom {
  /** A whole number from 0 to `below` - 1. */
  integer(below: number): number;
  /** One of a list that is not empty. */
  pick<Item>(items: readonly Item[]): Item;
}

/** Makes the choices of one seed (the mulberry32 generator). */
export function createRandom(seed: number): SeededRandom {
  let state = seed >>> 0;
  function integer(below: number): number {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below);
  }
  return { integer, pick: (items) => items[integer(items.length)] as (typeof items)[number] };
}
