// Circuit breaker for one backend: closed, open, or half-open with one probe.
import { backOffMs } from "@eventmeter/core/publisher";

/** Decides when requests to one backend may begin: all while it answers, none during a back-off, then one as a probe. */
export class CircuitBreaker {
  #failures = 0;
  #probeAt = 0;
  /** Attempts of one round began before its first failure: together they count as one. */
  #round = 0;

  /** Failures in a row; those of attempts that were in flight together count once. */
  get failures(): number {
    return this.#failures;
  }

  /** When the next attempt may begin, on the monotonic clock; 0 while the breaker is closed. */
  get probeAt(): number {
    return this.#probeAt;
  }

  /** Returns whether an attempt may begin. */
  admits(now: number, inFlight: number): boolean {
    return now >= this.#probeAt && (this.#failures === 0 || inFlight === 0);
  }

  /** The round of an attempt that begins now, to report its end with. */
  get round(): number {
    return this.#round;
  }

  /** Records that the backend answered an attempt. */
  onAnswer(round: number): void {
    // An attempt that began before the failure proves nothing about the time after it, and revokes no Retry-After.
    if (round !== this.#round) return;
    this.#failures = 0;
    this.#probeAt = 0;
  }

  /**
   * Records that an attempt failed.
   * @param retryAfterMs least time to wait
   * @param jitter draw for the jitter, see `backOffMs`
   */
  onFailure(round: number, now: number, retryAfterMs: number, jitter?: number): void {
    if (round !== this.#round) {
      this.#probeAt = Math.max(this.#probeAt, now + retryAfterMs);
      return;
    }
    this.#round += 1;
    this.#failures += 1;
    this.#probeAt = now + backOffMs(this.#failures, retryAfterMs, jitter);
  }
}
