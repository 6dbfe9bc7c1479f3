// Bounded waits: until something settles, the time is over, or a signal aborts.
import { holdingTimers, MAX_DELAY_MS, systemClock } from "./clock.ts";
import type { AbortSignalLike, Clock, WaitOptions } from "../publisher/contract.ts";

const DEFAULT_TIMEOUT_MS = 5_000;

/** How a wait ended. */
export type WaitStatus = "complete" | "timeout" | "aborted";

/**
 * Waits until `settled` resolves or rejects, the time is over, or the signal aborts. Never rejects.
 * On the system's clock the wait holds the process open: a program that waits for a flush is not idle.
 * @param graceMs further milliseconds, for something inside that has the same options and ends just after
 */
export function waitWithin(
  settled: PromiseLike<unknown>,
  options: WaitOptions | undefined,
  clock: Clock,
  graceMs = 0,
): Promise<WaitStatus> {
  const { timeoutMs, signal } = readWaitOptions(options);
  const timers = clock === systemClock ? holdingTimers : clock;
  return new Promise((resolve) => {
    let timer: { cancel(): void } | undefined;
    const end = (status: WaitStatus): void => {
      resolve(status);
      timer?.cancel();
      listen(signal, "removeEventListener", onAbort);
    };
    const onAbort = (): void => {
      if (graceMs === 0) return end("aborted");
      timer?.cancel();
      timer = timers.setTimeout(() => end("aborted"), graceMs);
    };
    timer = timers.setTimeout(() => end("timeout"), Math.min(timeoutMs + graceMs, MAX_DELAY_MS));
    settled.then(
      () => end("complete"),
      () => end("complete"),
    );
    listen(signal, "addEventListener", onAbort);
  });
}

/** Starts or stops listening to a signal; one that throws is ignored. */
function listen(
  signal: AbortSignalLike | undefined,
  method: "addEventListener" | "removeEventListener",
  onAbort: () => void,
): void {
  try {
    if (method === "addEventListener" && signal?.aborted === true) onAbort();
    else signal?.[method]("abort", onAbort);
  } catch {
    // The timeout still ends the wait.
  }
}

/** Reads the options of a wait; invalid ones are replaced by the defaults. Never throws. */
export function readWaitOptions(options: WaitOptions | undefined): {
  timeoutMs: number;
  signal: AbortSignalLike | undefined;
} {
  try {
    const { timeoutMs, signal } = (options ?? {}) as { readonly [Name in keyof WaitOptions]?: unknown };
    const { addEventListener, removeEventListener } = (signal ?? {}) as Partial<AbortSignalLike>;
    const usable = typeof addEventListener === "function" && typeof removeEventListener === "function";
    return {
      timeoutMs:
        typeof timeoutMs === "number" && timeoutMs >= 0 ? Math.min(timeoutMs, MAX_DELAY_MS) : DEFAULT_TIMEOUT_MS,
      signal: usable ? (signal as AbortSignalLike) : undefined,
    };
  } catch {
    return { timeoutMs: DEFAULT_TIMEOUT_MS, signal: undefined };
  }
}
