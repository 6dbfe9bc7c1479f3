// The contract of every publisher: `MetricsPublisher` and the types in its signatures.
import type { FormattedMetrics } from "../records/standard-dictionary.ts";
import type { DropReason, IgnoreReason } from "./drop-reasons.ts";
import type { PublisherError } from "./publisher-error.ts";
import type { EventMetrics, NetworkMetrics } from "../records/records.ts";

/** A publisher: it accepts records, never throws into the caller, and counts where each record went. */
export interface MetricsPublisher extends AsyncDisposable {
  /** Name in errors, health and composites: kebab-case. */
  readonly name: string;
  /** Version of this contract that the object was written against. */
  readonly contract: 1;
  /** Accepts one execution; returns at once and keeps nothing of the object. */
  publishEventMetrics(metrics: Readonly<EventMetrics>): void;
  /** Accepts one network operation; returns at once and keeps nothing of the object. */
  publishNetworkMetrics(metrics: Readonly<NetworkMetrics>): void;
  /** Returns the standard dictionary of a record. */
  formatMetrics(metrics: Readonly<EventMetrics> | Readonly<NetworkMetrics>): FormattedMetrics;
  /** Makes the publisher ready; idempotent. Rejects with a `PublisherError` if it cannot. */
  start?(options?: WaitOptions): Promise<void>;
  /** Waits until every record accepted before the call is settled, or the time is over. Never rejects. */
  flush(options?: WaitOptions): Promise<FlushReport>;
  /** Stops accepting, flushes, frees everything; the same promise on every call. Never rejects. */
  close(options?: WaitOptions): Promise<FlushReport>;
  /** Returns the current numbers, without I/O. */
  health(): PublisherHealth;
  /** Probes the backend, and says what to do if that fails. */
  check?(options?: WaitOptions): Promise<CheckReport>;
}

/** Options that mean the same in every publisher. */
export interface CommonOptions {
  /** Name in errors, health and composites: kebab-case, up to 64 characters. @default the backend's name */
  readonly name?: string | undefined;
  /** Who is measuring. */
  readonly resource?: Resource | undefined;
  /** Receives every failure. @default a process warning, at most one a minute per code */
  readonly onError?: ((error: PublisherError) => void) | undefined;
  /** Receives what is worth knowing and not a failure. @default none */
  readonly onDiagnostic?: ((diagnostic: Diagnostic) => void) | undefined;
  /** Source of times and timers. @default the system's clock */
  readonly clock?: Clock | undefined;
}

/** Who is measuring: goes into documents, `target_info` and the OTLP resource. */
export interface Resource {
  readonly serviceName: string;
  readonly serviceVersion?: string | undefined;
  readonly serviceInstanceId?: string | undefined;
  readonly environment?: string | undefined;
  readonly attributes?: Readonly<Record<string, string | number | boolean>> | undefined;
}

/** How long to wait. */
export interface WaitOptions {
  /** Milliseconds. @default 5000 */
  readonly timeoutMs?: number | undefined;
  /** Ends the wait early. */
  readonly signal?: AbortSignalLike | undefined;
}

/** The part of an `AbortSignal` that is used; every runtime's own is assignable to it. */
export interface AbortSignalLike {
  readonly aborted: boolean;
  readonly reason?: unknown;
  addEventListener(type: "abort", listener: () => void, options?: { once?: boolean }): void;
  removeEventListener(type: "abort", listener: () => void): void;
}

/** Totals since construction: received + recovered = delivered + dropped + ignored + pending. */
export interface Counts {
  /** Records handed to publish*, whatever happened to them. */
  readonly received: number;
  /** Records taken over from an earlier process. */
  readonly recovered: number;
  /** Records that were delivered; each publisher's README says what that means. */
  readonly delivered: number;
  /** Records that will not be delivered, for any reason. */
  readonly dropped: number;
  /** Records left out by a rule. */
  readonly ignored: number;
  /** Records accepted and not yet settled. */
  readonly pending: number;
}

/** How a flush or close ended. */
export interface FlushReport extends Counts {
  /** `complete`: every covered record is settled; `timeout`, `aborted`: the wait ended first. */
  readonly status: "complete" | "timeout" | "aborted";
  /** How many of the pending records are safe on disk. */
  readonly durable: number;
  /** Name of the publisher. */
  readonly name?: string | undefined;
  /** Records dropped, by reason; reasons that never occurred are absent. */
  readonly droppedBy?: Readonly<Partial<Record<DropReason, number>>> | undefined;
  /** Reports of the publishers inside, for a composite or a wrapper. */
  readonly children?: readonly FlushReport[] | undefined;
}

/** From best to worst: closed, idle (nothing received yet), ok, degraded, failing. */
export type PublisherState = "closed" | "idle" | "ok" | "degraded" | "failing";

/** A cheap snapshot of one publisher. */
export interface PublisherHealth extends Counts {
  readonly name: string;
  readonly state: PublisherState;
  /** Records dropped, by reason; reasons that never occurred are absent. */
  readonly droppedBy: Readonly<Partial<Record<DropReason, number>>>;
  /** Records ignored, by reason; reasons that never occurred are absent. */
  readonly ignoredBy: Readonly<Partial<Record<IgnoreReason, number>>>;
  readonly pendingDetail: {
    /** Memory that the pending records hold, in bytes. */
    readonly bytes: number;
    /** Age of the oldest pending record in milliseconds; null when none is pending. */
    readonly oldestAgeMs: number | null;
  };
  /** Fields repaired or left out while reading records. */
  readonly repaired: number;
  /** Attempts beyond the first. */
  readonly retries: number;
  /** When a record was last delivered, in epoch milliseconds. */
  readonly lastSuccess: number | null;
  /** The last failure. */
  readonly lastError: { readonly code: string; readonly message: string; readonly time: number } | null;
  /** Health of the publishers inside, for a composite or a wrapper. */
  readonly children?: readonly PublisherHealth[] | undefined;
}

/** Result of an active probe. */
export interface CheckReport {
  readonly ok: boolean;
  /** `ok`, or a documented code. */
  readonly code: string;
  /** One sentence. */
  readonly message: string;
  /** What a person can do about it. */
  readonly hint?: string | undefined;
  readonly children?: readonly CheckReport[] | undefined;
}

/** Something worth knowing that is not a failure. */
export interface Diagnostic {
  readonly code: string;
  /** Name of the publisher. */
  readonly publisher: string;
  readonly message: string;
  /** How many records or things it is about. */
  readonly count?: number | undefined;
}

/** Source of times and timers. */
export interface Clock {
  /** Wall clock in epoch milliseconds. */
  readonly now: () => number;
  /** A clock that never steps, in milliseconds. */
  readonly monotonic: () => number;
  /** Runs `run` once after `ms` milliseconds; the timer does not hold the process open. */
  setTimeout(run: () => void, ms: number): { cancel(): void };
}
