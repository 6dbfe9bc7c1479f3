// Calls of the flush hook of one publisher: shared by concurrent flushes, and bounded in time.
import type { Clock, WaitOptions } from "./contract.ts";
import { describeFailure } from "./describe-failure.ts";
import type { DrainWait } from "./record-flow.ts";
import type { Reporter } from "./reporter.ts";

/** A call of the hook under way. */
interface HookCall {
  /** Number of records received before it began. */
  readonly covers: number;
  /** Resolves to whether the hook has ended, or to false when it is late. */
  readonly hasEnded: Promise<boolean>;
}

/** How soon a call can be late, in milliseconds: flushes without time do not call the hook again and again. */
const SHORTEST_CALL_MS = 1_000;

/** Calls the flush hook of one publisher. */
export class FlushHook {
  readonly #hook: (options: WaitOptions) => unknown;
  readonly #received: () => number;
  readonly #clock: Clock;
  readonly #reporter: Reporter;
  readonly #timeoutMs: number;
  /** The newest call, unless it has ended or is late. */
  #current: HookCall | undefined;
  readonly #timers = new Set<{ cancel(): void }>();
  #failing = false;

  /** @param received returns how many records were received so far */
  constructor(
    hook: (options: WaitOptions) => unknown,
    {
      received,
      clock,
      reporter,
      timeoutMs,
    }: {
      readonly received: () => number;
      readonly clock: Clock;
      readonly reporter: Reporter;
      /** How long the hook may take, in milliseconds. */
      readonly timeoutMs: number;
    },
  ) {
    this.#hook = hook;
    this.#received = received;
    this.#clock = clock;
    this.#reporter = reporter;
    this.#timeoutMs = timeoutMs;
  }

  /** Whether the last call failed or took too long. */
  get failing(): boolean {
    return this.#failing;
  }

  /** Resolves when a call has ended that covers every record received so far; to `timeout` when the time of the flush is over. */
  async call({ signal, until }: DrainWait): Promise<"timeout" | undefined> {
    const needed = this.#received();
    for (let call = this.#current; ; call = this.#current ??= this.#begin(until, signal)) {
      if (call === undefined) continue;
      // oxlint-disable-next-line no-await-in-loop -- a call that began too early, or hangs, is followed by another one
      const hasEnded = await call.hasEnded;
      if (hasEnded && call.covers >= needed) return undefined;
      if (!hasEnded && this.#clock.monotonic() >= until) return "timeout";
    }
  }

  /** Ends all time limits: nobody waits any longer. */
  stop(): void {
    for (const timer of this.#timers) timer.cancel();
    this.#timers.clear();
  }

  #begin(until: number, signal: WaitOptions["signal"]): HookCall {
    const timeoutMs = Math.max(until - this.#clock.monotonic(), 0);
    const { promise: hasEnded, resolve } = Promise.withResolvers<boolean>();
    const call: HookCall = { covers: this.#received(), hasEnded };
    const end = (ended: boolean): void => {
      if (this.#current === call) this.#current = undefined;
      resolve(ended);
    };
    const lateMs = Math.min(Math.max(timeoutMs, SHORTEST_CALL_MS), this.#timeoutMs);
    let timer = this.#setTimer(() => {
      end(false);
      timer = this.#setTimer(() => this.#onHang(), this.#timeoutMs - lateMs);
    }, lateMs);
    void this.#run({ timeoutMs, signal }).then(() => {
      timer.cancel();
      this.#timers.delete(timer);
      end(true);
    });
    return call;
  }

  /** Calls the hook; its failure is reported. Never rejects. */
  async #run(options: WaitOptions): Promise<void> {
    try {
      await Promise.resolve();
      await this.#hook(options);
      this.#failing = false;
    } catch (cause) {
      this.#failing = true;
      this.#reporter.error("publisher-failed", `the flush failed${describeFailure(cause)}`, { cause, retryable: true });
    }
  }

  #onHang(): void {
    this.#failing = true;
    const message = `the flush did not end within ${this.#timeoutMs} ms; later ones do not wait for it`;
    this.#reporter.error("publisher-failed", message, { retryable: true });
  }

  #setTimer(run: () => void, ms: number): { cancel(): void } {
    const timer = this.#clock.setTimeout(() => {
      this.#timers.delete(timer);
      run();
    }, ms);
    this.#timers.add(timer);
    return timer;
  }
}
