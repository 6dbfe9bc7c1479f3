// What a life cycle has to know about the records of its publisher.
import type { PublisherHealth, WaitOptions } from "./contract.ts";

/** The time that a flush gives to the records that it covers. */
export interface DrainWait extends WaitOptions {
  readonly timeoutMs: number;
  /** When the flush ends at the latest, on the monotonic clock. */
  readonly until: number;
}

/** The records of one publisher between acceptance and settlement, as far as its life cycle has to know them. */
export interface RecordFlow {
  /** Whether the backend rejects requests, or cannot be reached, at the moment. */
  readonly failing: boolean;
  readonly pendingDetail?: PublisherHealth["pendingDetail"] | undefined;
  /** Sends what waited for the start; called when that succeeded. */
  onStarted?(): void;
  /** Drops what waits; called when the start failed permanently. */
  onRefused?(): void;
  /**
   * Sends everything accepted so far and calls `done` when all of it is settled, or `done("timeout")` as soon as nothing of
   * the rest can be settled before `wait.until`: the flush then ends at once. Returns a function that withdraws the call.
   * Absent where a record is settled when it is accepted.
   */
  drain?(done: (status?: "timeout") => void, wait: DrainWait): () => void;
  /** Ends sending, frees timers and drops what is left; resolves when that is done. A failure is reported. */
  stop?(): unknown;
}
