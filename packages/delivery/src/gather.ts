import type { Clock } from "@eventmeter/core";
import { FIRST_BYTES, type OpenLane, openingBytes, openLane } from "./open-lane.ts";
import type { ResolvedDelivery } from "./options.ts";

/** What gathering needs from the queue. */
export interface GatherInit {
  readonly options: ResolvedDelivery;
  readonly clock: Clock;
  /** Bytes that surround `count` records in a request. */
  readonly overhead: (count: number) => number;
  /** Largest request for a lane, in bytes. */
  readonly limitOf: (lane: string) => number;
  /** Takes a lane that is full, old or not used any more. */
  readonly onSeal: (lane: OpenLane) => void;
}

/** Gathers records into one open buffer a lane. */
export interface Gather {
  /** Memory of all open lanes, in bytes. */
  readonly memory: number;
  /** Records in all open lanes. */
  readonly count: number;
  /** When the oldest open lane got its first record, on the monotonic clock; undefined if none is open. */
  readonly oldest: number | undefined;
  /** Adds a record if it needs no more than `spare` bytes of further memory; false if it does. */
  add(lane: string, data: string | Uint8Array, spare: number): boolean;
  /** Seals every open lane. */
  sealAll(): void;
  stop(): void;
}

/** Makes an empty gather. */
export function createGather({ options, clock, overhead, limitOf, onSeal }: GatherInit): Gather {
  const open = new Map<string, OpenLane>();
  let memory = 0;
  let count = 0;
  let uses = 0;
  let timer: { cancel(): void } | undefined;
  // The lane that became full last: its next batch will be as large, and need not grow to it step by step.
  let filled: { readonly lane: string; readonly bytes: number } | undefined;

  function seal(lane: OpenLane): void {
    open.delete(lane.lane);
    memory -= lane.capacity;
    count -= lane.count;
    onSeal(lane);
  }

  function sealFull(lane: OpenLane): void {
    // A record that travelled alone may have been larger than what is usual.
    filled = { lane: lane.lane, bytes: Math.max(Math.min(lane.length, limitOf(lane.lane)), FIRST_BYTES) };
    seal(lane);
  }

  function firstBytes(lane: string, data: string | Uint8Array, spare: number): number {
    const usual = filled?.lane === lane ? filled.bytes : FIRST_BYTES;
    return openingBytes(data, usual) > spare ? FIRST_BYTES : usual;
  }

  function sealLeastRecentlyUsed(): void {
    let least: OpenLane | undefined;
    for (const lane of open.values()) if (least === undefined || lane.lastUse < least.lastUse) least = lane;
    if (least !== undefined) seal(least);
  }

  // One timer serves all lanes: it looks for those that are due and sets itself again for the next.
  function arm(): void {
    if (timer !== undefined) return;
    const oldest = oldestOf();
    // Rounded up: a timer that fires a fraction early would be set again and again for the rest.
    if (oldest !== undefined)
      timer = clock.setTimeout(onLinger, Math.ceil(oldest + options.lingerMs - clock.monotonic()));
  }

  function onLinger(): void {
    timer = undefined;
    filled = undefined;
    const now = clock.monotonic();
    for (const lane of open.values()) if (lane.openedAt + options.lingerMs <= now) seal(lane);
    arm();
  }

  function oldestOf(): number | undefined {
    let oldest: number | undefined;
    for (const { openedAt } of open.values()) if (oldest === undefined || openedAt < oldest) oldest = openedAt;
    return oldest;
  }

  function exceeds(lane: OpenLane, data: string | Uint8Array, limit: number): boolean {
    const room = limit - lane.length - overhead(lane.count + 1);
    if (typeof data !== "string") return data.length > room;
    return data.length * 3 > room && Buffer.byteLength(data) > room;
  }

  return {
    get memory() {
      return memory;
    },
    get count() {
      return count;
    },
    get oldest() {
      return oldestOf();
    },
    add(name, data, spare) {
      const limit = limitOf(name);
      let lane = open.get(name);
      const fits = lane !== undefined && !exceeds(lane, data, limit);
      const first = fits ? 0 : firstBytes(name, data, spare);
      const growth = fits && lane !== undefined ? lane.growthFor(data) : openingBytes(data, first);
      if (growth > spare) return false;
      if (!fits) {
        if (lane !== undefined) sealFull(lane);
        else if (open.size >= options.maxLanes) sealLeastRecentlyUsed();
        lane = undefined;
      }
      if (lane === undefined) {
        lane = openLane(name, clock.monotonic(), limit, first);
        open.set(name, lane);
        arm();
      }
      uses += 1;
      lane.lastUse = uses;
      lane.append(data);
      memory += growth;
      count += 1;
      if (lane.count >= options.maxBatchRecords || lane.length + overhead(lane.count) >= limit) sealFull(lane);
      return true;
    },
    sealAll() {
      for (const lane of open.values()) seal(lane);
    },
    stop: () => timer?.cancel(),
  };
}
