// Dispatcher of a push publisher: decides which batch is sent when, and which is too old to be sent.
import type { Clock } from "@eventmeter/core";
import { backOffMs, type Ledger, type Reporter, runDetached } from "@eventmeter/core/publisher";
import type { BatchMaker } from "../queue/batch-maker.ts";
import type { BatchQueue, SendingRules } from "../queue/batch-queue.ts";
import type { BatchStore } from "../queue/batch-store.ts";
import type { QueuedBatch } from "../queue/lane-queue.ts";
import { WaitingFlushes } from "../waiting-flushes.ts";
import { CircuitBreaker } from "../retry/circuit-breaker.ts";
import { LaneFailures } from "../retry/lane-failures.ts";
import type { SizeLimits } from "../retry/size-limits.ts";
import { BatchCutter } from "./batch-cutter.ts";
import { BatchSender } from "./batch-sender.ts";
import type { ResolvedDelivery } from "./delivery-options.ts";
import type { DroppedRecords } from "./dropped-records.ts";
import { DueTimer } from "./due-timer.ts";
import type { Send } from "./send.ts";

/** Sends what the queue holds, as fast as the backend takes it and no faster. */
export class Dispatcher {
  readonly #options: ResolvedDelivery;
  readonly #clock: Clock;
  readonly #reporter: Reporter;
  readonly #queue: BatchQueue;
  readonly #limits: SizeLimits;
  readonly #dropped: DroppedRecords;
  readonly #isReady: () => boolean;
  readonly #breaker = new CircuitBreaker();
  readonly #lanes: LaneFailures;
  readonly #cutter: BatchCutter;
  readonly #sender: BatchSender;
  readonly #timer: DueTimer;
  /** Requests in flight, and batches that are being cut: each takes one place of `concurrency`. */
  readonly #inFlight = new Set<AbortController>();
  readonly #ending = new AbortController();
  readonly #flushes = new WaitingFlushes();
  #isScheduled = false;

  /** @param isReady returns whether anything may be sent yet */
  constructor(parts: {
    readonly options: ResolvedDelivery;
    readonly clock: Clock;
    readonly ledger: Ledger;
    readonly reporter: Reporter;
    readonly queue: BatchQueue;
    readonly store: BatchStore;
    readonly maker: BatchMaker;
    readonly limits: SizeLimits;
    readonly dropped: DroppedRecords;
    readonly send: Send;
    readonly isReady: () => boolean;
  }) {
    this.#options = parts.options;
    this.#clock = parts.clock;
    this.#reporter = parts.reporter;
    this.#queue = parts.queue;
    this.#limits = parts.limits;
    this.#dropped = parts.dropped;
    this.#isReady = parts.isReady;
    this.#lanes = new LaneFailures(parts.reporter, (lane) => parts.queue.onLaneChanged(lane));
    parts.queue.onLaneEmpty((lane) => this.#lanes.onEmpty(lane));
    this.#cutter = new BatchCutter(parts);
    this.#sender = new BatchSender({
      ...parts,
      sendTimeoutMs: parts.options.sendTimeoutMs,
      cutter: this.#cutter,
      breaker: this.#breaker,
      lanes: this.#lanes,
    });
    this.#timer = new DueTimer(parts.clock, () => this.dispatch());
  }

  /** Whether the backend, or a lane, rejects requests at the moment. */
  get failing(): boolean {
    return this.#breaker.failures > 0 || this.#lanes.any;
  }

  /** Returns whether a lane is held. */
  isHeld(lane: string): boolean {
    return this.#lanes.isHeld(lane);
  }

  /**
   * Dispatches soon; called whenever something changed. Later than the call: nothing is sent or dropped inside a publish,
   * however many batches it fills.
   */
  schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    queueMicrotask(() => this.dispatch());
  }

  /**
   * Calls `giveUp` as soon as nothing can be settled until `until`, on the monotonic clock; returns a function that withdraws
   * the call.
   */
  onceHopeless(until: number, giveUp: () => void): () => void {
    this.schedule();
    return this.#flushes.add(until, giveUp);
  }

  /** Begins to send what may be sent now, and drops what is too old. */
  dispatch(): void {
    this.#isScheduled = false;
    if (this.#ending.signal.aborted) return;
    const now = this.#clock.monotonic();
    this.#dropExpired(now);
    this.#lanes.wakeDue((lane) => this.#queue.hasLane(lane), now);
    const rules = this.#rulesAt(now);
    while (this.#maySend(now)) {
      const queued = this.#queue.takeNext({ ...rules, probing: this.#breaker.failures > 0 });
      if (queued === undefined) break;
      this.#begin(queued, now);
    }
    this.#setTimer(now);
  }

  /** Aborts what is in flight and sends nothing more. */
  stop(): void {
    this.#ending.abort();
    this.#timer.cancel();
    for (const controller of this.#inFlight) controller.abort();
  }

  #rulesAt(now: number): Omit<SendingRules, "probing"> {
    return {
      now,
      admits: (lane) => this.#lanes.admits(lane, now),
      failures: (lane) => this.#lanes.failuresOf(lane),
    };
  }

  #maySend(now: number): boolean {
    const { size } = this.#inFlight;
    return this.#isReady() && size < this.#options.concurrency && this.#breaker.admits(now, size);
  }

  /** Begins the way of a batch; only the store can make it fail. */
  #begin(queued: QueuedBatch, now: number): void {
    const { lane, count, bytes } = queued.kept;
    const isTooLarge = count > 1 && bytes > this.#limits.of(lane);
    // A publish into a full queue begins to send what may be sent.
    void runDetached(() =>
      (isTooLarge ? this.#cutToLimit(queued) : this.#sendBatch(queued, now)).catch((cause: unknown) =>
        this.#onStoreFailure(queued, now, cause),
      ),
    );
  }

  async #sendBatch(queued: QueuedBatch, begun: number): Promise<void> {
    const { signal: stopped } = this.#ending;
    const controller = new AbortController();
    this.#inFlight.add(controller);
    try {
      const sent = await this.#sender.send(queued, begun, controller, stopped);
      this.#inFlight.delete(controller);
      if (sent !== undefined) await this.#sender.settle(sent, stopped);
    } finally {
      this.#inFlight.delete(controller);
    }
    this.schedule();
  }

  async #cutToLimit(queued: QueuedBatch): Promise<void> {
    const place = new AbortController();
    this.#inFlight.add(place);
    try {
      await this.#cutter.cutToLimit(queued, this.#limits.of(queued.kept.lane), this.#ending.signal);
    } finally {
      this.#inFlight.delete(place);
    }
    this.schedule();
  }

  /** Keeps a batch that could not be read or written, and tries it again later. */
  #onStoreFailure(queued: QueuedBatch, begun: number, cause: unknown): void {
    if (this.#ending.signal.aborted) return;
    const now = this.#clock.monotonic();
    this.#queue.delay(queued, now + backOffMs(Math.max(queued.attempts, 1)));
    this.#lanes.onFailure(queued.kept.lane, begun, now, 0);
    this.#reporter.error("send-failed", "a batch could not be read or written", { retryable: true, cause });
    this.schedule();
  }

  #dropExpired(now: number): void {
    const { maxAgeMs } = this.#options;
    // Looked up again each time: a handler may publish, which makes room of others or sends them.
    for (;;) {
      const queued = this.#queue.firstExpired(now, maxAgeMs);
      if (queued === undefined) return;
      this.#queue.remove(queued);
      this.#dropped.dropBatch(queued.kept, "expired", `it is older than ${maxAgeMs / 60_000} minutes`);
    }
  }

  /** Sets the timer for whatever is due first: the backend's back-off, a lane's or a batch's own, or old age. */
  #setTimer(now: number): void {
    if (this.#queue.size === 0) return this.#timer.set(Infinity, now);
    const { probeAt } = this.#breaker;
    const { maxAgeMs } = this.#options;
    const due = Math.min(this.#queue.nextDue(now, maxAgeMs), this.#lanes.nextDue());
    this.#timer.set(probeAt > now ? Math.min(due, probeAt) : due, now);
    // Where nothing is in flight, only time can change something: what could be sent was sent just now.
    if (this.#queue.hasInFlight || !this.#isReady()) return;
    this.#flushes.endBefore(Math.min(this.#queue.nextExpiry(maxAgeMs), probeAt > now ? probeAt : due));
  }
}
