import { type Clock, type Reporter, waitWithin } from "@eventmeter/core";

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
  metrics: readonly unknown[] | undefined;
  cause: unknown;
  late: boolean;
}

/** Makes the reader of one source: at most one reading at a time, shared by all who ask meanwhile. */
export function createSourceReader({ source, clock, reporter, signal }: SourceReaderInit): SourceReader {
  let current: Reading | undefined;
  let failing = false;

  function begin(): Reading {
    const reading: Reading = { settled: run(), metrics: undefined, cause: undefined, late: false };
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
    if (!failing) {
      const message = `the ${source.name === "process" ? "process metrics" : "registry"} ${reason}; the page goes without`;
      reporter.error("registry-failed", message, { cause, retryable: true });
    }
    failing = true;
    return undefined;
  }

  return {
    source,
    async read(budgetMs) {
      const reading = (current ??= begin());
      // Who waited for it once need not wait again: it is left out until it comes back.
      if (reading.late) return undefined;
      const status = await waitWithin(reading.settled, { timeoutMs: budgetMs, signal }, clock);
      if (status === "aborted") return undefined;
      if (status === "timeout") {
        reading.late = true;
        return fail(`did not answer within ${budgetMs} ms`);
      }
      if (reading.metrics === undefined) return fail("could not be read", reading.cause);
      failing = false;
      return reading.metrics;
    },
  };
}
