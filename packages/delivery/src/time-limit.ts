// Time limit of work that several requests belong to.
import type { Clock, WaitOptions } from "@eventmeter/core";

/** Runs `work` with a signal that aborts after `timeoutMs`, or when `signal` aborts. Settles as `work` does. */
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
  const abort = (): void => controller.abort();
  const timer = clock.setTimeout(abort, timeoutMs);
  signal?.addEventListener("abort", abort);
  if (signal?.aborted === true) abort();
  try {
    return await work(controller.signal);
  } finally {
    timer.cancel();
    signal?.removeEventListener("abort", abort);
  }
}
