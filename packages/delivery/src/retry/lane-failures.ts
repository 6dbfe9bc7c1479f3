// Lanes whose last batch was not taken: each has a back-off of its own, or is held until its configuration is corrected.
import { backOffMs, type Reporter } from "@eventmeter/core/publisher";
import { KeyedHeap } from "../queue/keyed-heap.ts";

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
  readonly #onChange: (lane: string) => void;
  readonly #lanes = new Map<string, LaneFailure>();
  /** Lanes that wait to be probed, by when that may be. */
  readonly #waiting = new KeyedHeap<string>();

  /** @param onChange called with each lane of which `admits` or `failuresOf` may have changed */
  constructor(reporter: Reporter, onChange: (lane: string) => void = () => undefined) {
    this.#reporter = reporter;
    this.#onChange = onChange;
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
    return this.dueAt(lane) <= now;
  }

  /** Returns when a batch of a lane may be sent: 0 if it does not fail, Infinity while it is probed. */
  dueAt(lane: string): number {
    return this.#lanes.get(lane)?.probeAt ?? 0;
  }

  /** Returns the failures in a row of a lane; those of batches that were in flight together count once. */
  failuresOf(lane: string): number {
    return this.#lanes.get(lane)?.failures ?? 0;
  }

  /** Returns when the next lane may be probed; Infinity if none waits for that. */
  nextDue(): number {
    return this.#waiting.firstKey;
  }

  /** Records that a batch of a lane is sent; on a failing lane it is the probe. */
  onSend(lane: string, now: number): void {
    const failure = this.#lanes.get(lane);
    if (failure === undefined) return;
    this.#setProbe(lane, failure, Infinity);
    failure.probeBegun = now;
  }

  /** Records that the backend took nothing of a batch that was sent at `begun`. */
  onFailure(lane: string, begun: number, now: number, retryAfterMs: number, jitter?: number): void {
    const failure = this.#failureOf(lane);
    // Batches that were in flight together fail together.
    if (isStale(failure, begun)) {
      return this.#setProbe(lane, failure, Math.max(failure.probeAt, now + retryAfterMs));
    }
    failure.failedAt = now;
    failure.failures += 1;
    const waitMs = backOffMs(failure.failures, retryAfterMs, jitter);
    const leastMs = failure.heldSince === undefined ? 0 : PROBE_INTERVAL_MS;
    this.#setProbe(lane, failure, now + Math.max(leastMs, waitMs));
  }

  /** Records that an attempt that was sent at `begun` is made again in another way: if it was the probe, it still is. */
  onOtherWay(lane: string, begun: number, now: number): void {
    const failure = this.#lanes.get(lane);
    if (failure !== undefined && failure.probeBegun === begun) this.#setProbe(lane, failure, now);
  }

  /** Holds a lane: its credentials or configuration have to be corrected. */
  hold(lane: string, reason: string, now: number): void {
    const failure = this.#failureOf(lane);
    const wasHeld = failure.heldSince !== undefined;
    failure.failedAt = now;
    failure.failures += 1;
    this.#setProbe(lane, failure, now + PROBE_INTERVAL_MS);
    failure.heldSince ??= now;
    if (!wasHeld) this.#reporter.error("held", `records are kept back: ${reason}`, { retryable: true });
  }

  /** Records that the backend answered a batch that was sent at `begun`: it took records, or rejected them one by one. */
  onAnswer(lane: string, begun: number, now: number): void {
    const failure = this.#lanes.get(lane);
    if (failure === undefined || isStale(failure, begun)) return;
    this.#forget(lane);
    if (failure.heldSince === undefined) return;
    const seconds = Math.round((now - failure.heldSince) / 1_000);
    this.#reporter.diagnostic("resumed", `records flow again after ${seconds} s`);
  }

  /** Lets lanes be probed that are due, and forgets those of them that have nothing left to send. */
  wakeDue(hasBatches: (lane: string) => boolean, now: number): void {
    while (this.#waiting.firstKey <= now) {
      const lane = this.#waiting.first as string;
      this.#waiting.delete(lane);
      if (hasBatches(lane)) this.#onChange(lane);
      else this.#forget(lane);
    }
  }

  /** Records that a lane has nothing left to send: it is forgotten, at once if it is due. */
  onEmpty(lane: string): void {
    if (!this.#waiting.has(lane) && this.dueAt(lane) < Infinity) this.#forget(lane);
  }

  #setProbe(lane: string, failure: LaneFailure, probeAt: number): void {
    failure.probeAt = probeAt;
    if (probeAt === Infinity) this.#waiting.delete(lane);
    else this.#waiting.set(lane, probeAt);
    this.#onChange(lane);
  }

  #forget(lane: string): void {
    this.#lanes.delete(lane);
    this.#waiting.delete(lane);
    this.#onChange(lane);
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
