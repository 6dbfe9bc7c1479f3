import type { Clock } from "./contract.ts";

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
