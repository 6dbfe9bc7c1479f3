import { resolveClock } from "./clock.ts";
import type { Clock, CommonOptions, PublisherHealth } from "./contract.ts";
import { type ErrorCode, PublisherError, type PublisherErrorInit } from "./publisher-error.ts";

const WARNING_INTERVAL_MS = 60_000;
const DROP_INTERVAL_MS = 1_000;

/** Carries a publisher's failures and news to whoever listens. Never throws. */
export interface Reporter {
  /** The last failure, for health(). */
  readonly lastError: PublisherHealth["lastError"];
  /** Reports a failure: `message` says what happened, to what, how much, without a secret, label value or payload. */
  error(code: ErrorCode, message: string, init?: Omit<PublisherErrorInit, "code" | "publisher">): void;
  /**
   * Reports dropped records: the first at once, those of the next second in one error with their number in `dropped`,
   * so that a flood of bad records costs no flood of errors.
   */
  drop(code: ErrorCode, message: string, init?: { readonly count?: number; readonly cause?: unknown }): void;
  /** Reports what `drop` still holds back; a publisher calls it when it closes. Later drops are reported once a code. */
  settle(): void;
  /** Keeps a failure as the last one for health(), without a report: whoever caused it is told in another way. */
  note(error: PublisherError): void;
  /** Reports a failure that already is a `PublisherError`, as it is. */
  forward(error: PublisherError): void;
  /** Reports what is no failure. */
  diagnostic(code: string, message: string, count?: number): void;
}

/** Makes the reporter of one publisher from its common options. */
export function createReporter(
  name: string,
  options: Pick<CommonOptions, "onError" | "onDiagnostic" | "clock"> = {},
): Reporter {
  const { onError, onDiagnostic } = options;
  const clock = resolveClock(options.clock);
  const warn = createWarner(clock);
  let handling = false;
  let settled = false;
  const held = new Map<ErrorCode, { count: number; message: string; cause: unknown; timer: { cancel(): void } }>();

  function release(code: ErrorCode): void {
    const drops = held.get(code);
    held.delete(code);
    if (drops === undefined || drops.count === 0) return;
    const { count, message, cause } = drops;
    reporter.error(code, count === 1 ? message : `${message} (${count} since the last report)`, {
      dropped: count,
      cause,
    });
  }

  const reporter = {
    lastError: null as PublisherHealth["lastError"],
    error(code: ErrorCode, message: string, init: Omit<PublisherErrorInit, "code" | "publisher"> = {}) {
      reporter.forward(new PublisherError(message, { ...init, code, publisher: name }));
    },
    drop(
      code: ErrorCode,
      message: string,
      { count = 1, cause }: { readonly count?: number; readonly cause?: unknown } = {},
    ) {
      const drops = held.get(code);
      if (drops !== undefined) {
        drops.count += count;
        drops.message = message;
        drops.cause = cause;
        return;
      }
      // After the close the first of a code stands for all: nothing is left that would give out a sum.
      const timer = settled ? { cancel() {} } : clock.setTimeout(() => release(code), DROP_INTERVAL_MS);
      held.set(code, { count: 0, message, cause, timer });
      reporter.error(code, message, { dropped: count, cause });
    },
    settle() {
      settled = true;
      // A handler that is told of drops may cause further ones: those are not waited for.
      const codes = Array.from(held.keys());
      for (const code of codes) {
        held.get(code)?.timer.cancel();
        release(code);
      }
    },
    note(error: PublisherError) {
      reporter.lastError = { code: error.code, message: error.message, time: clock.now() };
    },
    forward(error: PublisherError) {
      reporter.note(error);
      // A handler that publishes a bad record again would call itself without end.
      if (onError === undefined || handling) return warn(error);
      handling = true;
      const fault = callHandler(onError, error, warn);
      handling = false;
      if (fault !== undefined) warn(fault);
    },
    diagnostic(code: string, message: string, count?: number) {
      if (onDiagnostic === undefined) return;
      const fault = callHandler(
        onDiagnostic,
        { code, publisher: name, message: `${name}: ${message}`, ...(count === undefined ? {} : { count }) },
        warn,
      );
      if (fault !== undefined) warn(fault);
    },
  };
  return reporter;

  function callHandler<Value>(
    handler: (value: Value) => unknown,
    value: Value,
    late: (error: PublisherError) => void,
  ): PublisherError | undefined {
    try {
      const returned = handler(value);
      if (isThenable(returned)) returned.then(undefined, (cause) => late(handlerFailed(cause)));
      return undefined;
    } catch (cause) {
      return handlerFailed(cause);
    }
  }

  function handlerFailed(cause: unknown): PublisherError {
    return new PublisherError("a handler of onError or onDiagnostic threw", {
      code: "callback-failed",
      publisher: name,
      cause,
    });
  }
}

/** Tells whether a value has to be waited for. Never throws. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  try {
    return typeof value === "object" && value !== null && typeof (value as { then?: unknown }).then === "function";
  } catch {
    return false;
  }
}

interface WarningHost {
  readonly process?: { emitWarning?: (message: string, options: { type: string; code: string }) => void };
  readonly console?: { warn(message: string): void };
}

/** Writes one warning a minute for each code, with the number of those held back. */
function createWarner(clock: Clock): (error: PublisherError) => void {
  const lastOf = new Map<string, { time: number; suppressed: number }>();
  return (error) => {
    const time = clock.monotonic();
    const last = lastOf.get(error.code);
    if (last !== undefined && time - last.time < WARNING_INTERVAL_MS) {
      last.suppressed += 1;
      return;
    }
    const suffix =
      last === undefined || last.suppressed === 0 ? "" : ` (and ${last.suppressed} more since the last warning)`;
    lastOf.set(error.code, { time, suppressed: 0 });
    const host = globalThis as unknown as WarningHost;
    const message = `${error.message}${suffix}`;
    try {
      if (host.process?.emitWarning) host.process.emitWarning(message, { type: "EventmeterWarning", code: error.code });
      else host.console?.warn(message);
    } catch {
      // Whoever replaced these must not get their fault into a publish.
    }
  };
}
