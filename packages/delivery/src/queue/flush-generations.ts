// Generations between flushes: which batches a flush has to wait for.

/** Counts what is left of each generation. Every flush ends one, and waits for it and all before it. */
export class FlushGenerations {
  #current = 0;
  /** Batches left by generation. */
  readonly #left = new Map<number, number>();
  /** The oldest generation that something is left of. */
  #oldest = 0;
  readonly #waiters = new Map<number, Set<() => void>>();

  get current(): number {
    return this.#current;
  }

  add(generation: number): void {
    this.#left.set(generation, (this.#left.get(generation) ?? 0) + 1);
  }

  remove(generation: number): void {
    const left = (this.#left.get(generation) ?? 0) - 1;
    if (left > 0) this.#left.set(generation, left);
    else {
      this.#left.delete(generation);
      this.#callWaiters();
    }
  }

  /** Ends the current generation and calls `done` when nothing of it, or of one before, is left; returns what withdraws the call. */
  end(done: () => void): () => void {
    // An generation that nothing was added to goes on: concurrent flushes wait for the same end.
    if (this.#left.has(this.#current)) this.#current += 1;
    const ended = this.#current - 1;
    if (ended < this.#oldest) {
      done();
      return () => undefined;
    }
    const waiting = this.#waiters.get(ended) ?? new Set();
    this.#waiters.set(ended, waiting.add(done));
    return () => {
      waiting.delete(done);
      if (waiting.size === 0 && this.#waiters.get(ended) === waiting) this.#waiters.delete(ended);
    };
  }

  #callWaiters(): void {
    for (; this.#oldest < this.#current && !this.#left.has(this.#oldest); this.#oldest += 1) {
      for (const done of this.#waiters.get(this.#oldest) ?? []) done();
      this.#waiters.delete(this.#oldest);
    }
  }
}
