// Open buffers of a push publisher, one for each lane: records are gathered here until they become a batch.
import type { Clock } from "@eventmeter/core";
import { KeyedHeap } from "./keyed-heap.ts";
import { FIRST_BYTES, LaneBuffer, openingBytes } from "./lane-buffer.ts";

/** When a buffer is handed on. */
interface GatheringLimits {
  readonly lingerMs: number;
  readonly maxBatchRecords: number;
  readonly maxLanes: number;
  readonly maxAgeMs: number;
}

/** Gathers records into one open buffer per lane and hands each buffer on when it is full, old or crowded out. */
export class LaneBuffers {
  readonly #options: GatheringLimits;
  readonly #clock: Clock;
  readonly #overhead: (count: number) => number;
  readonly #limitOf: (lane: string) => number;
  readonly #onReady: (buffer: LaneBuffer) => void;
  /** In the order in which they were opened. */
  readonly #open = new Map<string, LaneBuffer>();
  /** By a use that may be out of date: uses are noted here only where the least recent one is looked for. */
  readonly #byUse = new KeyedHeap<LaneBuffer>();
  #memory = 0;
  #count = 0;
  #uses = 0;
  #timer: { cancel(): void } | undefined;
  /** The lane that became full last: its next buffer will be as large and need not grow to it step by step. */
  #lastFull: { readonly lane: string; readonly bytes: number } | undefined;

  /**
   * @param overhead returns the bytes that surround `count` records in a request
   * @param limitOf returns the largest request for a lane, in bytes
   * @param onReady takes a buffer that is not used anymore
   */
  constructor({
    options,
    clock,
    overhead,
    limitOf,
    onReady,
  }: {
    readonly options: GatheringLimits;
    readonly clock: Clock;
    readonly overhead: (count: number) => number;
    readonly limitOf: (lane: string) => number;
    readonly onReady: (buffer: LaneBuffer) => void;
  }) {
    this.#options = options;
    this.#clock = clock;
    this.#overhead = overhead;
    this.#limitOf = limitOf;
    this.#onReady = onReady;
  }

  /** Memory of all open buffers, in bytes. */
  get memory(): number {
    return this.#memory;
  }

  /** Records in all open buffers. */
  get count(): number {
    return this.#count;
  }

  /** When the oldest open buffer got its first record, on the monotonic clock; undefined if none is open. */
  get oldest(): number | undefined {
    for (const { openedAt } of this.#open.values()) return openedAt;
    return undefined;
  }

  /**
   * Adds a record if it needs no more than `spareBytes` of further memory; returns false if it does. Hot: one call for each
   * record.
   */
  add(lane: string, data: string | Uint8Array, spareBytes: number): boolean {
    const limit = this.#limitOf(lane);
    const current = this.#open.get(lane);
    const fits = current !== undefined && !this.#isOld(current) && !this.#exceeds(current, data, limit);
    const firstBytes = fits ? 0 : this.#firstBytes(lane, data, spareBytes);
    const growth = fits ? current.growthFor(data) : openingBytes(data, firstBytes);
    if (growth > spareBytes) return false;
    const buffer = fits ? current : this.#replace(current, lane, limit, firstBytes);
    this.#uses += 1;
    buffer.lastUse = this.#uses;
    buffer.append(data);
    this.#memory += growth;
    this.#count += 1;
    const isFull =
      buffer.count >= this.#options.maxBatchRecords || buffer.length + this.#overhead(buffer.count) >= limit;
    if (isFull) this.#handOnFull(buffer);
    return true;
  }

  /** Hands on every open buffer. */
  handOnAll(): void {
    for (const buffer of this.#open.values()) this.#handOn(buffer);
  }

  stop(): void {
    this.#timer?.cancel();
  }

  /** Hands on what stands in the way of a new buffer for `lane`, and opens that. */
  #replace(current: LaneBuffer | undefined, lane: string, limit: number, firstBytes: number): LaneBuffer {
    if (current !== undefined) this.#handOnFull(current);
    else if (this.#open.size >= this.#options.maxLanes) this.#handOnLeastRecentlyUsed();
    const buffer = new LaneBuffer(lane, this.#clock.monotonic(), limit, firstBytes);
    this.#open.set(buffer.lane, buffer);
    this.#byUse.set(buffer, this.#uses);
    this.#setTimer();
    return buffer;
  }

  #handOn(buffer: LaneBuffer): void {
    this.#open.delete(buffer.lane);
    this.#byUse.delete(buffer);
    this.#memory -= buffer.capacity;
    this.#count -= buffer.count;
    this.#onReady(buffer);
  }

  #handOnFull(buffer: LaneBuffer): void {
    // A record that travelled alone may have been larger than what is usual.
    const bytes = Math.max(Math.min(buffer.length, this.#limitOf(buffer.lane)), FIRST_BYTES);
    this.#lastFull = { lane: buffer.lane, bytes };
    this.#handOn(buffer);
  }

  #handOnLeastRecentlyUsed(): void {
    for (let { first } = this.#byUse; first !== undefined; { first } = this.#byUse) {
      if (first.lastUse <= this.#byUse.firstKey) return this.#handOn(first);
      this.#byUse.set(first, first.lastUse);
    }
  }

  /** Returns whether a buffer has used up half of its age, in a process that was frozen: new records would expire with it. */
  #isOld({ openedAt }: LaneBuffer): boolean {
    return (this.#clock.monotonic() - openedAt) * 2 > this.#options.maxAgeMs;
  }

  #firstBytes(lane: string, data: string | Uint8Array, spareBytes: number): number {
    const usual = this.#lastFull?.lane === lane ? this.#lastFull.bytes : FIRST_BYTES;
    return openingBytes(data, usual) > spareBytes ? FIRST_BYTES : usual;
  }

  #exceeds(buffer: LaneBuffer, data: string | Uint8Array, limit: number): boolean {
    const room = limit - buffer.length - this.#overhead(buffer.count + 1);
    if (typeof data !== "string") return data.length > room;
    return data.length * 3 > room && Buffer.byteLength(data) > room;
  }

  /** Sets the one timer of all buffers for the oldest of them, unless it is set. */
  #setTimer(): void {
    if (this.#timer !== undefined) return;
    const { oldest } = this;
    if (oldest === undefined) return;
    // Rounded up: a timer that fires a fraction early would be set again and again for the rest.
    const ms = Math.ceil(oldest + this.#options.lingerMs - this.#clock.monotonic());
    this.#timer = this.#clock.setTimeout(() => this.#handOnOld(), ms);
  }

  #handOnOld(): void {
    this.#timer = undefined;
    this.#lastFull = undefined;
    const now = this.#clock.monotonic();
    for (const buffer of this.#open.values()) {
      if (buffer.openedAt + this.#options.lingerMs > now) break;
      this.#handOn(buffer);
    }
    this.#setTimer();
  }
}
