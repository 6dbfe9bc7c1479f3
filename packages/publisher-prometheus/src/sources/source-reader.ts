import type { Clock } from "@eventmeter/core";
import { type Reporter, waitWithin } from "@eventmeter/core/publisher";

/** Foreign metrics that are served on the page. */
export interface PageSource {
  /** Value of the label `source` of `eventmeter_registry_up`. */
  readonly name: "registry" | "process";
  /** Whether counters may have lost their suffix. */
  isOpenMetrics(): boolean;
  /** Gives metrics as a registry's `getMetricsAsJSON` does; may throw, reject, hang or be slow. */
  read(): PromiseLike<readonly unknown[]>;
}

/** Reads a foreign source without depending on it. */
export interface SourceReader {
  readonly source: PageSource;
  /** Gives the metrics; undefined if they do not come in time or at all, which is reported when it begins. */
  read(budgetMs: number): Promise<readonly unknown[] | undefined>;
}

/** What a reader needs. */
export interface SourceReaderInit {
  readonly source: PageSource;
  readonly clock: Clock;
  readonly reporter: Reporter;
  readonly signal: AbortSignal;
}

interface Reading {
  readonly settled: Promise<unknown>;
  /** On the monotonic clock, in milliseconds. */
  readonly begun: number;
  metrics: readonly unknown[] | undefined;
  cause: unknown;
}

const UNREADABLE = "could not be read";

/** Makes the reader of one source: at most one reading at a time, shared by all who ask meanwhile, each within its own time. */
export function createSourceReader({ source, clock, reporter, signal }: SourceReaderInit): SourceReader {
  let current: Reading | undefined;
  const failing = new Set<string>();

  function begin(): Reading {
    const reading: Reading = { settled: run(), begun: clock.monotonic(), metrics: undefined, cause: undefined };
    return reading;

    async function run(): Promise<void> {
      // Whatever is thrown at once is a rejection from here on, and `reading` is there before anything is set.
      await Promise.resolve();
      try {
        const metrics: unknown = await source.read();
        if (!Array.isArray(metrics)) throw new TypeError("it gave no array");
        reading.metrics = metrics;
      } catch (cause) {
        reading.cause = cause;
      }
      if (current === reading) current = undefined;
    }
  }

  function fail(reason: string, cause?: unknown): undefined {
    if (!failing.has(reason)) {
      const message = `the ${source.name === "process" ? "process metrics" : "registry"} ${reason}; the page goes without`;
      reporter.error("registry-failed", message, { cause, retryable: true });
    }
    failing.add(reason);
    return undefined;
  }

  return {
    source,
    async read(budgetMs) {
      const reading = (current ??= begin());
      const tooLate = `did not answer within ${budgetMs} ms`;
      // Counted from its beginning: who cannot have it in time any more need not wait.
      const timeoutMs = budgetMs - (clock.monotonic() - reading.begun);
      if (timeoutMs <= 0) return fail(tooLate);
      const status = await waitWithin(reading.settled, { timeoutMs, signal }, clock);
      if (status === "aborted") return undefined;
      if (status === "timeout") return fail(tooLate);
      if (reading.metrics === undefined) return fail(UNREADABLE, reading.cause);
      failing.delete(tooLate);
      failing.delete(UNREADABLE);
      return reading.metrics;
    },
  };
}
