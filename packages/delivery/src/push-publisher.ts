import { isUint8Array } from "node:util/types";
import type { DropReason, MetricsPublisher } from "@eventmeter/core";
import {
  checkOptions,
  commonOptionRules,
  createIntake,
  createLedger,
  createLifeCycle,
  createReporter,
  isThenable,
  type RecordFields,
  type RecordFlow,
  resolveClock,
} from "@eventmeter/core/publisher";
import { createMemoryStore } from "./batch-store.ts";
import { createDispatcher } from "./dispatcher.ts";
import { createGather } from "./gather.ts";
import type { Queued } from "./lane-queue.ts";
import { hooksOf } from "./life-cycle.ts";
import { createLosses } from "./losses.ts";
import { type OpenLane, openingBytes } from "./open-lane.ts";
import { deliveryOptionRules, resolveDelivery } from "./options.ts";
import {
  type EncodeContext,
  type EncodedRecord,
  type PushDefinition,
  pushDefinitionRules,
  type PushOptions,
} from "./push-definition.ts";
import { createQueue } from "./queue.ts";
import { createBatchMaker } from "./sealed-batch.ts";
import { createSizeLimits } from "./size-limits.ts";
import { uuidV7 } from "./uuid.ts";

/** Makes a publisher that pushes: bounded queue, batches, retry, life cycle and numbers are all there. */
export function createPushPublisher(definition: PushDefinition, options?: PushOptions): MetricsPublisher {
  checkOptions("createPushPublisher", definition, pushDefinitionRules);
  checkOptions(definition.name, options, { ...commonOptionRules, ...deliveryOptionRules });
  const settings = resolveDelivery(options);
  const { name = definition.name } = options ?? {};
  const clock = resolveClock(options?.clock);
  const ledger = createLedger();
  const reporter = createReporter(name, options);
  const store = createMemoryStore();
  const maker = createBatchMaker(definition.wrap);
  const queue = createQueue();
  const limits = createSizeLimits(settings.maxBatchBytes);
  const losses = createLosses(ledger, reporter, store, clock, settings.onDrop);
  const dispatcher = createDispatcher({
    options: settings,
    clock,
    ledger,
    reporter,
    queue,
    store,
    maker,
    limits,
    send: definition.send,
    ready: () => lifeCycle.ready,
    losses,
  });
  const gather = createGather({ options: settings, clock, overhead: maker.overhead, limitOf: limits.of, onSeal: seal });
  const intake = createIntake({ scope: "document", ledger, reporter, event: accept, network: accept });

  let firstLane: string | undefined;
  let hasOthers = false;

  function accept(fields: RecordFields): void {
    if (lifeCycle.refused) {
      ledger.drop("refused");
      return reporter.drop("record-dropped", "record dropped (refused): the start failed for good");
    }
    const receivedAt = clock.now();
    const encoded = encode(fields, { id: uuidV7(receivedAt), receivedAt });
    if (encoded === undefined) return;
    const { data, lane = "" } = encoded;
    if (isCrowding(lane)) {
      giveUp("queue-full", "its lane is held, and takes half of the queue already", data);
      return;
    }
    if (add(lane, data)) return lifeCycle.begin();
    // Who hears of what makes room for it may publish, and what the encoder gave stands until it is called again.
    const own = typeof data === "string" || settings.overflow === "drop-newest" ? data : new Uint8Array(data);
    const { waiting } = losses;
    let fits = true;
    do fits = makeRoom(own);
    while (fits && !add(lane, own));
    // Whoever publishes without a pause gives no turn to hand out in: what made room for earlier records must not pile up outside
    // the queue. Only now, since a handler that publishes takes the room.
    losses.handOutNow(waiting);
    if (fits) lifeCycle.begin();
  }

  function add(lane: string, data: string | Uint8Array): boolean {
    return gather.add(lane, data, settings.maxQueueBytes - gather.memory - queue.memory);
  }

  function encode(fields: RecordFields, context: EncodeContext): EncodedRecord | undefined {
    let encoded: unknown;
    try {
      encoded = definition.encode(fields, context);
      if (isEncoded(encoded)) return encoded;
    } catch (cause) {
      ledger.drop("encode");
      reporter.drop("encode-failed", "record dropped: it could not be encoded", { cause });
      return undefined;
    }
    if (encoded === null) {
      ledger.ignore("unsupported");
      return undefined;
    }
    ledger.drop("encode");
    reporter.drop("encode-failed", "record dropped: encode gave no data, or a lane that is no string");
    if (isThenable(encoded)) encoded.then(undefined, () => undefined);
    return undefined;
  }

  /** Tells whether a lane that is held would take the room of others: where there are any, it may have half of the queue. */
  function isCrowding(lane: string): boolean {
    firstLane ??= lane;
    hasOthers ||= lane !== firstLane;
    if (!hasOthers || settings.overflow !== "drop-newest" || !dispatcher.isHeld(lane)) return false;
    return queue.memoryOf(lane) * 2 > settings.maxQueueBytes;
  }

  /** Makes some room for a record that did not fit, or gives it up: false. */
  function makeRoom(data: string | Uint8Array): boolean {
    if (openingBytes(data) > settings.maxQueueBytes) return giveUp("too-large", "it is larger than the queue", data);
    let oldest: Queued | undefined;
    if (settings.overflow === "drop-oldest") {
      // What may go at once is not given up.
      dispatcher.pump();
      oldest = queue.first();
    }
    if (oldest === undefined) {
      if (gather.count === 0) return giveUp("queue-full", "the queue is full", data);
      // What is being gathered takes less once it is sealed, may be on its way then, or is the oldest itself.
      gather.sealAll();
      return true;
    }
    queue.remove(oldest);
    losses.batch(oldest.kept, "queue-full", "the queue is full");
    return true;
  }

  function giveUp(reason: DropReason, why: string, data: string | Uint8Array): false {
    losses.record(reason, why, () => new Uint8Array(typeof data === "string" ? Buffer.from(data) : data));
    return false;
  }

  function seal(lane: OpenLane): void {
    const { records, offsets } = lane.take();
    queue.add(store.keep(maker.seal(lane.lane, records, offsets, clock.now())), {
      receivedAt: lane.openedAt,
      epoch: queue.epoch,
    });
    dispatcher.wake();
  }

  function abandon(reason: DropReason, why: string): void {
    gather.sealAll();
    for (const queued of queue.all) {
      queue.remove(queued);
      losses.batch(queued.kept, reason, why);
    }
  }

  const ending = new AbortController();
  const flow: RecordFlow = {
    get failing() {
      return dispatcher.failing;
    },
    get pendingDetail() {
      const oldest = Math.min(gather.oldest ?? Infinity, queue.oldest ?? Infinity);
      const oldestAgeMs = oldest === Infinity ? null : clock.monotonic() - oldest;
      return { bytes: gather.memory + queue.memory, oldestAgeMs };
    },
    started: () => dispatcher.wake(),
    refused: () => abandon("refused", "the start failed for good"),
    drain(done) {
      gather.sealAll();
      // Settled is what has also been handed out.
      return queue.endEpoch(() => void losses.settled().finally(done));
    },
    stop() {
      ending.abort();
      dispatcher.stop();
      gather.stop();
      abandon("unconfirmed", "it was not acknowledged before the close ended");
      return losses.settled();
    },
  };
  const lifeCycle = createLifeCycle({
    name,
    clock,
    ledger,
    reporter,
    hooks: hooksOf(definition, ending.signal, reporter),
    intake,
    flow,
  });
  return lifeCycle.publisher;
}

function isEncoded(value: unknown): value is EncodedRecord {
  const { data, lane } = (value ?? {}) as { readonly data?: unknown; readonly lane?: unknown };
  return (typeof data === "string" || isUint8Array(data)) && (lane === undefined || typeof lane === "string");
}
