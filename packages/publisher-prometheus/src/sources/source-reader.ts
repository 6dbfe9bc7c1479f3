// Reader of a foreign source of metrics: the page never depends on whether, or how fast, the source answers.
import type { Clock } from "@eventmeter/core";
import { describeFailure, type Reporter, runDetached, waitWithin } from "@eventmeter/core/publisher";

/** Foreign metrics that are served on the page. */
export interface PageSource {
  /** Value of the label `source` of `eventmeter_registry_up`. */
  readonly name: "registry" | "process";
  /** Returns whether counters can have lost their suffix. */
  isOpenMetrics(): boolean;
  /** Returns metrics as a registry's `getMetricsAsJSON` does; may throw, reject, hang or be slow. */
  read(): PromiseLike<readonly unknown[]>;
}

const UNREADABLE = "could not be read";

/** Reads one source: one reading at a time, shared by all callers meanwhile, each of which waits within its own budget. */
export class SourceReader {
  readonly source: PageSource;
  readonly #clock: Clock;
  readonly #reporter: Reporter;
  readonly #signal: AbortSignal;
  /** Reasons for which the source is left out, each reported when it began. */
  readonly #failures = new Set<string>();
  #reading: Reading | undefined;

  constructor(
    source: PageSource,
    { clock, reporter, signal }: { readonly clock: Clock; readonly reporter: Reporter; readonly signal: AbortSignal },
  ) {
    this.source = source;
    this.#clock = clock;
    this.#reporter = reporter;
    this.#signal = signal;
  }

  /** Resolves to the metrics; undefined if they do not come within `budgetMs` or at all. Never rejects. */
  async read(budgetMs: number): Promise<readonly unknown[] | undefined> {
    const reading = (this.#reading ??= runDetached(() => this.#begin()));
    const tooLate = `did not answer within ${budgetMs} ms`;
    // Counted from the beginning of the reading: a caller whose time is over already does not wait.
    const timeoutMs = budgetMs - (this.#clock.monotonic() - reading.begun);
    const status =
      timeoutMs <= 0 ? "timeout" : await waitWithin(reading.settled, { timeoutMs, signal: this.#signal }, this.#clock);
    if (status === "aborted") return undefined;
    if (status === "timeout") return this.#leaveOut(tooLate);
    if (reading.metrics === undefined) return this.#leaveOut(UNREADABLE, reading.cause);
    this.#failures.delete(tooLate);
    this.#failures.delete(UNREADABLE);
    return reading.metrics;
  }

  #begin(): Reading {
    const reading = new Reading(this.source, this.#clock.monotonic());
    void reading.settled.then(() => {
      this.#reading = undefined;
    });
    return reading;
  }

  #leaveOut(reason: string, cause?: unknown): undefined {
    if (this.#failures.has(reason)) return undefined;
    this.#failures.add(reason);
    const what = this.source.name === "process" ? "process metrics" : "registry";
    this.#reporter.error("registry-failed", `the ${what} ${reason}${describeFailure(cause)}; the page goes without`, {
      cause,
      retryable: true,
    });
    return undefined;
  }
}

/** One reading of a source, under way or done. */
class Reading {
  /** On the monotonic clock, in milliseconds. */
  readonly begun: number;
  /** Resolves when the source has answered. Never rejects. */
  readonly settled: Promise<void>;
  metrics: readonly unknown[] | undefined;
  cause: unknown;

  constructor(source: PageSource, begun: number) {
    this.begun = begun;
    this.settled = this.#run(source);
  }

  async #run(source: PageSource): Promise<void> {
    // Not at once: a source that asks for the page itself must find this reading, and not begin another one.
    await Promise.resolve();
    try {
      const metrics: unknown = await source.read();
      if (!Array.isArray(metrics)) throw new TypeError("it gave no array");
      this.metrics = metrics;
    } catch (cause) {
      this.cause = cause;
    }
  }
}
