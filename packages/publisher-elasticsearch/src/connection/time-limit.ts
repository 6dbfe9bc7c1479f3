// Time limit of work that several requests belong to.
import type { Clock } from "@eventmeter/core";

/** Runs `work` with a signal that aborts after `timeoutMs`, or when `signal` aborts. */
export async function withTimeLimit<Result>(
  { clock, timeoutMs, signal }: { readonly clock: Clock; readonly timeoutMs: number; readonly signal: AbortSignal },
  work: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const controller = new AbortController();
  const abort = (): void => controller.abort();
  const timer = clock.setTimeout(abort, timeoutMs);
  signal.addEventListener("abort", abort);
  if (signal.aborted) abort();
  try {
    return await work(controller.signal);
  } finally {
    timer.cancel();
    signal.removeEventListener("abort", abort);
  }
}
