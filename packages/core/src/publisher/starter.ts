// Start of a publisher: on demand, or in the background with the first record, repeated until it succeeds.
import { backOffMs } from "../time/back-off.ts";
import { runDetached } from "../time/run-detached.ts";
import { waitWithin } from "../time/wait.ts";
import type { AbortSignalLike, Clock, WaitOptions } from "./contract.ts";
import { describeFailure } from "./describe-failure.ts";
import { HOOK_TIMEOUT_MS } from "./hook-timeout.ts";
import { isPublisherError, PublisherError } from "./publisher-error.ts";
import type { Reporter } from "./reporter.ts";
import { isThenable, promiseOf } from "./thenable.ts";

/** Starts a publisher, on demand or in the background. */
export interface Starter {
  readonly state: "waiting" | "starting" | "started" | "refused" | "stopped";
  /** Whether an attempt is under way and within its time; it may outlive `stop()`. */
  readonly isAttempting: boolean;
  /** Whether the last attempt failed. */
  readonly isFailing: boolean;
  /** Calls of the start function that have not ended, those that took too long included. None of them rejects. */
  readonly underWay: readonly Promise<unknown>[];
  /** When the next attempt begins, on the monotonic clock, if one is scheduled; otherwise 0. */
  readonly nextAttempt: number;
  /** Starts now; idempotent, concurrent calls share one attempt. Rejects with a `PublisherError`. */
  start(options?: WaitOptions): Promise<void>;
  /** Starts in the background if nothing was started yet. Failures are tried again with back-off, those of `start()` too. */
  startInBackground(): void;
  /** Prevents every further attempt and aborts the signal of the one under way; resolves when that has ended. */
  stop(): Promise<void>;
}

/** What a starter is created with. */
export interface StarterOptions {
  /** Name of the publisher. */
  readonly publisher: string;
  /** Makes one attempt to start. A `PublisherError` with `retryable: false` is final; any other failure is tried again. */
  readonly start: (options: StartOptions) => unknown;
  /**
   * How long an attempt may take, in milliseconds. One that takes longer has failed, however it ends, and is made again.
   * @default 30000
   */
  readonly timeoutMs?: number | undefined;
  readonly clock: Clock;
  readonly reporter: Reporter;
  /** Called once, when an attempt succeeded. */
  readonly onStarted?: (() => void) | undefined;
  /** Called once, when an attempt failed permanently. */
  readonly onRefused?: ((error: PublisherError) => void) | undefined;
  /** Called after each failed attempt that will be followed by another one, at `nextAttempt`. */
  readonly onRetryScheduled?: (() => void) | undefined;
}

/** Time and signal of an attempt to start. */
export interface StartOptions {
  /** How long it may take, in milliseconds. */
  readonly timeoutMs: number;
  /** Aborts when that time is over or the publisher is closed. The attempt has then failed and must free what it opened. */
  readonly signal: AbortSignalLike;
}

interface AbortControllerLike {
  readonly signal: AbortSignalLike;
  abort(): void;
}

const { AbortController } = globalThis as unknown as { readonly AbortController: new () => AbortControllerLike };

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
  /** Of the attempt under way. */
  #controller: AbortControllerLike | undefined;
  #timeLimit: { cancel(): void } | undefined;
  readonly #underWay = new Set<Promise<unknown>>();
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

  get isFailing(): boolean {
    return this.#failures > 0 && this.#state !== "started";
  }

  get underWay(): readonly Promise<unknown>[] {
    return Array.from(this.#underWay);
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
    // Nothing is left that could hold the process, however long a start hangs.
    this.#timeLimit?.cancel();
    this.#controller?.abort();
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
    this.#isAttempting = true;
    try {
      await this.#callStart();
    } catch (caught) {
      this.#onFailure(caught);
    } finally {
      this.#isAttempting = false;
    }
    if (this.#isStopped()) throw this.#failure("it was closed while it started", false);
    this.#state = "started";
    this.#options.onStarted?.();
  }

  /** Calls the start function and waits for it, at most for its time. */
  async #callStart(): Promise<void> {
    const { start, clock, timeoutMs = HOOK_TIMEOUT_MS } = this.#options;
    const controller = new AbortController();
    this.#controller = controller;
    const returned = start({ timeoutMs, signal: controller.signal });
    if (!isThenable(returned)) return;
    const started = promiseOf(returned);
    const ended = started.catch(() => undefined);
    this.#underWay.add(ended);
    void ended.then(() => this.#underWay.delete(ended));
    const { promise: late, reject } = Promise.withResolvers<never>();
    const timeLimit = clock.setTimeout(() => {
      reject(this.#failure(`the start did not end within ${timeoutMs} ms`, true));
      controller.abort();
    }, timeoutMs);
    this.#timeLimit = timeLimit;
    try {
      await Promise.race([started, late]);
    } finally {
      timeLimit.cancel();
    }
  }

  /** Throws the failure of an attempt. */
  #onFailure(caught: unknown): never {
    const error = isPublisherError(caught)
      ? caught
      : this.#failure(`the start failed${describeFailure(caught)}`, true, caught);
    if (this.#isStopped()) throw error;
    this.#options.reporter.note(error);
    this.#failures += 1;
    this.#state = error.retryable ? "waiting" : "refused";
    if (!error.retryable) this.#permanentFailure = error;
    throw error;
  }

  #scheduleRetry(): void {
    this.#attempt = undefined;
    this.#controller = undefined;
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
