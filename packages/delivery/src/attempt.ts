import type { Clock } from "@eventmeter/core";
import type { Reporter } from "@eventmeter/core/publisher";
import type { Batch } from "./batch.ts";
import type { Outcome, Retry } from "./outcome.ts";

/** Tells the publisher's own listeners of what happened: failures to `onError`, news to `onDiagnostic`. */
export type BackendReporter = Pick<Reporter, "error" | "diagnostic">;

/** What `start` is given. */
export interface StartContext {
  /** Aborts when the publisher is closed. */
  readonly signal: AbortSignal;
  /** For what is worth telling of the start besides its success. */
  readonly report: BackendReporter;
}

/** What `send` is given besides the batch. */
export interface SendContext {
  /** Aborts when the attempt has taken too long, or the publisher is closed. */
  readonly signal: AbortSignal;
  /** 1 for the first attempt. */
  readonly attempt: number;
  /** For what is worth telling of an answer besides its outcome. */
  readonly report: BackendReporter;
}

/** Sends one batch and says what became of it; a throw is a retry. */
export type Send = (batch: Batch, context: SendContext) => Outcome | PromiseLike<Outcome>;

/** What one attempt needs. */
export interface AttemptInit {
  readonly controller: AbortController;
  readonly attempt: number;
  readonly timeoutMs: number;
  readonly clock: Clock;
  readonly report: BackendReporter;
}

/** What is known of an attempt: its outcome, and what was thrown where there is none. */
export interface Attempt<Known> {
  readonly outcome: Known | Retry;
  readonly cause?: unknown;
}

const ENDED = Symbol("ended");

/**
 * Runs one request in bounded time; never rejects. What it says after its time, or after an abort, is not heard.
 * @param read makes an outcome of what the request gave
 */
export async function attempt<Known>(
  request: (context: SendContext) => unknown,
  read: (given: unknown) => Known,
  init: AttemptInit,
): Promise<Attempt<Known>> {
  const { controller, timeoutMs, clock, report } = init;
  const { signal } = controller;
  const { promise: ended, resolve: end } = Promise.withResolvers<typeof ENDED>();
  const onAbort = (): void => end(ENDED);
  signal.addEventListener("abort", onAbort);
  const tooLate = `no answer within ${timeoutMs} ms`;
  const timer = clock.setTimeout(() => controller.abort(new DOMException(tooLate, "TimeoutError")), timeoutMs);
  try {
    const given: unknown = await Promise.race([request({ signal, attempt: init.attempt, report }), ended]);
    return { outcome: given === ENDED ? { kind: "retry", reason: tooLate } : read(given) };
  } catch (cause) {
    return { outcome: { kind: "retry", reason: signal.aborted ? tooLate : "the request failed" }, cause };
  } finally {
    signal.removeEventListener("abort", onAbort);
    timer.cancel();
  }
}
