// One request in bounded time.
import type { Clock } from "@eventmeter/core";
import { describeFailure } from "@eventmeter/core/publisher";
import type { BackendReporter, SendContext } from "../backend-hooks.ts";

/** Nothing was taken, as far as is known: all of it is sent again. The wait is at least `retryAfterMs`, up to 10 minutes. */
export interface Retry {
  readonly kind: "retry";
  readonly retryAfterMs?: number | undefined;
  readonly reason?: string | undefined;
}

/** Result of an attempt: its outcome, and what was thrown if that is why there is a retry. */
export interface AttemptResult<Known> {
  readonly outcome: Known | Retry;
  readonly cause?: unknown;
}

const ENDED = Symbol("ended");

/**
 * Makes one request in bounded time; never rejects. What the request returns after its time, or after an abort, is ignored.
 * @param read turns what the request returned into an outcome
 */
export async function makeAttempt<Known>(
  request: (context: SendContext) => unknown,
  read: (given: unknown) => Known,
  {
    controller,
    attempt,
    timeoutMs,
    clock,
    report,
  }: {
    readonly controller: AbortController;
    readonly attempt: number;
    readonly timeoutMs: number;
    readonly clock: Clock;
    readonly report: BackendReporter;
  },
): Promise<AttemptResult<Known>> {
  const { signal } = controller;
  const { promise: ended, resolve: end } = Promise.withResolvers<typeof ENDED>();
  const onAbort = (): void => end(ENDED);
  signal.addEventListener("abort", onAbort);
  const tooLate = `no answer within ${timeoutMs} ms`;
  const timer = clock.setTimeout(() => controller.abort(new DOMException(tooLate, "TimeoutError")), timeoutMs);
  try {
    const given: unknown = await Promise.race([request({ signal, attempt, report }), ended]);
    return { outcome: given === ENDED ? { kind: "retry", reason: tooLate } : read(given) };
  } catch (cause) {
    return {
      outcome: { kind: "retry", reason: signal.aborted ? tooLate : `the request failed${describeFailure(cause)}` },
      cause,
    };
  } finally {
    signal.removeEventListener("abort", onAbort);
    timer.cancel();
  }
}
