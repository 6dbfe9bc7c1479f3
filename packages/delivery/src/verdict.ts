import type { Outcome } from "./outcome.ts";
import { clampRetryAfter } from "./retry-after.ts";

/** One record that is given up, by its position in the batch. */
export interface GivenUp {
  readonly position: number;
  readonly because: "rejected" | "too-large";
  readonly reason: string;
}

/** What an outcome means for the records of a batch. */
export interface Verdict {
  readonly delivered: number;
  readonly givenUp: readonly GivenUp[];
  /** What travels again: all of it as it is, its two halves, or the records at these positions. */
  readonly again: "all" | "halves" | readonly number[];
  /** What waits before the next attempt: nothing, what is left of this batch, or everything for this backend. */
  readonly backOff: "none" | "batch" | "backend";
  readonly retryAfterMs: number;
  /** Why something is tried again, where there is more to say than that. */
  readonly reason?: string | undefined;
  /** Why the lane stops, if it does. */
  readonly hold?: string | undefined;
  /** Whether the size of this batch is too large for its lane. */
  readonly tooLarge: boolean;
}

const NONE: Verdict = { delivered: 0, givenUp: [], again: [], backOff: "none", retryAfterMs: 0, tooLarge: false };

/** Judges the outcome of a batch of `count` records. */
export function judge(outcome: Outcome, count: number): Verdict {
  switch (outcome.kind) {
    case "delivered":
      return { ...NONE, delivered: count };
    case "retry": {
      const { reason = "the backend did not take them" } = outcome;
      return { ...NONE, again: "all", backOff: "backend", retryAfterMs: clampRetryAfter(outcome.retryAfterMs), reason };
    }
    case "hold":
      return { ...NONE, again: "all", hold: outcome.reason };
    case "rejected":
      return {
        ...NONE,
        givenUp: Array.from({ length: count }, (_, position) => ({
          position,
          because: "rejected",
          reason: outcome.reason,
        })),
      };
    case "split":
      return judgeSplit(outcome, count);
    default:
      return judgePartial(outcome);
  }
}

function judgeSplit({ because, retryAfterMs, reason }: Outcome & { kind: "split" }, count: number): Verdict {
  if (because === "busy")
    return {
      ...NONE,
      again: count > 1 ? "halves" : "all",
      backOff: "backend",
      retryAfterMs: clampRetryAfter(retryAfterMs),
      reason: reason ?? "the backend is busy",
    };
  if (count > 1) return { ...NONE, again: "halves", tooLarge: because === "too-large" };
  return { ...NONE, givenUp: [{ position: 0, because, reason: reason ?? `a single record was ${because}` }] };
}

function judgePartial({ records, retryAfterMs, reason, alone = false, hold }: Outcome & { kind: "partial" }): Verdict {
  const givenUp: GivenUp[] = [];
  const again: number[] = [];
  records.forEach((record, position) => {
    if (record === "retry") again.push(position);
    else if (record !== "delivered") givenUp.push({ position, because: "rejected", reason: record.rejected });
  });
  const whole = again.length === records.length;
  const wait = clampRetryAfter(retryAfterMs);
  return {
    ...NONE,
    delivered: records.length - givenUp.length - again.length,
    givenUp,
    again: whole ? "all" : again,
    backOff: backOffOf(again.length, whole && !alone, hold !== undefined, wait),
    retryAfterMs: wait,
    hold,
    reason: reason ?? "the backend did not take all of them",
  };
}

/** A backend that took nothing, or that says how long to wait, is left in peace; else what is left of the batch waits alone. */
function backOffOf(left: number, whole: boolean, held: boolean, retryAfterMs: number): Verdict["backOff"] {
  if (left === 0) return "none";
  if (retryAfterMs > 0) return "backend";
  if (held) return "none";
  return whole ? "backend" : "batch";
}
