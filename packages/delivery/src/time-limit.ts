// Time limit of work that several requests belong to.
import type { Clock, WaitOptions } from "@eventmeter/core";

/**
 * Runs `work` with a signal that aborts after `timeoutMs`, with a `TimeoutError` as its reason, or when `signal` aborts, with
 * that reason. Settles as `work` does.
 */
export async function withTimeLimit<Result>(
  {
    clock,
    timeoutMs,
    signal,
  }: {
    readonly clock: Clock;
    /** In milliseconds. */
    readonly timeoutMs: number;
    readonly signal: WaitOptions["signal"];
  },
  work: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const controller = new AbortController();
  const abort = (): void => controller.abort(signal?.reason);
  const tooLate = (): void => controller.abort(new DOMException(`not ended within ${timeoutMs} ms`, "TimeoutError"));
  const timer = clock.setTimeout(tooLate, timeoutMs);
  signal?.addEventListener("abort", abort);
  if (signal?.aborted === true) abort();
  try {
    return await work(controller.signal);
  } finally {
    timer.cancel();
    signal?.removeEventListener("abort", abort);
  }
}
