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
  type DrainWait,
  describeFailure,
  isThenable,
  type Ledger,
  type LifeCycle,
  onRejection,
  type RecordFields,
  type RecordFlow,
  type Reporter,
  resolveClock,
} from "@eventmeter/core/publisher";
import { lifeCycleHooks } from "../backend-hooks.ts";
import { BatchMaker } from "../queue/batch-maker.ts";
import { BatchQueue } from "../queue/batch-queue.ts";
import { type BatchStore, MemoryStore } from "../queue/batch-store.ts";
import type { LaneBuffer } from "../queue/lane-buffer.ts";
import { LaneBuffers } from "../queue/lane-buffers.ts";
import { uuidV7 } from "../uuid-v7.ts";
import { SizeLimits } from "../retry/size-limits.ts";
import { deliveryOptionRules, resolveDelivery } from "./delivery-options.ts";
import { Dispatcher } from "./dispatcher.ts";
import { DroppedRecords } from "./dropped-records.ts";
import { QueueAdmission } from "./queue-admission.ts";
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
  readonly #clock: Clock;
  readonly #ledger: Ledger = createLedger();
  readonly #reporter: Reporter;
  readonly #store: BatchStore = new MemoryStore();
  readonly #maker: BatchMaker;
  readonly #queue = new BatchQueue();
  readonly #dropped: DroppedRecords;
  readonly #dispatcher: Dispatcher;
  readonly #buffers: LaneBuffers;
  readonly #admission: QueueAdmission;

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
      send: (batch, context) => definition.send(batch, context),
      isReady: () => this.lifeCycle.ready,
    });
    this.#buffers = new LaneBuffers({
      options: delivery,
      clock,
      overhead: (count) => maker.overhead(count),
      limitOf: (lane) => limits.of(lane),
      onReady: (buffer) => this.#enqueue(buffer),
    });
    this.#admission = new QueueAdmission(delivery, this.#buffers, this.#queue, this.#dispatcher, this.#dropped);
    const accept = (fields: RecordFields): void => this.#accept(fields);
    this.lifeCycle = createLifeCycle({
      name,
      clock,
      ledger,
      reporter,
      intake: createIntake({
        scope: "document",
        unfinished: definition.unfinished === "ignore" ? "ignore" : "accept",
        ledger,
        reporter,
        clock,
        event: accept,
        network: accept,
      }),
      flow: this,
      hooks: lifeCycleHooks(definition, delivery.sendTimeoutMs, reporter),
    });
  }

  get failing(): boolean {
    return this.#dispatcher.failing;
  }

  get pendingDetail(): PublisherHealth["pendingDetail"] {
    const oldest = Math.min(this.#buffers.oldest ?? Infinity, this.#queue.oldest ?? Infinity);
    const oldestAgeMs = oldest === Infinity ? null : this.#clock.monotonic() - oldest;
    return { bytes: this.#admission.memory, oldestAgeMs };
  }

  onStarted(): void {
    this.#dispatcher.schedule();
  }

  onRefused(): void {
    this.#dropAll("refused", "the start failed permanently");
  }

  drain(done: (status?: "timeout") => void, { until }: DrainWait): () => void {
    this.#buffers.handOnAll();
    const endWait = this.#dispatcher.onceHopeless(until, () => done("timeout"));
    const withdraw = this.#queue.onceDrained(() => {
      endWait();
      // A record is settled only once it has also been handed to onDrop.
      void this.#dropped.settled().finally(() => done());
    });
    return () => {
      endWait();
      withdraw();
    };
  }

  stop(): Promise<void> {
    this.#dispatcher.stop();
    this.#buffers.stop();
    this.#dropAll("unconfirmed", "it was not acknowledged before the close ended");
    return this.#dropped.settled();
  }

  /** Hot: one call for each record. */
  #accept(fields: RecordFields): void {
    if (this.lifeCycle.refused) return this.lifeCycle.dropRefused();
    const encoded = this.#encode(fields);
    if (encoded === undefined) return;
    const { data, lane = "" } = encoded;
    if (this.#admission.admit(lane, data)) this.lifeCycle.startInBackground();
  }

  #encode(fields: RecordFields): EncodedRecord | undefined {
    const receivedAt = this.#clock.now();
    let encoded: unknown;
    try {
      encoded = this.#definition.encode(fields, { id: uuidV7(receivedAt), receivedAt });
      if (isEncodedRecord(encoded)) return encoded;
    } catch (cause) {
      this.#ledger.drop("encode");
      this.#reporter.drop("encode-failed", `record dropped: it could not be encoded${describeFailure(cause)}`, {
        cause,
      });
      return undefined;
    }
    if (encoded === null) {
      this.#ledger.ignore("unsupported");
      return undefined;
    }
    this.#ledger.drop("encode");
    this.#reporter.drop("encode-failed", "record dropped: encode returned no data, or a lane that is not a string");
    if (isThenable(encoded)) onRejection(encoded);
    return undefined;
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
    this.#queue.add(this.#store.keep(batch), { receivedAt: buffer.openedAt, generation: this.#queue.generation });
    this.#dispatcher.schedule();
  }
}

function isEncodedRecord(value: unknown): value is EncodedRecord {
  const { data, lane } = (value ?? {}) as { readonly data?: unknown; readonly lane?: unknown };
  return (typeof data === "string" || isUint8Array(data)) && (lane === undefined || typeof lane === "string");
}
