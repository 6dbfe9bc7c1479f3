import type { Clock } from "@eventmeter/core";

/** Real time that can be made to jump ahead, for waits that no real server needs. */
export interface LeapingClock extends Clock {
  /** Lets `ms` milliseconds pass at once: timers that were due within them fire now. */
  leap(ms: number): void;
}

interface Timer {
  readonly due: number;
  readonly run: () => void;
  real: NodeJS.Timeout | undefined;
}

/** Makes a clock that runs with the system's; only its monotonic side leaps, wall time stays what it is. */
export function createLeapingClock(): LeapingClock {
  const timers = new Set<Timer>();
  let leapt = 0;
  const monotonic = (): number => performance.now() + leapt;

  function arm(timer: Timer): void {
    clearTimeout(timer.real);
    timer.real = setTimeout(
      () => {
        timers.delete(timer);
        timer.run();
      },
      Math.max(timer.due - monotonic(), 0),
    ).unref();
  }

  return {
    now: () => Date.now(),
    monotonic,
    setTimeout(run, ms) {
      const timer: Timer = { due: monotonic() + ms, run, real: undefined };
      timers.add(timer);
      arm(timer);
      return {
        cancel() {
          clearTimeout(timer.real);
          timers.delete(timer);
        },
      };
    },
    leap(ms) {
      leapt += ms;
      for (const timer of timers) arm(timer);
    },
  };
}
