// Numbers of one publisher: where each record went.
import type { Counts, FlushReport, PublisherHealth, PublisherState } from "./contract.ts";
import type { DropReason, IgnoreReason } from "./drop-reasons.ts";

/** Parts of a publisher's health that its ledger does not know. */
export interface HealthDetail {
  readonly state: PublisherState;
  readonly pendingDetail?: PublisherHealth["pendingDetail"] | undefined;
  readonly lastError?: PublisherHealth["lastError"] | undefined;
  readonly children?: readonly PublisherHealth[] | undefined;
}

/**
 * Counts where each record of one publisher went. A record that was accepted and is not settled is pending, so
 * received + recovered = delivered + dropped + ignored + pending holds at every moment.
 */
export interface Ledger {
  /** Records handed to publish*; count each one before anything else. */
  received: number;
  /** Records taken over from an earlier process. */
  recovered: number;
  /** Records that were delivered. */
  delivered: number;
  /** Fields repaired or left out. */
  repaired: number;
  /** Attempts beyond the first. */
  retries: number;
  /** When a record was last delivered, in epoch milliseconds. */
  lastSuccess: number | null;
  /** Settles records as dropped. */
  drop(reason: DropReason, count?: number): void;
  /** Settles records as ignored. */
  ignore(reason: IgnoreReason, count?: number): void;
  /** Returns the current totals. */
  counts(): Counts;
  /** Returns the current totals with everything else that health() reports. */
  health(name: string, detail: HealthDetail): PublisherHealth;
  /** Returns the current totals as a report of flush() or close(), for a publisher that keeps no records on disk. */
  report(name: string, status: FlushReport["status"], children?: readonly FlushReport[]): FlushReport;
}

/** Creates the ledger of one publisher. */
export function createLedger(): Ledger {
  const droppedBy: Partial<Record<DropReason, number>> = {};
  const ignoredBy: Partial<Record<IgnoreReason, number>> = {};
  let dropped = 0;
  let ignored = 0;
  const ledger: Ledger = {
    received: 0,
    recovered: 0,
    delivered: 0,
    repaired: 0,
    retries: 0,
    lastSuccess: null,
    drop(reason, count = 1) {
      if (count === 0) return;
      dropped += count;
      droppedBy[reason] = (droppedBy[reason] ?? 0) + count;
    },
    ignore(reason, count = 1) {
      if (count === 0) return;
      ignored += count;
      ignoredBy[reason] = (ignoredBy[reason] ?? 0) + count;
    },
    counts() {
      const { received, recovered, delivered } = ledger;
      return {
        received,
        recovered,
        delivered,
        dropped,
        ignored,
        pending: received + recovered - delivered - dropped - ignored,
      };
    },
    health(name, detail) {
      return {
        name,
        state: detail.state,
        ...ledger.counts(),
        droppedBy: { ...droppedBy },
        ignoredBy: { ...ignoredBy },
        pendingDetail: detail.pendingDetail ?? { bytes: 0, oldestAgeMs: null },
        repaired: ledger.repaired,
        retries: ledger.retries,
        lastSuccess: ledger.lastSuccess,
        lastError: detail.lastError ?? null,
        ...(detail.children === undefined ? {} : { children: detail.children }),
      };
    },
    report(name, status, children) {
      return {
        name,
        status,
        ...ledger.counts(),
        droppedBy: { ...droppedBy },
        durable: 0,
        ...(children === undefined ? {} : { children }),
      };
    },
  };
  return ledger;
}
