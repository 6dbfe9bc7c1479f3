// Reports of one publisher: errors to onError or as process warnings, diagnostics to onDiagnostic.
import { ownText } from "../records/own-text.ts";
import { resolveClock } from "../time/clock.ts";
import type { Clock, CommonOptions, Diagnostic, PublisherHealth } from "./contract.ts";
import { describeFailure } from "./describe-failure.ts";
import type { ErrorCode } from "./error-codes.ts";
import { PublisherError, type PublisherErrorInit } from "./publisher-error.ts";
import { isThenable, onRejection } from "./thenable.ts";

/** Reports a publisher's failures and diagnostics. Never throws. */
export interface Reporter {
  /** The last failure, for health(). */
  readonly lastError: PublisherHealth["lastError"];
  /** Reports a failure. `message` says what happened, to what and how much, without a secret, label value or payload. */
  error(code: ErrorCode, message: string, init?: Omit<PublisherErrorInit, "code" | "publisher">): void;
  /**
   * Reports dropped records: the first at once, those of the next second in one error with their number in `dropped`,
   * so that many bad records do not cause as many errors.
   */
  drop(code: ErrorCode, message: string, init?: { readonly count?: number; readonly cause?: unknown }): void;
  /**
   * Reports what `drop` and the limit of process warnings still hold back; a publisher awaits it when it closes. Each code is
   * then reported once more at most. Resolves when process warnings are written, so that the process can end.
   */
  settle(): Promise<void>;
  /** Records a failure as the last one for health() without reporting it, for callers that get it in another way. */
  note(error: PublisherError): void;
  /** Reports a failure that already is a `PublisherError`, unchanged. */
  forward(error: PublisherError): void;
  /** Reports something that is not a failure. */
  diagnostic(code: string, message: string, count?: number): void;
}

/** Creates the reporter of one publisher from its common options. */
export function createReporter(
  name: string,
  options: Pick<CommonOptions, "onError" | "onDiagnostic" | "clock"> = {},
): Reporter {
  return new PublisherReporter(name, options);
}

const DROP_INTERVAL_MS = 1_000;

interface HeldDrops {
  count: number;
  message: string;
  cause: unknown;
  readonly timer: { cancel(): void };
}

class PublisherReporter implements Reporter {
  lastError: PublisherHealth["lastError"] = null;
  readonly #name: string;
  readonly #onError: CommonOptions["onError"];
  readonly #onDiagnostic: CommonOptions["onDiagnostic"];
  readonly #clock: Clock;
  readonly #warnings: Warnings;
  readonly #heldDrops = new Map<ErrorCode, HeldDrops>();
  #isInHandler = false;
  #isSettled = false;

  constructor(
    name: string,
    { onError, onDiagnostic, clock }: Pick<CommonOptions, "onError" | "onDiagnostic" | "clock">,
  ) {
    this.#name = name;
    this.#onError = onError;
    this.#onDiagnostic = onDiagnostic;
    this.#clock = resolveClock(clock);
    this.#warnings = new Warnings(this.#clock);
  }

  error(code: ErrorCode, message: string, init: Omit<PublisherErrorInit, "code" | "publisher"> = {}): void {
    this.forward(new PublisherError(message, { ...init, code, publisher: this.#name }));
  }

  drop(
    code: ErrorCode,
    message: string,
    { count = 1, cause }: { readonly count?: number; readonly cause?: unknown } = {},
  ): void {
    const held = this.#heldDrops.get(code);
    if (held !== undefined) {
      held.count += count;
      held.message = message;
      held.cause = cause;
      return;
    }
    // After the close the first of a code stands for all: no timer is left that would report a sum.
    const timer = this.#isSettled
      ? { cancel() {} }
      : this.#clock.setTimeout(() => this.#reportHeld(code), DROP_INTERVAL_MS);
    this.#heldDrops.set(code, { count: 0, message, cause, timer });
    this.error(code, message, { dropped: count, cause });
  }

  async settle(): Promise<void> {
    this.#isSettled = true;
    // A handler that gets a report may cause further drops: those are not waited for.
    const codes = Array.from(this.#heldDrops.keys());
    for (const code of codes) {
      this.#heldDrops.get(code)?.timer.cancel();
      this.#reportHeld(code);
    }
    await this.#warnings.settle();
  }

  note(error: PublisherError): void {
    this.lastError = { code: error.code, message: ownText(error.message), time: this.#clock.now() };
  }

  forward(error: PublisherError): void {
    this.note(error);
    // A handler that publishes a bad record again would call itself without end.
    if (this.#onError === undefined || this.#isInHandler) return this.#warnings.warn(error);
    this.#isInHandler = true;
    this.#call(this.#onError, error);
    this.#isInHandler = false;
  }

  diagnostic(code: string, message: string, count?: number): void {
    if (this.#onDiagnostic === undefined) return;
    const diagnostic: Diagnostic = { code, publisher: this.#name, message: `${this.#name}: ${message}` };
    this.#call(this.#onDiagnostic, count === undefined ? diagnostic : { ...diagnostic, count });
  }

  #reportHeld(code: ErrorCode): void {
    const held = this.#heldDrops.get(code);
    this.#heldDrops.delete(code);
    if (held === undefined || held.count === 0) return;
    const { count, message, cause } = held;
    this.error(code, count === 1 ? message : `${message} (${count} since the last report)`, { dropped: count, cause });
  }

  /** Calls a handler of the program; what it throws or rejects with becomes a warning. */
  #call<Value>(handler: (value: Value) => unknown, value: Value): void {
    try {
      const returned = handler(value);
      if (isThenable(returned)) onRejection(returned, (cause) => this.#warnHandlerFailed(cause));
    } catch (cause) {
      this.#warnHandlerFailed(cause);
    }
  }

  #warnHandlerFailed(cause: unknown): void {
    this.#warnings.warn(
      new PublisherError(`a handler of onError or onDiagnostic threw${describeFailure(cause)}`, {
        code: "callback-failed",
        publisher: this.#name,
        cause,
      }),
    );
  }
}

interface WarningHost {
  readonly process?: {
    emitWarning?: (message: string, options: { type: string; code: string }) => void;
    nextTick?: (run: () => void) => void;
  };
  readonly console?: { warn(message: string): void };
}

const WARNING_INTERVAL_MS = 60_000;

/** Warnings of one code that were suppressed since the last one. */
interface Suppressed {
  count: number;
  /** How many records they cost together. */
  dropped: number;
  newest: PublisherError;
}

/** Process warnings, at most one a minute for each code, with the number of those that were suppressed. */
class Warnings {
  readonly #clock: Clock;
  readonly #last = new Map<string, { readonly time: number; suppressed: Suppressed | undefined }>();
  #hasWritten = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  warn(error: PublisherError): void {
    const time = this.#clock.monotonic();
    const last = this.#last.get(error.code);
    if (last !== undefined && time - last.time < WARNING_INTERVAL_MS) {
      const { count = 0, dropped = 0 } = last.suppressed ?? {};
      last.suppressed = { count: count + 1, dropped: dropped + error.dropped, newest: error };
      return;
    }
    const suppressed = last?.suppressed?.count ?? 0;
    this.#last.set(error.code, { time, suppressed: undefined });
    this.#hasWritten = true;
    write(error, suppressed === 0 ? "" : ` (and ${suppressed} more since the last warning)`);
  }

  /** Writes the last numbers of what was suppressed, one warning for each code; resolves when all warnings are written. */
  async settle(): Promise<void> {
    for (const last of this.#last.values()) {
      if (last.suppressed === undefined) continue;
      const { count, dropped, newest } = last.suppressed;
      last.suppressed = undefined;
      const cost = dropped > newest.dropped ? `, ${dropped} records dropped` : "";
      write(newest, count === 1 ? "" : ` (and ${count - 1} more since the last warning${cost})`);
    }
    if (this.#hasWritten) await writtenWarnings();
  }
}

// Taken when this module is loaded: fake timers of a test runner replace it by one that never calls.
const nextTick = (globalThis as unknown as WarningHost).process?.nextTick;

/** Resolves when the process warnings so far are written: the process emits each one in its next tick. */
function writtenWarnings(): Promise<void> {
  return new Promise((resolve) => {
    if (nextTick === undefined) resolve();
    else nextTick(resolve);
  });
}

function write({ code, message }: PublisherError, suffix: string): void {
  const host = globalThis as unknown as WarningHost;
  try {
    if (host.process?.emitWarning) host.process.emitWarning(`${message}${suffix}`, { type: "EventmeterWarning", code });
    else host.console?.warn(`${message}${suffix}`);
  } catch {
    // A program may have replaced these: what they throw must not reach a publish.
  }
}
