// Virtual clock: a clock that stands still until a test advances it.
import { setImmediate } from "node:timers/promises";
import type { Clock } from "@eventmeter/core";
import { MAX_DELAY_MS } from "@eventmeter/core/publisher";

/** A clock that stands still until a test advances it. A plain object, so that a test can replace a method of a copy. */
export interface VirtualClock extends Clock {
  /** Timers that are set and have neither run nor been cancelled. */
  readonly pendingTimers: number;
  /** Lets `ms` milliseconds pass: runs due timers in order, and lets promises settle before, between and after them. */
  advance(ms: number): Promise<void>;
}

interface Timer {
  readonly due: number;
  readonly order: number;
  readonly run: () => void;
}

/** Creates a clock for tests. @param startMs wall time to begin at, in epoch milliseconds; 1 January 2026 by default */
export function createVirtualClock(startMs: number = Date.UTC(2026, 0, 1)): VirtualClock {
  const timers = new Set<Timer>();
  let elapsed = 0;
  let order = 0;

  function nextDue(until: number): Timer | undefined {
    let next: Timer | undefined;
    for (const timer of timers) {
      if (timer.due > until) continue;
      if (next === undefined || timer.due < next.due || (timer.due === next.due && timer.order < next.order))
        next = timer;
    }
    return next;
  }

  return {
    now: () => startMs + elapsed,
    monotonic: () => elapsed,
    setTimeout(run, ms) {
      order += 1;
      const timer: Timer = { due: elapsed + (ms > 0 ? Math.min(ms, MAX_DELAY_MS) : 0), order, run };
      timers.add(timer);
      return { cancel: () => void timers.delete(timer) };
    },
    get pendingTimers() {
      return timers.size;
    },
    async advance(ms) {
      if (!(ms >= 0)) throw new RangeError("a virtual clock only goes forward");
      const until = elapsed + ms;
      // A turn of the event loop settles every promise that is ready, whatever the length of its chain.
      await setImmediate();
      for (let timer = nextDue(until); timer !== undefined; timer = nextDue(until)) {
        timers.delete(timer);
        elapsed = Math.max(elapsed, timer.due);
        timer.run();
        await setImmediate();
      }
      elapsed = Math.max(elapsed, until);
    },
  };
}
