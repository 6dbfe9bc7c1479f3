// Binary heap of items with a key each: the smallest key first; an item can be given another key or be removed.

/** Items in the order of their keys, as far as the first one is concerned. Every change costs O(log n). */
export class KeyedHeap<Item> {
  readonly #items: Item[] = [];
  readonly #keys: number[] = [];
  readonly #positions = new Map<Item, number>();

  get size(): number {
    return this.#items.length;
  }

  /** The item with the smallest key; undefined if the heap is empty. */
  get first(): Item | undefined {
    return this.#items[0];
  }

  /** The smallest key; Infinity if the heap is empty. */
  get firstKey(): number {
    return this.#keys[0] ?? Infinity;
  }

  /** All items, in no order. */
  get items(): readonly Item[] {
    return this.#items;
  }

  has(item: Item): boolean {
    return this.#positions.has(item);
  }

  /** Adds an item, or gives it another key. */
  set(item: Item, key: number): void {
    const at = this.#positions.get(item) ?? this.#items.length;
    if (this.#keys[at] === key) return;
    this.#put(at, item, key);
    this.#siftDown(this.#siftUp(at));
  }

  /** Removes an item; returns false if the heap does not hold it. */
  delete(item: Item): boolean {
    const at = this.#positions.get(item);
    if (at === undefined) return false;
    this.#positions.delete(item);
    const last = this.#items.pop() as Item;
    const lastKey = this.#keys.pop() ?? Infinity;
    if (at === this.#items.length) return true;
    this.#put(at, last, lastKey);
    this.#siftDown(this.#siftUp(at));
    return true;
  }

  #put(at: number, item: Item, key: number): void {
    this.#items[at] = item;
    this.#keys[at] = key;
    this.#positions.set(item, at);
  }

  #keyAt(at: number): number {
    return this.#keys[at] ?? Infinity;
  }

  #swap(one: number, other: number): void {
    const item = this.#items[one] as Item;
    const key = this.#keyAt(one);
    this.#put(one, this.#items[other] as Item, this.#keyAt(other));
    this.#put(other, item, key);
  }

  #siftUp(from: number): number {
    let at = from;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (this.#keyAt(parent) <= this.#keyAt(at)) break;
      this.#swap(at, parent);
      at = parent;
    }
    return at;
  }

  #siftDown(from: number): void {
    let at = from;
    for (;;) {
      const left = at * 2 + 1;
      const least = this.#keyAt(left + 1) < this.#keyAt(left) ? left + 1 : left;
      if (left >= this.#items.length || this.#keyAt(at) <= this.#keyAt(least)) return;
      this.#swap(at, least);
      at = least;
    }
  }
}
