// Outcome of one request, as `send` returns it.
import type { Retry } from "../retry/attempt.ts";

/**
 * Outcome of one request.
 * - `retry`: nothing was taken, as far as is known; all of it is sent again after a wait. With `atOnce` it is sent again without
 *   one, since the next attempt takes another way, such as to another host of the backend.
 * - `rejected`: the backend will never take any of it.
 * - `split`: the batch is halved. A single record is dropped as too large or rejected, or sent again if the backend is busy.
 *   `retryAfterMs` is for a busy backend.
 * - `hold`: credentials or configuration are wrong. The lane stops and is probed every 30 s; no record is dropped for it.
 * - `partial`: one outcome for each record, in order. `reason` is why some are sent again. With `alone` only these records wait,
 *   even if none was taken, since the backend is well. `hold`, a reason too, also stops the lane.
 */
export type Outcome =
  | { readonly kind: "delivered" }
  | (Retry & { readonly atOnce?: boolean | undefined })
  | { readonly kind: "rejected"; readonly reason: string }
  | {
      readonly kind: "split";
      readonly because: "too-large" | "rejected" | "busy";
      readonly retryAfterMs?: number | undefined;
      readonly reason?: string | undefined;
    }
  | { readonly kind: "hold"; readonly reason: string }
  | {
      readonly kind: "partial";
      readonly records: readonly RecordOutcome[];
      readonly retryAfterMs?: number | undefined;
      readonly reason?: string | undefined;
      readonly alone?: boolean | undefined;
      readonly hold?: string | undefined;
    };

/** Outcome of one record of a batch. */
export type RecordOutcome = "delivered" | "retry" | { readonly rejected: string };

const SPLITS: ReadonlySet<unknown> = new Set(["too-large", "rejected", "busy"]);

/**
 * Reads what `send` returned, each field once. Anything unreadable, or of the wrong length, is a retry of the whole batch and
 * never a success. Throws only what the value itself throws.
 */
export function readOutcome(given: unknown, count: number): Outcome {
  const { kind, reason, retryAfterMs, because, records, alone, hold, atOnce } = (given ?? {}) as {
    readonly [name: string]: unknown;
  };
  const wait = typeof retryAfterMs === "number" ? retryAfterMs : undefined;
  switch (kind) {
    case "delivered":
      return { kind };
    case "retry":
      return { kind, retryAfterMs: wait, reason: textOf(reason), atOnce: atOnce === true };
    case "rejected":
      return { kind, reason: textOf(reason) ?? "the backend rejected it" };
    case "hold":
      return { kind, reason: textOf(reason) ?? "the backend rejects the credentials or configuration" };
    case "split":
      if (SPLITS.has(because)) return { kind, because: because as "busy", retryAfterMs: wait, reason: textOf(reason) };
      return { kind: "retry", reason: "send did not say why to split" };
    case "partial":
      return readPartial(records, count, {
        retryAfterMs: wait,
        reason: textOf(reason),
        alone: alone === true,
        hold: textOf(hold),
      });
    default:
      return { kind: "retry", reason: "send gave no outcome" };
  }
}

function readPartial(
  given: unknown,
  count: number,
  also: Pick<Outcome & { kind: "partial" }, "retryAfterMs" | "reason" | "alone" | "hold">,
): Outcome {
  if (!Array.isArray(given) || given.length !== count)
    return { kind: "retry", reason: "the reply does not cover the batch record by record" };
  // Each element is read once and kept: a second read of a foreign value may return something else.
  const records: RecordOutcome[] = [];
  for (let index = 0; index < count; index += 1) {
    const record = readRecord(given[index]);
    if (record === undefined) return { kind: "retry", reason: "the reply has records without an outcome" };
    records.push(record);
  }
  return { kind: "partial", records, ...also };
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

function readRecord(given: unknown): RecordOutcome | undefined {
  if (given === "delivered" || given === "retry") return given;
  const { rejected } = (given ?? {}) as { readonly rejected?: unknown };
  return typeof rejected === "string" ? { rejected } : undefined;
}
