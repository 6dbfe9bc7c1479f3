// What a publisher that pushes does around sending: start, check and close, and what these and `send` are given.
import type { CheckReport, WaitOptions } from "@eventmeter/core";
import type { LifeCycleHooks, Reporter } from "@eventmeter/core/publisher";

/** Reports to the listeners of the publisher: failures to `onError`, everything else to `onDiagnostic`. */
export type BackendReporter = Pick<Reporter, "error" | "diagnostic">;

/** Context of `start`. */
export interface StartContext {
  /** Aborts when the publisher is closed. */
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
  /** Makes the backend ready; nothing is sent before. A `PublisherError` with `retryable: false` is final. */
  readonly start?: ((context: StartContext) => unknown) | undefined;
  /** Probes the backend. */
  readonly check?: ((options: WaitOptions) => CheckReport | PromiseLike<CheckReport>) | undefined;
  /** Called by close() after the flush, and once more if a start that was under way ends later: frees what the start opened. */
  readonly close?: ((options: WaitOptions) => unknown) | undefined;
}

/** Returns the hooks of a definition as the life cycle calls them. @param signal aborts when the publisher is closed */
export function lifeCycleHooks(definition: BackendHooks, signal: AbortSignal, report: BackendReporter): LifeCycleHooks {
  const { start, check, close } = definition;
  return {
    start: start && (() => definition.start?.({ signal, report })),
    check: check && ((options) => check.call(definition, options)),
    close: close && ((options) => definition.close?.(options)),
  };
}
