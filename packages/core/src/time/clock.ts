import type { Clock } from "../publisher/contract.ts";

/** Longest delay that a timer takes: a longer one would fire at once. */
export const MAX_DELAY_MS = 2_147_483_647;

interface Timers {
  setTimeout(run: () => void, ms: number): { unref?(): void } | number;
  clearTimeout(timer: unknown): void;
  readonly performance: { now(): number };
}

const timers = globalThis as unknown as Timers;

/** The runtime's own time; its timers never hold the process open. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => timers.performance.now(),
  setTimeout(run, ms) {
    const timer = timers.setTimeout(run, Math.min(Math.max(ms, 0), MAX_DELAY_MS));
    if (typeof timer === "object") timer.unref?.();
    return { cancel: () => timers.clearTimeout(timer) };
  },
};

/** Gives the clock of an option: the system's without one, else one that survives what the given one throws or gives instead of numbers. */
export function resolveClock(given: Clock | undefined): Clock {
  if (given === undefined || given === systemClock) return systemClock;
  return {
    now: () => numberOf(() => given.now(), systemClock.now),
    monotonic: () => numberOf(() => given.monotonic(), systemClock.monotonic),
    setTimeout(run, ms) {
      try {
        const timer = given.setTimeout(run, ms);
        if (typeof timer?.cancel === "function") return { cancel: () => attempt(() => timer.cancel()) };
      } catch {
        // A timer that cannot be set is set on the system's clock.
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
