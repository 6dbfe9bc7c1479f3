import type { DropReason } from "@eventmeter/core";
import { option, type OptionRules } from "@eventmeter/core/publisher";

/** A record that was given up after it had been encoded. */
export interface DroppedRecord {
  /** What it is counted as in `droppedBy` of the health. */
  readonly countedAs: DropReason;
  /** Why, in the words of the backend or of this library: never a payload. */
  readonly reason: string;
  /** The encoded record, the receiver's own. */
  readonly bytes: Uint8Array;
}

/** How records wait, travel and are given up. */
export interface DeliveryOptions {
  /** Records in one batch. @default 1000 */
  readonly maxBatchRecords?: number | undefined;
  /** Bytes of one request; a larger record travels alone. @default 1048576 (1 MiB) */
  readonly maxBatchBytes?: number | undefined;
  /** Longest time that a record waits for others, in milliseconds. @default 1000 */
  readonly lingerMs?: number | undefined;
  /** Memory of all records that wait or are in flight, in bytes, from 16,384. @default 33554432 (32 MiB) */
  readonly maxQueueBytes?: number | undefined;
  /** What goes when the memory is full: the new record, or the oldest batch that is not in flight. @default "drop-newest" */
  readonly overflow?: "drop-newest" | "drop-oldest" | undefined;
  /** Batches in flight at a time. @default 4 */
  readonly concurrency?: number | undefined;
  /** Open lanes at a time; one more sends off the least recently used. @default 64 */
  readonly maxLanes?: number | undefined;
  /** Age at which records are given up, in milliseconds; a batch is as old as its oldest record. @default 900000 (15 minutes) */
  readonly maxAgeMs?: number | undefined;
  /** Longest time of one attempt, in milliseconds. @default 10000 */
  readonly sendTimeoutMs?: number | undefined;
  /** Receives each record that is given up after encoding, once; a close waits until it has had all of them. @default nothing */
  readonly onDrop?: ((record: DroppedRecord) => void) | undefined;
}

/** `DeliveryOptions` with every default filled in; without `onDrop` dropped records are not copied at all. */
export type ResolvedDelivery = {
  readonly [Name in Exclude<keyof DeliveryOptions, "onDrop">]-?: Exclude<DeliveryOptions[Name], undefined>;
} & Pick<DeliveryOptions, "onDrop">;

/** Longest time that timers measure, in milliseconds, and most bytes that one buffer holds. */
const MAX_MS = 2 ** 31 - 1;
const MAX_BYTES = 2 ** 31 - 1;

/** Rules of `DeliveryOptions`, for the publishers that take them. */
export const deliveryOptionRules: OptionRules = {
  maxBatchRecords: option.integer(1, 1_000_000),
  maxBatchBytes: option.integer(1, MAX_BYTES),
  lingerMs: option.integer(0, 3_600_000),
  maxQueueBytes: option.integer(16_384, 2 ** 40),
  overflow: option.oneOf(["drop-newest", "drop-oldest"]),
  concurrency: option.integer(1, 256),
  maxLanes: option.integer(1, 10_000),
  maxAgeMs: option.integer(1, MAX_MS),
  sendTimeoutMs: option.integer(1, MAX_MS),
  onDrop: option.function(),
};

/** Fills in the defaults; the only place that has them. */
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
    sendTimeoutMs: options.sendTimeoutMs ?? 10_000,
    onDrop: options.onDrop,
  };
}
