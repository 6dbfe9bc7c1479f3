// Options of a push publisher: batches, queue, age and concurrency.
import type { DropReason } from "@eventmeter/core";
import { MAX_DELAY_MS, option, type OptionRules } from "@eventmeter/core/publisher";

/** A record that was dropped after it had been encoded. */
export interface DroppedRecord {
  /** The reason under which health() counts it in `droppedBy`. */
  readonly countedAs: DropReason;
  /** Why, in the words of the backend or of this library; never a payload. */
  readonly reason: string;
  /** The encoded record; the receiver may keep it. */
  readonly bytes: Uint8Array;
}

/** Options of waiting, sending and dropping. */
export interface DeliveryOptions {
  /** Most records in one batch. @default 1000 */
  readonly maxBatchRecords?: number | undefined;
  /** Most bytes of one request; a larger record is sent alone. @default 1048576 (1 MiB) */
  readonly maxBatchBytes?: number | undefined;
  /** Longest time that a record waits for others, in milliseconds. @default 1000 */
  readonly lingerMs?: number | undefined;
  /** Memory of all records that wait or are in flight, in bytes, from 16,384. @default 33554432 (32 MiB) */
  readonly maxQueueBytes?: number | undefined;
  /** What is dropped when the memory is full: the new record, or the oldest batch that is not in flight. @default "drop-newest" */
  readonly overflow?: "drop-newest" | "drop-oldest" | undefined;
  /** Most batches in flight at a time. @default 4 */
  readonly concurrency?: number | undefined;
  /** Most lanes that gather records at a time; one more sends the least recently used. @default 64 */
  readonly maxLanes?: number | undefined;
  /**
   * Age at which a batch that was sent at least once, without success, is dropped, in milliseconds; a batch is as old as its
   * oldest record. @default 900000 (15 minutes)
   */
  readonly maxAgeMs?: number | undefined;
  /** Longest time of one attempt, in milliseconds. @default 10000 */
  readonly sendTimeoutMs?: number | undefined;
  /** Receives each record that is dropped after encoding, once; close() waits until it has received all of them. @default none */
  readonly onDrop?: ((record: DroppedRecord) => void) | undefined;
}

/** `DeliveryOptions` with every default filled in; without `onDrop` dropped records are not copied. */
export type ResolvedDelivery = {
  readonly [Name in Exclude<keyof DeliveryOptions, "onDrop">]-?: Exclude<DeliveryOptions[Name], undefined>;
} & Pick<DeliveryOptions, "onDrop">;

/** Longest time of one attempt unless `sendTimeoutMs` is given, in milliseconds. */
export const DEFAULT_SEND_TIMEOUT_MS = 10_000;

/** Largest buffer, in bytes. */
const MAX_BYTES = 2 ** 31 - 1;

/** Rules of `DeliveryOptions`, for publishers that take them. */
export const deliveryOptionRules: OptionRules = {
  maxBatchRecords: option.integer(1, 1_000_000),
  maxBatchBytes: option.integer(1, MAX_BYTES),
  lingerMs: option.integer(0, 3_600_000),
  maxQueueBytes: option.integer(16_384, 2 ** 40),
  overflow: option.oneOf(["drop-newest", "drop-oldest"]),
  concurrency: option.integer(1, 256),
  maxLanes: option.integer(1, 10_000),
  maxAgeMs: option.integer(1, MAX_DELAY_MS),
  sendTimeoutMs: option.integer(1, MAX_DELAY_MS),
  onDrop: option.function(),
};

/** Fills in the defaults. */
export function resolveDelivery(options: DeliveryOptions = {}): ResolvedDelivery {
  return {
    maxBatchRecords: options.maxBatchRecords ?? 1_000,
    maxBatchBytes: options.maxBatchBytes ?? 1_048_576,
    lingerMs: options.lingerMs ?? 1_000,
    maxQueueBytes: options.maxQueueBytes ?? 33_554_432,
    overflow: options.overflow ?? "drop-newest",
    concurrency: options.concurrency ?? 4,
    maxLanes: options.maxLanes ?? 64,
    maxAgeMs: options.maxAgeMs ?? 900_000,
    sendTimeoutMs: options.sendTimeoutMs ?? DEFAULT_SEND_TIMEOUT_MS,
    onDrop: options.onDrop,
  };
}
