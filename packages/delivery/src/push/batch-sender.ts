// Sends one batch once and settles its records by the outcome.
import type { Clock } from "@eventmeter/core";
import { backOffMs, isThenable, type Ledger, type Reporter } from "@eventmeter/core/publisher";
import type { Batch } from "../queue/batch.ts";
import type { BatchQueue } from "../queue/batch-queue.ts";
import type { BatchStore } from "../queue/batch-store.ts";
import type { QueuedBatch } from "../queue/lane-queue.ts";
import { type AttemptResult, makeAttempt } from "../retry/attempt.ts";
import type { CircuitBreaker } from "../retry/circuit-breaker.ts";
import type { LaneFailures } from "../retry/lane-failures.ts";
import type { SizeLimits } from "../retry/size-limits.ts";
import type { BatchCutter } from "./batch-cutter.ts";
import type { DroppedRecords } from "./dropped-records.ts";
import { type Outcome, readOutcome } from "./outcome.ts";
import type { Send } from "./send.ts";
import { type Settlement, settlementOf } from "./settlement.ts";

/** In a process that was not frozen, an attempt ends no later than this after its time limit, in milliseconds. */
const FROZEN_MS = 1_000;

/** A batch that was sent, with the result. */
export interface SentBatch {
  readonly queued: QueuedBatch;
  readonly batch: Batch;
  /** Round of the circuit breaker in which the attempt began. */
  readonly round: number;
  /** When the attempt began, on the monotonic clock. */
  readonly begun: number;
  readonly result: AttemptResult<Outcome>;
}

/** Parts of a push publisher that sending works with. */
export interface BatchSenderParts {
  readonly send: Send;
  readonly sendTimeoutMs: number;
  readonly clock: Clock;
  readonly ledger: Ledger;
  readonly reporter: Reporter;
  readonly queue: BatchQueue;
  readonly store: BatchStore;
  readonly cutter: BatchCutter;
  readonly dropped: DroppedRecords;
  readonly breaker: CircuitBreaker;
  readonly lanes: LaneFailures;
  readonly limits: SizeLimits;
}

/** Sends batches of one publisher. */
export class BatchSender {
  readonly #parts: BatchSenderParts;

  constructor(parts: BatchSenderParts) {
    this.#parts = parts;
  }

  /** Sends a batch in bounded time. Rejects with what the store fails with; returns undefined if `stopped` aborts. */
  async send(
    queued: QueuedBatch,
    begun: number,
    controller: AbortController,
    stopped: AbortSignal,
  ): Promise<SentBatch | undefined> {
    const { send, sendTimeoutMs: timeoutMs, clock, ledger, reporter: report, store, breaker, lanes } = this.#parts;
    const { round } = breaker;
    queued.attempts += 1;
    if (queued.attempts > 1) ledger.retries += 1;
    lanes.onSend(queued.kept.lane, begun);
    // Sending begins after the publish that filled the batch has returned.
    const batch = await store.load(queued.kept);
    if (stopped.aborted) return undefined;
    const result = await makeAttempt(
      (context) => send(batch, context),
      (given) => readOutcome(given, batch.count),
      { controller, attempt: queued.attempts, timeoutMs, clock, report },
    );
    // An attempt that ends long after its time limit says nothing about the backend: the process was frozen meanwhile.
    queued.wasSent ||= clock.monotonic() - begun < timeoutMs + FROZEN_MS;
    return stopped.aborted ? undefined : { queued, batch, round, begun, result };
  }

  /** Settles the records of a batch that was sent, and queues what is sent again. */
  async settle(sent: SentBatch, stopped: AbortSignal): Promise<void> {
    if (stopped.aborted) return;
    const { queued, batch, result } = sent;
    const { clock, queue, cutter } = this.#parts;
    const settlement = settlementOf(result.outcome, batch.count);
    const { resend, backOff, retryAfterMs } = settlement;
    const now = clock.monotonic();
    // One draw for the backend and the batch: waiting for the later of two would bring clients together late in the window.
    const jitter = Math.random();
    this.#learn(sent, settlement, now, jitter);
    if (backOff !== "none") this.#reportRetry(batch.count, settlement, result.cause);

    const waits = backOff === "batch" || backOff === "backend";
    const notBefore = waits ? now + backOffMs(queued.attempts, retryAfterMs, jitter) : 0;
    if (resend === "all") return queue.delay(queued, notBefore);
    const stored = cutter.storeRemainder(queued, batch, resend);
    const parts = isThenable(stored) ? await stored : stored;
    // A close in between has counted the whole batch; from here on nothing is awaited.
    if (stopped.aborted) return;
    // Halves of a batch that failed by its size alone are new requests; everything else waits longer each time.
    const attempts = backOff === "none" && resend === "halves" ? 0 : queued.attempts;
    cutter.replaceWithParts(queued, parts, { attempts, notBefore });
    this.#count(batch, settlement);
  }

  /** Tells the circuit breaker, the lanes and the size limits what the outcome says about them. */
  #learn({ batch, round, begun }: SentBatch, settlement: Settlement, now: number, jitter: number): void {
    const { breaker, lanes, limits } = this.#parts;
    const { delivered, backOff, retryAfterMs, hold, tooLarge } = settlement;
    if (backOff === "other-way") return lanes.onOtherWay(batch.lane, begun, now);
    if (backOff === "backend") breaker.onFailure(round, now, retryAfterMs, jitter);
    else breaker.onAnswer(round);
    if (hold !== undefined) lanes.hold(batch.lane, hold, now);
    else if (backOff !== "backend" || delivered > 0) lanes.onAnswer(batch.lane, begun, now);
    else lanes.onFailure(batch.lane, begun, now, retryAfterMs, jitter);
    if (tooLarge) limits.onTooLarge(batch.lane, batch.bytes);
    else if (delivered > 0) limits.onTaken(batch.lane, batch.bytes);
  }

  #reportRetry(count: number, { resend, reason }: Settlement, cause: unknown): void {
    const left = typeof resend === "string" ? count : resend.length;
    const whole = count === 1 ? "1 record" : `${count} records`;
    const kept = left === count ? whole : `${left} of ${whole}`;
    this.#parts.reporter.error("send-failed", `${reason}; ${kept} kept for a retry`, { retryable: true, cause });
  }

  #count({ records, offsets }: Batch, { delivered, dropped }: Settlement): void {
    const { ledger, clock } = this.#parts;
    ledger.delivered += delivered;
    if (delivered > 0) ledger.lastSuccess = clock.now();
    for (const { position, countedAs, reason } of dropped)
      this.#parts.dropped.dropRecord(countedAs, reason, () => records.slice(offsets[position], offsets[position + 1]));
  }
}
