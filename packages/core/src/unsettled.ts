import type { Clock, PublisherHealth } from "./contract.ts";

/** Records that were handed over and are not settled yet. */
export interface Unsettled {
  readonly size: number;
  /** Memory that they hold together, in bytes. */
  readonly bytes: number;
  /** Takes a record in and gives the id to settle it by. */
  add(bytes: number): number;
  /** Settles a record; false if it was settled before. */
  settle(id: number): boolean;
  /** Settles all that is left and gives how many there were. */
  clear(): number;
  /** Resolves when everything added so far is settled. */
  drained(): Promise<void>;
  detail(): PublisherHealth["pendingDetail"];
}

/** Makes an empty set of unsettled records. */
export function createUnsettled(clock: Clock): Unsettled {
  // Insertion order is age: the first entry is always the oldest.
  const entries = new Map<number, { readonly since: number; readonly bytes: number }>();
  let waiting: { readonly upTo: number; readonly resolve: () => void }[] = [];
  let lastId = 0;
  let bytesHeld = 0;

  function release(): void {
    const oldest = entries.keys().next().value ?? Infinity;
    const ready = waiting.filter(({ upTo }) => upTo < oldest);
    waiting = waiting.filter(({ upTo }) => upTo >= oldest);
    for (const { resolve } of ready) resolve();
  }

  return {
    get size() {
      return entries.size;
    },
    get bytes() {
      return bytesHeld;
    },
    add(bytes) {
      lastId += 1;
      bytesHeld += bytes;
      entries.set(lastId, { since: clock.monotonic(), bytes });
      return lastId;
    },
    settle(id) {
      const entry = entries.get(id);
      if (entry === undefined) return false;
      entries.delete(id);
      bytesHeld -= entry.bytes;
      if (waiting.length > 0) release();
      return true;
    },
    clear() {
      const count = entries.size;
      entries.clear();
      bytesHeld = 0;
      release();
      return count;
    },
    drained() {
      return new Promise((resolve) => {
        waiting.push({ upTo: lastId, resolve });
        release();
      });
    },
    detail() {
      const oldest = entries.values().next().value;
      return { bytes: bytesHeld, oldestAgeMs: oldest === undefined ? null : clock.monotonic() - oldest.since };
    },
  };
}

const OVERHEAD_BYTES = 256;

/** Estimates the memory that a dictionary holds: its strings at two bytes a character, and a constant for the rest. Never throws. */
export function memoryOf(dictionary: object): number {
  try {
    const { attributes } = dictionary as { readonly attributes?: object };
    return OVERHEAD_BYTES + textBytes(dictionary) + (attributes === undefined ? 0 : textBytes(attributes));
  } catch {
    // A handler may have made anything of a dictionary that is its own.
    return OVERHEAD_BYTES;
  }
}

function textBytes(group: object): number {
  let bytes = 0;
  for (const value of Object.values(group) as unknown[]) if (typeof value === "string") bytes += 2 * value.length;
  return bytes;
}
