// Clocks and timers: the runtime's own, and one that a program passes in.
import type { Clock } from "../publisher/contract.ts";
import { runDetached } from "./run-detached.ts";

/** Longest delay of a timer, in milliseconds; a longer one would fire at once. */
export const MAX_DELAY_MS = 2_147_483_647;

interface Timers {
  setTimeout(run: () => void, ms: number): { unref?(): void } | number;
  clearTimeout(timer: unknown): void;
  readonly performance: { now(): number };
}

const timers = globalThis as unknown as Timers;

/** The runtime's own time; its timers never hold the process open, and run outside of the context that set them. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => timers.performance.now(),
  setTimeout(run, ms) {
    const timer = runDetached(() => timers.setTimeout(run, Math.min(Math.max(ms, 0), MAX_DELAY_MS)));
    if (typeof timer === "object") timer.unref?.();
    return { cancel: () => timers.clearTimeout(timer) };
  },
};

/** Timers of the runtime that hold the process open. */
export const holdingTimers: Pick<Clock, "setTimeout"> = {
  setTimeout(run, ms) {
    const timer = timers.setTimeout(run, ms);
    return { cancel: () => timers.clearTimeout(timer) };
  },
};

/** Returns the clock of an option, guarded: where it throws or returns something else than numbers, the system's clock takes over. */
export function resolveClock(given: Clock | undefined): Clock {
  if (given === undefined || given === systemClock) return systemClock;
  return {
    now: () => numberOf(() => given.now(), systemClock.now),
    monotonic: () => numberOf(() => given.monotonic(), systemClock.monotonic),
    setTimeout(run, ms) {
      try {
        const timer = runDetached(() => given.setTimeout(run, ms));
        if (typeof timer?.cancel === "function") return { cancel: () => attempt(() => timer.cancel()) };
      } catch {
        // The timer is set on the system's clock instead.
      }
      return systemClock.setTimeout(run, ms);
    },
  };
}

function numberOf(read: () => number, instead: () => number): number {
  const value = attempt(read);
  return Number.isFinite(value) ? (value as number) : instead();
}

function attempt<Value>(call: () => Value): Value | undefined {
  try {
    return call();
  } catch {
    return undefined;
  }
}
