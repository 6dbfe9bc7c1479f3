import { codeText } from "./caught.ts";
import { fullJitter } from "./back-off.ts";
import type { Clock, WaitOptions } from "./contract.ts";
import { isPublisherError, PublisherError } from "./publisher-error.ts";
import type { Reporter } from "./reporter.ts";
import { waitWithin } from "./wait.ts";

/** What a starter needs to know. */
export interface StarterInit {
  /** Name of the publisher. */
  readonly publisher: string;
  /** One attempt; a `PublisherError` with `retryable: false` is final, everything else is tried again. */
  readonly start: () => unknown;
  readonly clock: Clock;
  readonly reporter: Reporter;
  /** Called once, when an attempt succeeded. */
  readonly onStarted?: (() => void) | undefined;
  /** Called once, when an attempt failed for good. */
  readonly onRefused?: ((error: PublisherError) => void) | undefined;
}

/** Brings a publisher up: on demand, or in the background with the first record. */
export interface Starter {
  readonly state: "waiting" | "starting" | "started" | "refused" | "stopped";
  /** Starts now; idempotent, concurrent calls share one attempt. Rejects with a `PublisherError`. */
  start(options?: WaitOptions): Promise<void>;
  /** Starts in the background if nothing was started yet; failures, those of `start()` too, are tried again. */
  begin(): void;
  /** Ends every attempt to come; resolves when none is under way. */
  stop(): Promise<void>;
}

/** Makes the starter of one publisher. */
export function createStarter({ publisher, start, clock, reporter, onStarted, onRefused }: StarterInit): Starter {
  let state: Starter["state"] = "waiting";
  let attempt: Promise<void> | undefined;
  let refusal: PublisherError | undefined;
  let timer: { cancel(): void } | undefined;
  let failures = 0;
  // Records wait for it: a failure is tried again, whoever asked for the attempt.
  let wanted = false;

  const fail = (message: string, retryable: boolean, cause?: unknown): PublisherError =>
    new PublisherError(message, { code: "start-failed", publisher, retryable, cause });

  async function run(): Promise<void> {
    try {
      await start();
    } catch (caught) {
      const error = isPublisherError(caught) ? caught : fail(`the start failed${codeText(caught)}`, true, caught);
      if (state === "stopped") throw error;
      reporter.note(error);
      failures += 1;
      state = error.retryable ? "waiting" : "refused";
      if (!error.retryable) refusal = error;
      throw error;
    }
    if (state === "stopped") throw fail("it was closed while it started", false);
    state = "started";
    onStarted?.();
  }

  function ensureAttempt(): Promise<void> {
    timer?.cancel();
    timer = undefined;
    if (attempt === undefined) {
      state = "starting";
      attempt = run();
      // Whoever called start() sees the failure, and the background path reports it: here is only what comes next.
      const settled = attempt.catch(() => {
        attempt = undefined;
        if (state === "waiting" && wanted) timer = clock.setTimeout(background, fullJitter(failures));
      });
      // A turn later: the reason is reported before the records that it costs.
      void settled.then(() => {
        if (refusal !== undefined) onRefused?.(refusal);
      });
    }
    return attempt;
  }

  function background(): void {
    ensureAttempt().catch((error: PublisherError) => {
      if (state !== "stopped") reporter.forward(error);
    });
  }

  return {
    get state() {
      return state;
    },
    async start(options) {
      if (state === "started") return;
      if (refusal !== undefined) throw refusal;
      if (state === "stopped") throw fail("it is closed", false);
      const running = ensureAttempt();
      const status = await waitWithin(running, options, clock);
      if (status !== "complete") throw fail(`the start did not end in time (${status})`, true);
      await running;
    },
    begin() {
      wanted = true;
      if (state === "waiting" && attempt === undefined && timer === undefined) background();
    },
    async stop() {
      state = "stopped";
      timer?.cancel();
      await attempt?.catch(() => undefined);
    },
  };
}
