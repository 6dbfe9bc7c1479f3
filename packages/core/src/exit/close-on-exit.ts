// `closeOnExit`: closes a publisher when the program ends.
import { checkOptions } from "../options/check-options.ts";
import { option } from "../options/option-rules.ts";
import type { FlushReport, MetricsPublisher, WaitOptions } from "../publisher/contract.ts";
import { publisherRule } from "../publisher/describe-publisher.ts";
import { readReport } from "../publisher/read-report.ts";
import { PublisherError } from "../publisher/publisher-error.ts";
import { MAX_DELAY_MS, systemClock } from "../time/clock.ts";
import { runDetached } from "../time/run-detached.ts";
import { readWaitOptions, waitWithin } from "../time/wait.ts";
import { type ExitEntry, exitRegistry } from "./exit-registry.ts";
import { type HostProcess, hostProcess, isWorkerThread } from "./host-process.ts";

/** How much longer than its timeout a close may take, in milliseconds. */
const GRACE_MS = 50;
/** How long the flush on a signal that the program handles may hold the process, in milliseconds: the close comes later. */
const SIGNAL_FLUSH_MS = 1_000;

/** Options of `closeOnExit`. */
export interface CloseOnExitOptions {
  /**
   * Signals that end the program. They never reach a worker thread, where only an empty list is allowed.
   * @default ["SIGTERM", "SIGINT"], and none in a worker thread
   */
  readonly signals?: readonly string[] | undefined;
  /** How long the close may hold the process, in milliseconds. @default 5000 */
  readonly timeoutMs?: number | undefined;
}

/** What `closeOnExit` returns. */
export interface ExitHandle {
  /** Resolves when the publisher was closed, by this handle or at the end of the process. Never rejects. */
  readonly closed: Promise<FlushReport>;
  /** Closes the publisher now, for a program that ends itself. The same promise on every call. Never rejects. */
  readonly close: (options?: WaitOptions) => Promise<FlushReport>;
  /** Forgets the publisher: it is not closed at the end of the process. */
  readonly remove: () => void;
}

/**
 * Closes a publisher when the program ends: at its natural end, and on signals. Nothing else in this library listens to the
 * process.
 *
 * If the program listens to a signal itself, the publisher is flushed at once and keeps accepting records; it is closed at the
 * natural end, or with the handle. Otherwise it is closed, and the signal then ends the process as it would have without this
 * function; a second signal ends it at once. Records that are lost when the process ends are reported in one line on standard
 * error. Where there is no process, only the handle works.
 */
export function closeOnExit(publisher: MetricsPublisher, options?: CloseOnExitOptions): ExitHandle {
  checkOptions("closeOnExit", { publisher }, { publisher: option.required(publisherRule) });
  checkOptions("closeOnExit", options, {
    signals: option.list(
      option.string({
        pattern: /^SIG(TERM|INT|HUP|QUIT|BREAK|USR[12]|ALRM|VTALRM|XCPU|PWR|ABRT|IO|POLL)$/,
        expected: "a signal that ends a process and can be caught, such as SIGTERM",
      }),
    ),
    timeoutMs: option.integer(0, MAX_DELAY_MS),
  });
  const host = hostProcess();
  const isWorker = host !== undefined && isWorkerThread(host);
  const { signals = isWorker ? [] : ["SIGTERM", "SIGINT"], timeoutMs } = options ?? {};
  if (isWorker && signals.length > 0)
    throw new PublisherError("signals never reach a worker thread; close the publisher when the main thread says so", {
      code: "options",
      publisher: "closeOnExit",
    });
  // The listeners live as long as the process.
  return runDetached(() => register(publisher, { host, signals, timeoutMs }));
}

function register(
  publisher: MetricsPublisher,
  {
    host,
    signals,
    timeoutMs,
  }: {
    readonly host: HostProcess | undefined;
    readonly signals: readonly string[];
    readonly timeoutMs: number | undefined;
  },
): ExitHandle {
  const closing = new Closing(publisher, timeoutMs);
  const entry: ExitEntry = {
    publisher,
    signals,
    flush: () => closing.flush(),
    close: (wait) => closing.close(wait),
  };
  const registry = host && exitRegistry(host);
  const remove = (): void => registry?.remove(entry);
  registry?.add(entry);
  void closing.closed.then(remove);
  return { closed: closing.closed, close: entry.close, remove };
}

/** Flushes and closes one publisher in bounded time, whatever it does. */
class Closing {
  readonly closed: Promise<FlushReport>;
  readonly #publisher: MetricsPublisher;
  readonly #timeoutMs: number | undefined;
  readonly #resolve: (report: FlushReport) => void;
  #closing: Promise<FlushReport> | undefined;

  constructor(publisher: MetricsPublisher, timeoutMs: number | undefined) {
    const { promise, resolve } = Promise.withResolvers<FlushReport>();
    this.closed = promise;
    this.#resolve = resolve;
    this.#publisher = publisher;
    this.#timeoutMs = timeoutMs;
  }

  async flush(): Promise<void> {
    await this.#call("flush", { timeoutMs: Math.min(this.#timeoutMs ?? SIGNAL_FLUSH_MS, SIGNAL_FLUSH_MS) });
  }

  close(wait?: WaitOptions): Promise<FlushReport> {
    this.#closing ??= this.#close({ timeoutMs: this.#timeoutMs, ...wait });
    return this.#closing;
  }

  async #close(wait: WaitOptions): Promise<FlushReport> {
    const report = await this.#call("close", wait);
    this.#resolve(report);
    return report;
  }

  async #call(method: "flush" | "close", wait: WaitOptions): Promise<FlushReport> {
    let report: FlushReport | undefined;
    const work = Promise.resolve()
      .then(() => this.#publisher[method](readWaitOptions(wait)))
      .then((given: unknown) => void (report = readReport(this.#publisher, given)));
    // A publisher that throws, rejects or hangs is not waited for beyond its time.
    const status = await waitWithin(work, wait, systemClock, GRACE_MS);
    return report ?? readReport(this.#publisher, undefined, status === "complete" ? "aborted" : status);
  }
}
