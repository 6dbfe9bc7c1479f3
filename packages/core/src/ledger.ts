import type { Counts, PublisherHealth, PublisherState } from "./contract.ts";
import type { DropReason, IgnoreReason } from "./outcomes.ts";

/** What a ledger does not know of a publisher's health. */
export interface HealthDetail {
  readonly state: PublisherState;
  readonly pendingDetail?: PublisherHealth["pendingDetail"] | undefined;
  readonly lastError?: PublisherHealth["lastError"] | undefined;
  readonly children?: readonly PublisherHealth[] | undefined;
}

/**
 * Where each record of one publisher went. Pending is what was taken and is not settled yet:
 * received + recovered = delivered + dropped + ignored + pending holds at every moment.
 */
export interface Ledger {
  /** Records handed to publish*: count each one first. */
  received: number;
  /** Records taken over from an earlier process. */
  recovered: number;
  /** Records that arrived. */
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
  /** Gives the totals of this moment. */
  counts(): Counts;
  /** Gives the totals with everything that health() says besides. */
  health(name: string, detail: HealthDetail): PublisherHealth;
}

/** Opens the numbers of one publisher. */
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
  };
  return ledger;
}

/** How long a drop keeps a publisher from being `ok`. */
const DEGRADED_MS = 60_000;

/** What a publisher's state follows from. */
export interface StateInit {
  readonly closed: boolean;
  readonly received: number;
  /** Whether the backend refuses or cannot be reached at present. */
  readonly failing: boolean;
  /** When something last failed, in epoch milliseconds. */
  readonly lastErrorTime?: number | undefined;
  /** Now, in epoch milliseconds. */
  readonly now: number;
}

/** Gives a publisher's state: `degraded` for a minute after a failure, `failing` while the publisher says so. */
export function publisherState({ closed, received, failing, lastErrorTime, now }: StateInit): PublisherState {
  if (closed) return "closed";
  if (failing) return "failing";
  if (lastErrorTime !== undefined && now - lastErrorTime < DEGRADED_MS) return "degraded";
  return received === 0 ? "idle" : "ok";
}
