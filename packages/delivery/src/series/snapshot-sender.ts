// Sends the newest snapshot of the series at an interval, and again until one is acknowledged.
import type { Clock } from "@eventmeter/core";
import { describeFailure, type Ledger, type Reporter } from "@eventmeter/core/publisher";
import type { AttemptResult } from "../retry/attempt.ts";
import { LaneFailures } from "../retry/lane-failures.ts";
import { clampRetryAfter } from "../retry/retry-after.ts";
import { WaitingFlushes } from "../waiting-flushes.ts";
import { SeriesExclusion } from "./excluded-series.ts";
import type { IsolationRound } from "./isolation-round.ts";
import { PartCount } from "./part-count.ts";
import { SnapshotCoverage } from "./snapshot-coverage.ts";
import type { ExcludedSeries, SnapshotOutcome, TimedSnapshot } from "./series-definition.ts";
import { SnapshotOrder } from "./snapshot-order.ts";

/** The one lane that snapshots travel in. */
const LANE = "";

/** Parts of a series publisher that sending works with. */
export interface SnapshotSenderParts<Snapshot extends TimedSnapshot> {
  readonly clock: Clock;
  readonly ledger: Ledger;
  readonly reporter: Reporter;
  readonly intervalMs: number;
  /** Returns whether anything may be sent yet. */
  readonly isReady: () => boolean;
  /** Returns a snapshot of all series at this moment. */
  readonly snapshot: () => Snapshot;
  /** Returns two snapshots of the same moment that hold the series between them; undefined if it cannot be split. */
  readonly split: (snapshot: Snapshot) => readonly [Snapshot, Snapshot] | undefined;
  /** Leaves the series of a part out of all later snapshots; undefined if the source cannot do that. */
  readonly exclude: ((part: Snapshot) => ExcludedSeries) | undefined;
  /** Encodes and sends one snapshot once, in bounded time; never rejects. */
  readonly attempt: (
    snapshot: Snapshot,
    attempt: number,
    controller: AbortController,
  ) => Promise<AttemptResult<SnapshotOutcome>>;
}

/** Sends the snapshots of one publisher. Times are on the monotonic clock. */
export class SnapshotSender<Snapshot extends TimedSnapshot> {
  readonly #parts: SnapshotSenderParts<Snapshot>;
  readonly #lanes: LaneFailures;
  readonly #order = new SnapshotOrder();
  readonly flushes: WaitingFlushes = new WaitingFlushes();
  readonly #partCount = new PartCount();
  readonly #coverage: SnapshotCoverage;
  readonly #exclusion: SeriesExclusion<Snapshot>;
  #isWanted = false;
  #inFlight: AbortController | undefined;
  #failures = 0;
  /** What was rejected permanently would be rejected again: the next interval may bring something else. */
  #pausedUntil = 0;
  #intervalTimer: { cancel(): void } | undefined;
  #retryTimer: { cancel(): void } | undefined;
  #isStopped = false;

  constructor(parts: SnapshotSenderParts<Snapshot>) {
    this.#parts = parts;
    this.#lanes = new LaneFailures(parts.reporter);
    this.#coverage = new SnapshotCoverage(parts.clock);
    this.#exclusion = new SeriesExclusion(parts);
  }

  /** Whether the backend rejects requests, or cannot be reached, at the moment. */
  get failing(): boolean {
    return this.#failures > 0;
  }

  /** When the oldest record was added that no acknowledged snapshot covers; undefined if there is none. */
  get oldest(): number | undefined {
    return this.#coverage.oldest;
  }

  /** Records that a record was added to the series. */
  onAdded(): void {
    if (!this.#coverage.onAdded()) return;
    const { clock, intervalMs } = this.#parts;
    this.#intervalTimer ??= clock.setTimeout(() => this.#onInterval(), intervalMs);
  }

  /** Sends a snapshot as soon as possible; calls `done` when all records added so far are in an acknowledged one. Returns what withdraws the call. */
  drain(done: () => void): () => void {
    const withdraw = this.#coverage.onceCovered(done);
    if (withdraw === undefined) return () => undefined;
    this.#isWanted = true;
    this.sendIfDue();
    return withdraw;
  }

  /** Sends a snapshot if one is wanted and may be sent now; called whenever something changed. */
  sendIfDue(): void {
    const { clock, isReady } = this.#parts;
    if (this.#isStopped || this.#inFlight !== undefined || !this.#isWanted || !isReady()) return;
    const now = clock.monotonic();
    const due = Math.max(this.#lanes.dueAt(LANE), this.#pausedUntil);
    if (due > now) {
      this.flushes.endBefore(due);
      this.#retryTimer?.cancel();
      this.#retryTimer = clock.setTimeout(() => this.sendIfDue(), due - now);
      return;
    }
    void this.#run(now);
  }

  /** Aborts what is in flight and sends nothing more. */
  stop(): void {
    this.#isStopped = true;
    this.#intervalTimer?.cancel();
    this.#retryTimer?.cancel();
    this.#inFlight?.abort();
    this.#coverage.stop();
  }

  // Every interval sends all series, whether they changed or not: one that is not sent for five minutes counts as gone.
  #onInterval(): void {
    const { clock, intervalMs } = this.#parts;
    this.#intervalTimer = clock.setTimeout(() => this.#onInterval(), intervalMs);
    this.#isWanted = true;
    this.sendIfDue();
  }

  async #run(begun: number): Promise<void> {
    const controller = new AbortController();
    this.#inFlight = controller;
    try {
      await this.#sendNewest(controller);
    } catch (cause) {
      this.#isWanted = true;
      this.#onFailure(begun, `the snapshot could not be taken or split${describeFailure(cause)}`, 0, cause);
    }
    this.#inFlight = undefined;
    this.sendIfDue();
  }

  async #sendNewest(controller: AbortController): Promise<void> {
    const covered = this.#coverage.onSnapshot();
    const snapshot = this.#takeSnapshot();
    if (snapshot === undefined) return;
    // A flush in the meantime wants a snapshot of its own.
    this.#isWanted = false;
    const round = this.#exclusion.beginRound();
    const outstanding = this.#divide(snapshot, this.#partCount.current);
    for (let part = outstanding.shift(); part !== undefined; part = outstanding.shift()) {
      // oxlint-disable-next-line no-await-in-loop -- one request at a time: parts of one moment may not race those of the next
      const instead = await this.#sendPart(part, controller, round);
      if (this.#isStopped) return;
      if (instead === undefined) {
        this.#isWanted = true;
        this.#exclusion.endRound(round);
        return;
      }
      outstanding.unshift(...instead);
    }
    const excluded = this.#exclusion.endRound(round) + (snapshot.excludedRecords ?? 0);
    if (round.hasRest) {
      this.#isWanted = true;
      this.#onRejection(round.reason);
      return;
    }
    if (!round.isRunning) this.#partCount.onTaken(round.taken);
    this.#onAcknowledged(covered, excluded);
  }

  /** Takes the newest snapshot; returns undefined if it may not be sent yet. */
  #takeSnapshot(): Snapshot | undefined {
    const { clock, intervalMs, reporter } = this.#parts;
    const snapshot = this.#parts.snapshot();
    const waitMs = this.#order.waitMs(snapshot.time);
    if (waitMs === 0) return snapshot;
    if (waitMs > 1_000)
      reporter.error("clock-behind", `the clock went back ${Math.round(waitMs / 1_000)} s: series wait for it`, {
        retryable: true,
      });
    this.#pausedUntil = clock.monotonic() + Math.min(waitMs, intervalMs);
    return undefined;
  }

  #divide(snapshot: Snapshot, into: number): Snapshot[] {
    const halves = into > 1 ? this.#parts.split(snapshot) : undefined;
    return halves === undefined ? [snapshot] : halves.flatMap((half) => this.#divide(half, into / 2));
  }

  /**
   * Sends one part. Returns the parts to send in its place, none if it was acknowledged, or undefined if the newest snapshot
   * has to be sent instead.
   */
  async #sendPart(
    part: Snapshot,
    controller: AbortController,
    round: IsolationRound<Snapshot>,
  ): Promise<readonly Snapshot[] | undefined> {
    const { clock, ledger, attempt, split } = this.#parts;
    const begun = clock.monotonic();
    this.#lanes.onSend(LANE, begun);
    if (this.#failures > 0) ledger.retries += 1;
    const { outcome, cause } = await attempt(part, this.#failures + 1, controller);
    if (this.#isStopped) return undefined;
    switch (outcome.kind) {
      case "retry":
        return this.#onFailure(begun, outcome.reason ?? "the backend did not take them", outcome.retryAfterMs, cause);
      case "hold":
        this.#failures += 1;
        this.#lanes.hold(LANE, outcome.reason, clock.monotonic());
        return undefined;
      case "split":
        if (outcome.because !== "busy") break;
        this.#partCount.onBusy();
        return this.#onFailure(begun, outcome.reason ?? "the backend is busy", outcome.retryAfterMs);
      default:
    }
    this.#lanes.onAnswer(LANE, begun, clock.monotonic());
    if (outcome.kind === "delivered") {
      this.#order.onAcknowledged(part.time);
      round.onTaken();
      return [];
    }
    if (outcome.kind === "split" && outcome.because === "rejected")
      return round.onRejected(part, outcome.reason ?? "the backend rejects a series", split);
    const halves = outcome.kind === "split" ? split(part) : undefined;
    return halves ?? this.#onRejection(outcome.reason ?? "a single series is too large");
  }

  #onFailure(begun: number, reason: string, retryAfterMs: number | undefined, cause?: unknown): undefined {
    const { clock, reporter } = this.#parts;
    this.#failures += 1;
    this.#lanes.onFailure(LANE, begun, clock.monotonic(), clampRetryAfter(retryAfterMs));
    reporter.error("send-failed", `${reason}; the series are sent again later`, { retryable: true, cause });
  }

  #onRejection(reason: string): undefined {
    const { clock, intervalMs, reporter } = this.#parts;
    this.#failures += 1;
    this.#pausedUntil = clock.monotonic() + intervalMs;
    reporter.error("snapshot-rejected", `${reason}; the series are sent again in ${intervalMs / 1_000} s`);
  }

  /** @param excluded records of excluded series, since the beginning */
  #onAcknowledged(covered: number, excluded: number): void {
    const { clock, ledger } = this.#parts;
    this.#failures = 0;
    this.#pausedUntil = 0;
    this.#exclusion.settle(this.#coverage.onAcknowledged(covered), excluded);
    ledger.lastSuccess = clock.now();
    this.#coverage.callWaiters();
  }
}
