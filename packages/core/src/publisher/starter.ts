// Start of a publisher: on demand, or in the background with the first record, repeated until it succeeds.
import { codeText } from "../records/error-text.ts";
import { backOffMs } from "../time/back-off.ts";
import { runDetached } from "../time/run-detached.ts";
import { waitWithin } from "../time/wait.ts";
import type { Clock, WaitOptions } from "./contract.ts";
import { isPublisherError, PublisherError } from "./publisher-error.ts";
import type { Reporter } from "./reporter.ts";

/** Starts a publisher, on demand or in the background. */
export interface Starter {
  readonly state: "waiting" | "starting" | "started" | "refused" | "stopped";
  /** Whether an attempt is under way; it may outlive `stop()`. */
  readonly isAttempting: boolean;
  /** When the next attempt begins, on the monotonic clock, if one is scheduled; otherwise 0. */
  readonly nextAttempt: number;
  /** Starts now; idempotent, concurrent calls share one attempt. Rejects with a `PublisherError`. */
  start(options?: WaitOptions): Promise<void>;
  /** Starts in the background if nothing was started yet. Failures are tried again with back-off, those of `start()` too. */
  startInBackground(): void;
  /** Prevents every further attempt; resolves when none is under way. */
  stop(): Promise<void>;
}

/** What a starter is created with. */
export interface StarterOptions {
  /** Name of the publisher. */
  readonly publisher: string;
  /** Makes one attempt to start. A `PublisherError` with `retryable: false` is final; any other failure is tried again. */
  readonly start: () => unknown;
  readonly clock: Clock;
  readonly reporter: Reporter;
  /** Called once, when an attempt succeeded. */
  readonly onStarted?: (() => void) | undefined;
  /** Called once, when an attempt failed permanently. */
  readonly onRefused?: ((error: PublisherError) => void) | undefined;
  /** Called after each failed attempt that will be followed by another one, at `nextAttempt`. */
  readonly onRetryScheduled?: (() => void) | undefined;
}

/** Creates the starter of one publisher. */
export function createStarter(options: StarterOptions): Starter {
  return new PublisherStarter(options);
}

class PublisherStarter implements Starter {
  readonly #options: StarterOptions;
  #state: Starter["state"] = "waiting";
  #attempt: Promise<void> | undefined;
  #permanentFailure: PublisherError | undefined;
  #timer: { cancel(): void } | undefined;
  #nextAttempt = 0;
  #failures = 0;
  #isAttempting = false;
  /** Whether the background start was asked for, by a record or a flush. */
  #isWanted = false;

  constructor(options: StarterOptions) {
    this.#options = options;
  }

  get state(): Starter["state"] {
    return this.#state;
  }

  get isAttempting(): boolean {
    return this.#isAttempting;
  }

  get nextAttempt(): number {
    return this.#nextAttempt;
  }

  async start(options?: WaitOptions): Promise<void> {
    if (this.#state === "started") return;
    if (this.#permanentFailure !== undefined) throw this.#permanentFailure;
    if (this.#state === "stopped") throw this.#failure("it is closed", false);
    const attempt = this.#ensureAttempt();
    const status = await waitWithin(attempt, options, this.#options.clock);
    if (status !== "complete") throw this.#failure(`the start did not end in time (${status})`, true);
    await attempt;
  }

  startInBackground(): void {
    // The first record does not wait for the back-off of a start() that failed before it.
    const isDue = !this.#isWanted || this.#timer === undefined;
    this.#isWanted = true;
    if (this.#state === "waiting" && this.#attempt === undefined && isDue) this.#attemptInBackground();
  }

  async stop(): Promise<void> {
    this.#state = "stopped";
    this.#nextAttempt = 0;
    this.#timer?.cancel();
    await this.#attempt?.catch(() => undefined);
  }

  #attemptInBackground(): void {
    void runDetached(() =>
      this.#ensureAttempt().catch((error: PublisherError) => {
        if (this.#state !== "stopped") this.#options.reporter.forward(error);
      }),
    );
  }

  #ensureAttempt(): Promise<void> {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#nextAttempt = 0;
    return (this.#attempt ??= runDetached(() => this.#beginAttempt()));
  }

  #beginAttempt(): Promise<void> {
    this.#state = "starting";
    const attempt = this.#run();
    // The caller of start() gets the failure, or the background start reports it: here is only what comes next.
    const settled = attempt.catch(() => this.#scheduleRetry());
    // A turn later, so that the reason is reported before the records that it costs.
    void settled.then(() => {
      if (this.#permanentFailure !== undefined) this.#options.onRefused?.(this.#permanentFailure);
    });
    return attempt;
  }

  async #run(): Promise<void> {
    const { start, reporter, onStarted } = this.#options;
    this.#isAttempting = true;
    try {
      await start();
      this.#isAttempting = false;
    } catch (caught) {
      this.#isAttempting = false;
      const error = isPublisherError(caught)
        ? caught
        : this.#failure(`the start failed${codeText(caught)}`, true, caught);
      if (this.#isStopped()) throw error;
      reporter.note(error);
      this.#failures += 1;
      this.#state = error.retryable ? "waiting" : "refused";
      if (!error.retryable) this.#permanentFailure = error;
      throw error;
    }
    if (this.#isStopped()) throw this.#failure("it was closed while it started", false);
    this.#state = "started";
    onStarted?.();
  }

  #scheduleRetry(): void {
    this.#attempt = undefined;
    if (this.#state !== "waiting") return;
    const { clock, onRetryScheduled } = this.#options;
    const waitMs = backOffMs(this.#failures);
    this.#timer = clock.setTimeout(() => this.#attemptInBackground(), waitMs);
    this.#nextAttempt = clock.monotonic() + waitMs;
    onRetryScheduled?.();
  }

  #isStopped(): boolean {
    return this.#state === "stopped";
  }

  #failure(message: string, retryable: boolean, cause?: unknown): PublisherError {
    return new PublisherError(message, { code: "start-failed", publisher: this.#options.publisher, retryable, cause });
  }
}
