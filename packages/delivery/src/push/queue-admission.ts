// Admission of encoded records to the bounded queue: what is dropped when the memory is full.
import type { DropReason } from "@eventmeter/core";
import { ownText } from "@eventmeter/core/publisher";
import type { BatchQueue } from "../queue/batch-queue.ts";
import { openingBytes } from "../queue/lane-buffer.ts";
import type { LaneBuffers } from "../queue/lane-buffers.ts";
import type { ResolvedDelivery } from "./delivery-options.ts";
import type { Dispatcher } from "./dispatcher.ts";
import type { DroppedRecords } from "./dropped-records.ts";

/** Admits the records of one publisher to its buffers and queue, within `maxQueueBytes`. */
export class QueueAdmission {
  readonly #options: Pick<ResolvedDelivery, "maxQueueBytes" | "overflow">;
  readonly #buffers: LaneBuffers;
  readonly #queue: BatchQueue;
  readonly #dispatcher: Dispatcher;
  readonly #dropped: DroppedRecords;
  #firstLane: string | undefined;
  #hasOtherLanes = false;

  constructor(
    options: Pick<ResolvedDelivery, "maxQueueBytes" | "overflow">,
    buffers: LaneBuffers,
    queue: BatchQueue,
    dispatcher: Dispatcher,
    dropped: DroppedRecords,
  ) {
    this.#options = options;
    this.#buffers = buffers;
    this.#queue = queue;
    this.#dispatcher = dispatcher;
    this.#dropped = dropped;
  }

  /** Memory of all records that wait or are in flight, in bytes. */
  get memory(): number {
    return this.#buffers.memory + this.#queue.memory;
  }

  /** Admits a record, or drops it and returns false. Hot: one call for each record. */
  admit(lane: string, data: string | Uint8Array): boolean {
    if (this.#isCrowdingOut(lane))
      return this.#drop("queue-full", "its lane is held, and takes half of the queue already", data);
    return this.#add(lane, data) || this.#admitToFullQueue(lane, data);
  }

  /** Returns whether a held lane would take the room of others: it may fill half of the queue where other lanes exist. */
  #isCrowdingOut(lane: string): boolean {
    this.#firstLane ??= ownText(lane);
    this.#hasOtherLanes ||= lane !== this.#firstLane;
    if (!this.#hasOtherLanes || this.#options.overflow !== "drop-newest") return false;
    return this.#dispatcher.isHeld(lane) && this.#queue.memoryOf(lane) * 2 > this.#options.maxQueueBytes;
  }

  #add(lane: string, data: string | Uint8Array): boolean {
    return this.#buffers.add(lane, data, this.#options.maxQueueBytes - this.memory);
  }

  #admitToFullQueue(lane: string, data: string | Uint8Array): boolean {
    // The handler of a record that makes room may publish, and what the encoder returned is valid only until its next call.
    const keepsData = typeof data === "string" || this.#options.overflow === "drop-newest";
    const own = keepsData ? data : new Uint8Array(data);
    const { waiting } = this.#dropped;
    let fits = true;
    do fits = this.#makeRoom(own);
    while (fits && !this.#add(lane, own));
    // A program that publishes without a pause leaves no turn to call onDrop in: what made room for earlier records must not
    // pile up outside of the queue. Only now, since a handler that publishes takes the room.
    this.#dropped.handOutNow(waiting);
    return fits;
  }

  /** Makes some room for a record that did not fit; drops the record and returns false where that is impossible. */
  #makeRoom(data: string | Uint8Array): boolean {
    if (openingBytes(data) > this.#options.maxQueueBytes)
      return this.#drop("too-large", "it is larger than the queue", data);
    let oldest;
    if (this.#options.overflow === "drop-oldest") {
      // What can be sent at once is not dropped.
      this.#dispatcher.dispatch();
      oldest = this.#queue.firstWaiting();
    }
    if (oldest === undefined) {
      if (this.#buffers.count === 0) return this.#drop("queue-full", "the queue is full", data);
      // What is being gathered takes less as a batch, may then be sent, or is the oldest itself.
      this.#buffers.handOnAll();
      return true;
    }
    this.#queue.remove(oldest);
    this.#dropped.dropBatch(oldest.kept, "queue-full", "the queue is full");
    return true;
  }

  #drop(countedAs: DropReason, reason: string, data: string | Uint8Array): false {
    const copy = (): Uint8Array => new Uint8Array(typeof data === "string" ? Buffer.from(data) : data);
    this.#dropped.dropRecord(countedAs, reason, copy);
    return false;
  }
}
