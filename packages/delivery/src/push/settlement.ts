// What an outcome means for the records of a batch.
import { clampRetryAfter } from "../retry/retry-after.ts";
import type { Outcome } from "./outcome.ts";

/** One record that is dropped, by its position in the batch. */
export interface DroppedPosition {
  readonly position: number;
  readonly countedAs: "rejected" | "too-large";
  readonly reason: string;
}

/** What happens to the records of a batch, its lane and the backend after one attempt. */
export interface Settlement {
  readonly delivered: number;
  readonly dropped: readonly DroppedPosition[];
  /** What is sent again: all of it unchanged, its two halves, or the records at these positions. */
  readonly resend: "all" | "halves" | readonly number[];
  /**
   * What waits before the next attempt: nothing, what is left of this batch, or everything for this backend. After "other-way"
   * nothing waits either, and the attempt says nothing about the backend or the lane.
   */
  readonly backOff: "none" | "other-way" | "batch" | "backend";
  readonly retryAfterMs: number;
  /** Why something is sent again, if that is worth reporting. */
  readonly reason?: string | undefined;
  /** Why the lane is held, if it is. */
  readonly hold?: string | undefined;
  /** Whether this batch is too large for its lane. */
  readonly tooLarge: boolean;
}

const NOTHING: Settlement = {
  delivered: 0,
  dropped: [],
  resend: [],
  backOff: "none",
  retryAfterMs: 0,
  tooLarge: false,
};

/** Returns what the outcome of a batch of `count` records means. */
export function settlementOf(outcome: Outcome, count: number): Settlement {
  switch (outcome.kind) {
    case "delivered":
      return { ...NOTHING, delivered: count };
    case "retry": {
      const { reason = "the backend did not take them", retryAfterMs, atOnce = false } = outcome;
      if (atOnce) return { ...NOTHING, resend: "all", backOff: "other-way", reason };
      return { ...NOTHING, resend: "all", backOff: "backend", retryAfterMs: clampRetryAfter(retryAfterMs), reason };
    }
    case "hold":
      return { ...NOTHING, resend: "all", hold: outcome.reason };
    case "rejected": {
      const { reason } = outcome;
      const dropped = Array.from({ length: count }, (_, position): DroppedPosition => {
        return { position, countedAs: "rejected", reason };
      });
      return { ...NOTHING, dropped };
    }
    case "split":
      return ofSplit(outcome, count);
    default:
      return ofPartial(outcome);
  }
}

function ofSplit({ because, retryAfterMs, reason }: Outcome & { kind: "split" }, count: number): Settlement {
  if (because === "busy")
    return {
      ...NOTHING,
      resend: count > 1 ? "halves" : "all",
      backOff: "backend",
      retryAfterMs: clampRetryAfter(retryAfterMs),
      reason: reason ?? "the backend is busy",
    };
  if (count > 1) return { ...NOTHING, resend: "halves", tooLarge: because === "too-large" };
  const dropped = [{ position: 0, countedAs: because, reason: reason ?? `a single record was ${because}` }];
  return { ...NOTHING, dropped };
}

function ofPartial({ records, retryAfterMs, reason, alone = false, hold }: Outcome & { kind: "partial" }): Settlement {
  const dropped: DroppedPosition[] = [];
  const resend: number[] = [];
  records.forEach((record, position) => {
    if (record === "retry") resend.push(position);
    else if (record !== "delivered") dropped.push({ position, countedAs: "rejected", reason: record.rejected });
  });
  const isWhole = resend.length === records.length;
  const waitMs = clampRetryAfter(retryAfterMs);
  return {
    ...NOTHING,
    delivered: records.length - dropped.length - resend.length,
    dropped,
    resend: isWhole ? "all" : resend,
    backOff: backOffOf(resend.length, isWhole && !alone, hold !== undefined, waitMs),
    retryAfterMs: waitMs,
    hold,
    reason: reason ?? "the backend did not take all of them",
  };
}

/** A backend that took nothing, or that asked for a wait, gets no requests meanwhile; otherwise what is left of the batch waits alone. */
function backOffOf(left: number, isWhole: boolean, isHeld: boolean, retryAfterMs: number): Settlement["backOff"] {
  if (left === 0) return "none";
  if (retryAfterMs > 0) return "backend";
  if (isHeld) return "none";
  return isWhole ? "backend" : "batch";
}
