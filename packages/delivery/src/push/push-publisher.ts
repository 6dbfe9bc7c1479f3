// `createPushPublisher`: a publisher that sends encoded records in batches.
import { isUint8Array } from "node:util/types";
import type { Clock, DropReason, MetricsPublisher, PublisherHealth } from "@eventmeter/core";
import {
  checkOptions,
  commonOptionRules,
  createIntake,
  createLedger,
  createLifeCycle,
  createReporter,
  isThenable,
  type Ledger,
  type LifeCycle,
  type RecordFields,
  type RecordFlow,
  type Reporter,
  resolveClock,
} from "@eventmeter/core/publisher";
import { lifeCycleHooks } from "../backend-hooks.ts";
import { BatchMaker } from "../queue/batch-maker.ts";
import { BatchQueue } from "../queue/batch-queue.ts";
import { type BatchStore, MemoryStore } from "../queue/batch-store.ts";
import { type LaneBuffer, openingBytes } from "../queue/lane-buffer.ts";
import { LaneBuffers } from "../queue/lane-buffers.ts";
import { uuidV7 } from "../uuid-v7.ts";
import { SizeLimits } from "../retry/size-limits.ts";
import { deliveryOptionRules, type ResolvedDelivery, resolveDelivery } from "./delivery-options.ts";
import { Dispatcher } from "./dispatcher.ts";
import { DroppedRecords } from "./dropped-records.ts";
import { type EncodedRecord, type PushDefinition, pushDefinitionRules, type PushOptions } from "./push-definition.ts";

/** Creates a publisher that sends records in batches: bounded queue, retry, life cycle and numbers are included. */
export function createPushPublisher(definition: PushDefinition, options?: PushOptions): MetricsPublisher {
  checkOptions("createPushPublisher", definition, pushDefinitionRules);
  checkOptions(definition.name, options, { ...commonOptionRules, ...deliveryOptionRules });
  return new PushPublisher(definition, options).lifeCycle.publisher;
}

class PushPublisher implements RecordFlow {
  readonly lifeCycle: LifeCycle;
  readonly #definition: PushDefinition;
  readonly #options: ResolvedDelivery;
  readonly #clock: Clock;
  readonly #ledger: Ledger = createLedger();
  readonly #reporter: Reporter;
  readonly #store: BatchStore = new MemoryStore();
  readonly #maker: BatchMaker;
  readonly #queue = new BatchQueue();
  readonly #dropped: DroppedRecords;
  readonly #dispatcher: Dispatcher;
  readonly #buffers: LaneBuffers;
  readonly #ending = new AbortController();
  #firstLane: string | undefined;
  #hasOtherLanes = false;

  constructor(definition: PushDefinition, options: PushOptions | undefined) {
    const { name = definition.name } = options ?? {};
    const delivery = resolveDelivery(options);
    const clock = resolveClock(options?.clock);
    const ledger = this.#ledger;
    const reporter = createReporter(name, options);
    const store = this.#store;
    const maker = new BatchMaker(definition.wrap);
    const limits = new SizeLimits(delivery.maxBatchBytes);
    this.#definition = definition;
    this.#options = delivery;
    this.#clock = clock;
    this.#reporter = reporter;
    this.#maker = maker;
    this.#dropped = new DroppedRecords({ ledger, reporter, store, clock, onDrop: delivery.onDrop });
    this.#dispatcher = new Dispatcher({
      options: delivery,
      clock,
      ledger,
      reporter,
      queue: this.#queue,
      store,
      maker,
      limits,
      dropped: this.#dropped,
      send: definition.send,
      isReady: () => this.lifeCycle.ready,
    });
    this.#buffers = new LaneBuffers({
      options: delivery,
      clock,
      overhead: (count) => maker.overhead(count),
      limitOf: (lane) => limits.of(lane),
      onReady: (buffer) => this.#enqueue(buffer),
    });
    const accept = (fields: RecordFields): void => this.#accept(fields);
    this.lifeCycle = createLifeCycle({
      name,
      clock,
      ledger,
      reporter,
      intake: createIntake({ scope: "document", ledger, reporter, event: accept, network: accept }),
      flow: this,
      hooks: lifeCycleHooks(definition, this.#ending.signal, reporter),
    });
  }

  get failing(): boolean {
    return this.#dispatcher.failing;
  }

  get pendingDetail(): PublisherHealth["pendingDetail"] {
    const oldest = Math.min(this.#buffers.oldest ?? Infinity, this.#queue.oldest ?? Infinity);
    const oldestAgeMs = oldest === Infinity ? null : this.#clock.monotonic() - oldest;
    return { bytes: this.#memory, oldestAgeMs };
  }

  started(): void {
    this.#dispatcher.schedule();
  }

  refused(): void {
    this.#dropAll("refused", "the start failed permanently");
  }

  drain(done: () => void): () => void {
    this.#buffers.handOnAll();
    // A record is settled only once it has also been handed to onDrop.
    return this.#queue.onceDrained(() => void this.#dropped.settled().finally(done));
  }

  stop(): Promise<void> {
    this.#ending.abort();
    this.#dispatcher.stop();
    this.#buffers.stop();
    this.#dropAll("unconfirmed", "it was not acknowledged before the close ended");
    return this.#dropped.settled();
  }

  get #memory(): number {
    return this.#buffers.memory + this.#queue.memory;
  }

  /** Hot: one call for each record. */
  #accept(fields: RecordFields): void {
    if (this.lifeCycle.refused) {
      this.#ledger.drop("refused");
      return this.#reporter.drop("record-dropped", "record dropped (refused): the start failed permanently");
    }
    const encoded = this.#encode(fields);
    if (encoded === undefined) return;
    const { data, lane = "" } = encoded;
    if (this.#isCrowdingOut(lane)) {
      this.#dropRecord("queue-full", "its lane is held, and takes half of the queue already", data);
    } else if (this.#gather(lane, data)) {
      this.lifeCycle.begin();
    } else {
      this.#gatherIntoFullQueue(lane, data);
    }
  }

  #encode(fields: RecordFields): EncodedRecord | undefined {
    const receivedAt = this.#clock.now();
    let encoded: unknown;
    try {
      encoded = this.#definition.encode(fields, { id: uuidV7(receivedAt), receivedAt });
      if (isEncodedRecord(encoded)) return encoded;
    } catch (cause) {
      this.#ledger.drop("encode");
      this.#reporter.drop("encode-failed", "record dropped: it could not be encoded", { cause });
      return undefined;
    }
    if (encoded === null) {
      this.#ledger.ignore("unsupported");
      return undefined;
    }
    this.#ledger.drop("encode");
    this.#reporter.drop("encode-failed", "record dropped: encode returned no data, or a lane that is not a string");
    if (isThenable(encoded)) encoded.then(undefined, () => undefined);
    return undefined;
  }

  /** Returns whether a held lane would take the room of others: it may fill half of the queue where other lanes exist. */
  #isCrowdingOut(lane: string): boolean {
    this.#firstLane ??= lane;
    this.#hasOtherLanes ||= lane !== this.#firstLane;
    if (!this.#hasOtherLanes || this.#options.overflow !== "drop-newest") return false;
    return this.#dispatcher.isHeld(lane) && this.#queue.memoryOf(lane) * 2 > this.#options.maxQueueBytes;
  }

  #gather(lane: string, data: string | Uint8Array): boolean {
    return this.#buffers.add(lane, data, this.#options.maxQueueBytes - this.#memory);
  }

  #gatherIntoFullQueue(lane: string, data: string | Uint8Array): void {
    // A handler that gets what makes room for the record may publish, and what the encoder returned is valid until its next call.
    const keepsData = typeof data === "string" || this.#options.overflow === "drop-newest";
    const own = keepsData ? data : new Uint8Array(data);
    const { waiting } = this.#dropped;
    let fits = true;
    do fits = this.#makeRoom(own);
    while (fits && !this.#gather(lane, own));
    // A program that publishes without a pause leaves no turn to hand out in: what made room for earlier records must not pile
    // up outside of the queue. Only now, since a handler that publishes takes the room.
    this.#dropped.handOutNow(waiting);
    if (fits) this.lifeCycle.begin();
  }

  /** Makes some room for a record that did not fit; drops the record and returns false where that is impossible. */
  #makeRoom(data: string | Uint8Array): boolean {
    if (openingBytes(data) > this.#options.maxQueueBytes)
      return this.#dropRecord("too-large", "it is larger than the queue", data);
    let oldest;
    if (this.#options.overflow === "drop-oldest") {
      // What can be sent at once is not dropped.
      this.#dispatcher.dispatch();
      oldest = this.#queue.firstWaiting();
    }
    if (oldest === undefined) {
      if (this.#buffers.count === 0) return this.#dropRecord("queue-full", "the queue is full", data);
      // What is being gathered takes less as a batch, may then be sent, or is the oldest itself.
      this.#buffers.handOnAll();
      return true;
    }
    this.#queue.remove(oldest);
    this.#dropped.dropBatch(oldest.kept, "queue-full", "the queue is full");
    return true;
  }

  #dropRecord(countedAs: DropReason, reason: string, data: string | Uint8Array): false {
    const copy = (): Uint8Array => new Uint8Array(typeof data === "string" ? Buffer.from(data) : data);
    this.#dropped.dropRecord(countedAs, reason, copy);
    return false;
  }

  #dropAll(countedAs: DropReason, reason: string): void {
    this.#buffers.handOnAll();
    for (const queued of this.#queue.all()) {
      this.#queue.remove(queued);
      this.#dropped.dropBatch(queued.kept, countedAs, reason);
    }
  }

  #enqueue(buffer: LaneBuffer): void {
    const { records, offsets } = buffer.take();
    const batch = this.#maker.create(buffer.lane, records, offsets, this.#clock.now());
    this.#queue.add(this.#store.keep(batch), { receivedAt: buffer.openedAt, epoch: this.#queue.epoch });
    this.#dispatcher.schedule();
  }
}

function isEncodedRecord(value: unknown): value is EncodedRecord {
  const { data, lane } = (value ?? {}) as { readonly data?: unknown; readonly lane?: unknown };
  return (typeof data === "string" || isUint8Array(data)) && (lane === undefined || typeof lane === "string");
}
