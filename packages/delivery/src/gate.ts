import { retryDelay } from "./retry-delay.ts";

/** Lets attempts through to one backend: all while it answers, none while it is left in peace, one to see whether it is back. */
export interface Gate {
  /** Attempts in a row without an answer; those in flight together count once. */
  readonly failures: number;
  /** When the next attempt may begin, on the monotonic clock; 0 while nothing keeps it back. */
  readonly opensAt: number;
  /** Whether an attempt may begin. */
  admits(now: number, inFlight: number): boolean;
  /** Notes that an attempt begins and gives what its end is told by. */
  enter(): number;
  /** The backend answered. */
  answered(ticket: number): void;
  /** The backend did not take it; `retryAfterMs` is a floor, `share` the one of `retryDelay`. */
  failed(ticket: number, now: number, retryAfterMs: number, share?: number): void;
}

/** Makes an open gate. */
export function createGate(): Gate {
  let failures = 0;
  let opensAt = 0;
  let round = 0;
  return {
    get failures() {
      return failures;
    },
    get opensAt() {
      return opensAt;
    },
    admits: (now, inFlight) => now >= opensAt && (failures === 0 || inFlight === 0),
    enter: () => round,
    answered(ticket) {
      // What was under way before the failure says nothing of the time after it, and takes back no Retry-After.
      if (ticket !== round) return;
      failures = 0;
      opensAt = 0;
    },
    failed(ticket, now, retryAfterMs, share) {
      // Attempts that were in flight together fail together: that is one failure, not several.
      if (ticket === round) {
        round += 1;
        failures += 1;
        opensAt = now + retryDelay(failures, retryAfterMs, share);
      } else opensAt = Math.max(opensAt, now + retryAfterMs);
    },
  };
}
