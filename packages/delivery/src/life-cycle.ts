// What a publisher that pushes does around sending: start, check and close.
import type { CheckReport, WaitOptions } from "@eventmeter/core";
import type { LifeCycleHooks, Reporter } from "@eventmeter/core/publisher";
import type { StartContext } from "./attempt.ts";

/** What a backend does around sending. */
export interface BackendHooks {
  /** Makes it ready; nothing is sent before. A `PublisherError` with `retryable: false` is final. */
  readonly start?: ((context: StartContext) => unknown) | undefined;
  /** Tries the backend for real. */
  readonly check?: ((options: WaitOptions) => CheckReport | PromiseLike<CheckReport>) | undefined;
  /** Called by close() after the flush, and once more if a start that was under way ends later: frees what the start made, if it did. */
  readonly close?: ((options: WaitOptions) => unknown) | undefined;
}

/** Returns the hooks of a definition as the life cycle calls them. @param signal aborts when the publisher closes */
export function hooksOf(definition: BackendHooks, signal: AbortSignal, report: Reporter): LifeCycleHooks {
  const { start, check, close } = definition;
  return { start: start && (() => definition.start?.({ signal, report })), check, close };
}
