import { MAX_DELAY_MS, systemClock } from "./clock.ts";
import type { AbortSignalLike, Clock, WaitOptions } from "./contract.ts";

const DEFAULT_TIMEOUT_MS = 5_000;

/** How a wait ended. */
export type WaitStatus = "complete" | "timeout" | "aborted";

/**
 * Waits until `settled` resolves or rejects, the time is over, or the signal aborts. Never rejects.
 * On the system's clock the wait holds the process open: whoever waits for a flush is not idle.
 * @param graceMs what is given on top, in milliseconds, to something inside that was given the same options and ends just after
 */
export function waitWithin(
  settled: PromiseLike<unknown>,
  options: WaitOptions | undefined,
  clock: Clock,
  graceMs = 0,
): Promise<WaitStatus> {
  const { timeoutMs, signal } = readWaitOptions(options);
  return new Promise((resolve) => {
    const { setTimeout } = clock === systemClock ? holdingClock : clock;
    const end = (status: WaitStatus): void => {
      timer.cancel();
      signal?.removeEventListener("abort", onAbort);
      resolve(status);
    };
    let timer = setTimeout(() => end("timeout"), timeoutMs + graceMs);
    const onAbort = (): void => {
      if (graceMs === 0) return end("aborted");
      timer.cancel();
      timer = setTimeout(() => end("aborted"), graceMs);
    };
    settled.then(
      () => end("complete"),
      () => end("complete"),
    );
    if (signal?.aborted === true) onAbort();
    else signal?.addEventListener("abort", onAbort, { once: true });
  });
}

/** Reads the options of a wait; what cannot be used gives way to the default. */
export function readWaitOptions(options: WaitOptions | undefined): {
  timeoutMs: number;
  signal: AbortSignalLike | undefined;
} {
  const given: { readonly [Name in keyof WaitOptions]?: unknown } =
    typeof options === "object" && options !== null ? options : {};
  const timeoutMs =
    typeof given.timeoutMs === "number" && given.timeoutMs >= 0
      ? Math.min(given.timeoutMs, MAX_DELAY_MS)
      : DEFAULT_TIMEOUT_MS;
  const signal = given.signal as Partial<AbortSignalLike> | null | undefined;
  const usable = typeof signal?.addEventListener === "function" && typeof signal.removeEventListener === "function";
  return { timeoutMs, signal: usable ? (signal as AbortSignalLike) : undefined };
}

interface Timers {
  setTimeout(run: () => void, ms: number): unknown;
  clearTimeout(timer: unknown): void;
}

const holdingClock: Pick<Clock, "setTimeout"> = {
  setTimeout(run, ms) {
    const timers = globalThis as unknown as Timers;
    const timer = timers.setTimeout(run, ms);
    return { cancel: () => timers.clearTimeout(timer) };
  },
};
