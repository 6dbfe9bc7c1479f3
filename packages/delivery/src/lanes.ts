import type { Reporter } from "@eventmeter/core/publisher";
import { retryDelay } from "./retry-delay.ts";

/** Longest time between two looks at a lane that is held. */
const PROBE_INTERVAL_MS = 30_000;

/** What is known of lanes whose last batch was not taken: each waits by itself, and is then looked at by one batch. */
export interface Lanes {
  /** Whether any lane is in trouble. */
  readonly any: boolean;
  /** Whether a lane stands still because of credentials or configuration. */
  readonly isHeld: (lane: string) => boolean;
  admits(lane: string, now: number): boolean;
  /** Failures in a row; those in flight together count once. */
  readonly failures: (lane: string) => number;
  /** When the next lane is looked at again, on the monotonic clock; Infinity if none waits for it. */
  nextDue(now: number): number;
  /** Notes that a batch of the lane begins its way. */
  enter(lane: string, now: number): void;
  /** The backend took nothing of a batch that began at `begun`. */
  failed(lane: string, begun: number, now: number, retryAfterMs: number, share?: number): void;
  /** Credentials or configuration: the lane stops until they are right. */
  hold(lane: string, reason: string, now: number): void;
  /** The backend took a batch that began at `begun`, or judged its records. */
  answered(lane: string, begun: number, now: number): void;
  /** Forgets lanes that nothing waits for any more. */
  forget(hasLane: (lane: string) => boolean, now: number): void;
}

interface Trouble {
  /** When it was last seen. */
  seenAt: number;
  failures: number;
  /** When one batch may look; Infinity while one does. */
  probeAt: number;
  /** When the batch began that looked last. */
  probeBegun: number;
  /** Since when the lane is held; undefined if it only fails. */
  heldSince: number | undefined;
}

/** Makes lanes without trouble. */
export function createLanes(reporter: Reporter): Lanes {
  const troubles = new Map<string, Trouble>();

  function troubleOf(lane: string): Trouble {
    const known = troubles.get(lane);
    if (known !== undefined) return known;
    const trouble = { seenAt: -1, failures: 0, probeAt: 0, probeBegun: -1, heldSince: undefined };
    troubles.set(lane, trouble);
    return trouble;
  }

  return {
    get any() {
      return troubles.size > 0;
    },
    isHeld: (lane) => troubles.get(lane)?.heldSince !== undefined,
    admits: (lane, now) => (troubles.get(lane)?.probeAt ?? 0) <= now,
    failures: (lane) => troubles.get(lane)?.failures ?? 0,
    nextDue(now) {
      let due = Infinity;
      for (const { probeAt } of troubles.values()) if (probeAt > now) due = Math.min(due, probeAt);
      return due;
    },
    enter(lane, now) {
      const trouble = troubles.get(lane);
      if (trouble === undefined) return;
      trouble.probeAt = Infinity;
      trouble.probeBegun = now;
    },
    failed(lane, begun, now, retryAfterMs, share) {
      const trouble = troubleOf(lane);
      // What was in flight together fails together.
      if (isStale(trouble, begun)) {
        trouble.probeAt = Math.max(trouble.probeAt, now + retryAfterMs);
        return;
      }
      trouble.seenAt = now;
      trouble.failures += 1;
      const wait = retryDelay(trouble.failures, retryAfterMs, share);
      trouble.probeAt = now + (trouble.heldSince === undefined ? wait : Math.max(PROBE_INTERVAL_MS, wait));
    },
    hold(lane, reason, now) {
      const trouble = troubleOf(lane);
      const known = trouble.heldSince !== undefined;
      trouble.seenAt = now;
      trouble.failures += 1;
      trouble.probeAt = now + PROBE_INTERVAL_MS;
      trouble.heldSince ??= now;
      if (!known) reporter.error("held", `records are kept back: ${reason}`, { retryable: true });
    },
    answered(lane, begun, now) {
      const trouble = troubles.get(lane);
      if (trouble === undefined || isStale(trouble, begun)) return;
      troubles.delete(lane);
      if (trouble.heldSince === undefined) return;
      const seconds = Math.round((now - trouble.heldSince) / 1_000);
      reporter.diagnostic("resumed", `records flow again after ${seconds} s`);
    },
    forget(hasLane, now) {
      for (const [lane, { probeAt }] of troubles) if (probeAt <= now && !hasLane(lane)) troubles.delete(lane);
    },
  };
}

/** Whether an attempt was under way when the trouble was seen, so that its end says nothing new. */
function isStale({ seenAt, probeBegun }: Trouble, begun: number): boolean {
  return begun <= seenAt && begun !== probeBegun;
}
