// What a publisher that pushes does around sending: start, check and close, and what these and `send` are given.
import type { CheckReport, WaitOptions } from "@eventmeter/core";
import { HOOK_TIMEOUT_MS, type LifeCycleHooks, type Reporter } from "@eventmeter/core/publisher";

/** Reports to the listeners of the publisher: failures to `onError`, everything else to `onDiagnostic`. */
export type BackendReporter = Pick<Reporter, "error" | "diagnostic">;

/** Context of `start`. */
export interface StartContext {
  /** Aborts when the time of the start is over, or the publisher is closed. */
  readonly signal: AbortSignal;
  /** For what is worth reporting besides the success of the start. */
  readonly report: BackendReporter;
}

/** Context of `send`. */
export interface SendContext {
  /** Aborts when the attempt has taken too long, or the publisher is closed. */
  readonly signal: AbortSignal;
  /** 1 for the first attempt. */
  readonly attempt: number;
  /** For what is worth reporting besides the outcome. */
  readonly report: BackendReporter;
}

/** What a backend does around sending. */
export interface BackendHooks {
  /**
   * Makes the backend ready; nothing is sent before. A `PublisherError` with `retryable: false` is final. A start that takes
   * longer than `hookTimeoutMs` has failed, however it ends, and is called again: it must free what it opened when its `signal`
   * aborts.
   */
  readonly start?: ((context: StartContext) => unknown) | undefined;
  /** Probes the backend. */
  readonly check?: ((options: WaitOptions) => CheckReport | PromiseLike<CheckReport>) | undefined;
  /** Called by close() after the flush, and once more for each start that was under way and ends later: frees what the start opened. */
  readonly close?: ((options: WaitOptions) => unknown) | undefined;
  /** How long start and close may take, in milliseconds; one that takes longer has failed. @default 30000, or `sendTimeoutMs` if that is longer */
  readonly hookTimeoutMs?: number | undefined;
}

/** Returns the hooks of a definition as the life cycle calls them. @param sendTimeoutMs longest time of one request, in milliseconds */
export function lifeCycleHooks(
  definition: BackendHooks,
  sendTimeoutMs: number,
  report: BackendReporter,
): LifeCycleHooks {
  const { start, check, close, hookTimeoutMs = Math.max(HOOK_TIMEOUT_MS, sendTimeoutMs) } = definition;
  return {
    // The signal is one of the runtime's own.
    start: start && (({ signal }) => definition.start?.({ signal: signal as AbortSignal, report })),
    check: check && ((options) => check.call(definition, options)),
    close: close && ((options) => definition.close?.(options)),
    timeoutMs: hookTimeoutMs,
  };
}
