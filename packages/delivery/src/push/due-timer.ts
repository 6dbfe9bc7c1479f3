// One timer for everything that waits.
import type { Clock } from "@eventmeter/core";

/** Calls a function at a time that can be changed at any moment. */
export class DueTimer {
  readonly #clock: Clock;
  readonly #run: () => void;
  #timer: { cancel(): void } | undefined;
  #due = Infinity;

  constructor(clock: Clock, run: () => void) {
    this.#clock = clock;
    this.#run = run;
  }

  /** Sets the timer for `due` instead of what it was set for; Infinity unsets it. Both times are on the monotonic clock. */
  set(due: number, now: number): void {
    if (due === this.#due) return;
    this.#timer?.cancel();
    this.#due = due;
    this.#timer =
      due === Infinity ? undefined : this.#clock.setTimeout(() => this.#onTimer(), Math.max(Math.ceil(due - now), 0));
  }

  cancel(): void {
    this.#timer?.cancel();
  }

  #onTimer(): void {
    this.#timer = undefined;
    this.#due = Infinity;
    this.#run();
  }
}
