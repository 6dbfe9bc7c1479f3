// Lanes whose last batch was not taken: each has a back-off of its own, or is held until its configuration is corrected.
import { backOffMs, type Reporter } from "@eventmeter/core/publisher";

/** Longest time between two probes of a held lane, in milliseconds. */
const PROBE_INTERVAL_MS = 30_000;

interface LaneFailure {
  /** When it last failed, on the monotonic clock. */
  failedAt: number;
  failures: number;
  /** When one batch may probe the lane; Infinity while one does. */
  probeAt: number;
  /** When the last probe began. */
  probeBegun: number;
  /** Since when the lane is held; undefined if it only fails. */
  heldSince: number | undefined;
}

/** The failing lanes of one publisher. Times are on the monotonic clock. */
export class LaneFailures {
  readonly #reporter: Reporter;
  readonly #lanes = new Map<string, LaneFailure>();

  constructor(reporter: Reporter) {
    this.#reporter = reporter;
  }

  /** Whether any lane fails or is held. */
  get any(): boolean {
    return this.#lanes.size > 0;
  }

  /** Returns whether a lane waits for its credentials or configuration to be corrected. */
  isHeld(lane: string): boolean {
    return this.#lanes.get(lane)?.heldSince !== undefined;
  }

  /** Returns whether a batch of a lane may be sent. */
  admits(lane: string, now: number): boolean {
    return (this.#lanes.get(lane)?.probeAt ?? 0) <= now;
  }

  /** Returns the failures in a row of a lane; those of batches that were in flight together count once. */
  failuresOf(lane: string): number {
    return this.#lanes.get(lane)?.failures ?? 0;
  }

  /** Returns when the next lane may be probed; Infinity if none waits for that. */
  nextDue(now: number): number {
    let due = Infinity;
    for (const { probeAt } of this.#lanes.values()) if (probeAt > now) due = Math.min(due, probeAt);
    return due;
  }

  /** Records that a batch of a lane is sent; on a failing lane it is the probe. */
  onSend(lane: string, now: number): void {
    const failure = this.#lanes.get(lane);
    if (failure === undefined) return;
    failure.probeAt = Infinity;
    failure.probeBegun = now;
  }

  /** Records that the backend took nothing of a batch that was sent at `begun`. */
  onFailure(lane: string, begun: number, now: number, retryAfterMs: number, jitter?: number): void {
    const failure = this.#failureOf(lane);
    // Batches that were in flight together fail together.
    if (isStale(failure, begun)) {
      failure.probeAt = Math.max(failure.probeAt, now + retryAfterMs);
      return;
    }
    failure.failedAt = now;
    failure.failures += 1;
    const waitMs = backOffMs(failure.failures, retryAfterMs, jitter);
    failure.probeAt = now + (failure.heldSince === undefined ? waitMs : Math.max(PROBE_INTERVAL_MS, waitMs));
  }

  /** Records that an attempt that was sent at `begun` is made again in another way: if it was the probe, it still is. */
  onOtherWay(lane: string, begun: number, now: number): void {
    const failure = this.#lanes.get(lane);
    if (failure !== undefined && failure.probeBegun === begun) failure.probeAt = now;
  }

  /** Holds a lane: its credentials or configuration have to be corrected. */
  hold(lane: string, reason: string, now: number): void {
    const failure = this.#failureOf(lane);
    const wasHeld = failure.heldSince !== undefined;
    failure.failedAt = now;
    failure.failures += 1;
    failure.probeAt = now + PROBE_INTERVAL_MS;
    failure.heldSince ??= now;
    if (!wasHeld) this.#reporter.error("held", `records are kept back: ${reason}`, { retryable: true });
  }

  /** Records that the backend answered a batch that was sent at `begun`: it took records, or rejected them one by one. */
  onAnswer(lane: string, begun: number, now: number): void {
    const failure = this.#lanes.get(lane);
    if (failure === undefined || isStale(failure, begun)) return;
    this.#lanes.delete(lane);
    if (failure.heldSince === undefined) return;
    const seconds = Math.round((now - failure.heldSince) / 1_000);
    this.#reporter.diagnostic("resumed", `records flow again after ${seconds} s`);
  }

  /** Forgets lanes that are due and have nothing left to send. */
  forgetUnused(hasBatches: (lane: string) => boolean, now: number): void {
    for (const [lane, { probeAt }] of this.#lanes) if (probeAt <= now && !hasBatches(lane)) this.#lanes.delete(lane);
  }

  #failureOf(lane: string): LaneFailure {
    const known = this.#lanes.get(lane);
    if (known !== undefined) return known;
    const failure = { failedAt: -1, failures: 0, probeAt: 0, probeBegun: -1, heldSince: undefined };
    this.#lanes.set(lane, failure);
    return failure;
  }
}

/** Returns whether an attempt was under way when the lane failed, so that its end adds nothing. */
function isStale({ failedAt, probeBegun }: LaneFailure, begun: number): boolean {
  return begun <= failedAt && begun !== probeBegun;
}
