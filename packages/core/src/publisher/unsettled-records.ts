// Records that a handler was given, or that wait for the start, and that are not settled yet.
import type { Clock, PublisherHealth } from "./contract.ts";

/** The unsettled records of one publisher, each by its id. */
export class UnsettledRecords {
  readonly #clock: Clock;
  /** Insertion order is age: the first entry is always the oldest. */
  readonly #records = new Map<number, { readonly since: number; readonly bytes: number }>();
  readonly #waiters = new Set<{ readonly upTo: number; readonly done: () => void }>();
  #lastId = 0;
  #bytes = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get size(): number {
    return this.#records.size;
  }

  /** Memory that all of them hold, in bytes. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Adds a record of `bytes` bytes and returns the id to settle it by. */
  add(bytes: number): number {
    this.#lastId += 1;
    this.#bytes += bytes;
    this.#records.set(this.#lastId, { since: this.#clock.monotonic(), bytes });
    return this.#lastId;
  }

  /** Settles a record; returns false if it was settled before. */
  settle(id: number): boolean {
    const record = this.#records.get(id);
    if (record === undefined) return false;
    this.#records.delete(id);
    this.#bytes -= record.bytes;
    if (this.#waiters.size > 0) this.#callWaiters();
    return true;
  }

  /** Settles all that are left and returns how many there were. */
  clear(): number {
    const count = this.#records.size;
    this.#records.clear();
    this.#bytes = 0;
    this.#callWaiters();
    return count;
  }

  /** Calls `done` when every record added so far is settled; returns what withdraws the call. */
  onceDrained(done: () => void): () => void {
    const waiter = { upTo: this.#lastId, done };
    this.#waiters.add(waiter);
    this.#callWaiters();
    return () => void this.#waiters.delete(waiter);
  }

  detail(): PublisherHealth["pendingDetail"] {
    const oldest = this.#records.values().next().value;
    return { bytes: this.#bytes, oldestAgeMs: oldest === undefined ? null : this.#clock.monotonic() - oldest.since };
  }

  #callWaiters(): void {
    const oldest = this.#records.keys().next().value ?? Infinity;
    for (const waiter of this.#waiters) {
      // Each waiter covers at least as much as the one before it.
      if (waiter.upTo >= oldest) return;
      this.#waiters.delete(waiter);
      waiter.done();
    }
  }
}

/** Memory of a record besides its texts, and of an attribute besides its name and text, in bytes: measured on Node 24. */
const RECORD_BYTES = 768;
const ATTRIBUTE_BYTES = 48;

/**
 * Estimates the memory of a dictionary in bytes: two for each character of its texts and of the names of its attributes, and
 * constants for the rest. Holds for texts that are `ownTexts`. Never throws.
 */
export function memoryOf(dictionary: object): number {
  try {
    const { attributes } = dictionary as { readonly attributes?: object };
    return RECORD_BYTES + textBytes(dictionary) + (attributes === undefined ? 0 : attributeBytes(attributes));
  } catch {
    // The handler owns the dictionary and may have replaced anything in it.
    return RECORD_BYTES;
  }
}

function attributeBytes(attributes: object): number {
  let bytes = textBytes(attributes);
  for (const name of Object.keys(attributes)) bytes += ATTRIBUTE_BYTES + 2 * name.length;
  return bytes;
}

function textBytes(group: object): number {
  let bytes = 0;
  for (const value of Object.values(group) as unknown[]) if (typeof value === "string") bytes += 2 * value.length;
  return bytes;
}
