import {
  type CheckReport,
  type Clock,
  type EventMetrics,
  type FlushReport,
  type FormattedMetrics,
  type MetricsPublisher,
  type NetworkMetrics,
  PublisherError,
  type PublisherHealth,
  type WaitOptions,
} from "@eventmeter/core";
import { createReporter, resolveClock, waitWithin } from "@eventmeter/core/publisher";
import { createSeriesPublisher, type SendSnapshot } from "@eventmeter/delivery";
import { createTarget, type Target } from "./endpoint-resolver.ts";
import type { GrafanaCloudPublisherOptions } from "./options.ts";
import { checkEndpoint, createSend, type SendInit } from "./otlp-exporter.ts";
import { failureSentence } from "./request-failure.ts";
import { resolveOptions } from "./resolved-options.ts";
import { createEncode, createSeries, type Series } from "./series.ts";

/**
 * Keeps finished records as series and pushes all of them at an interval, on flush and on close, to Grafana Cloud or any
 * other OTLP receiver. Delivered means contained in an acknowledged request.
 */
export class GrafanaCloudPublisher implements MetricsPublisher {
  readonly name: string;
  readonly contract = 1;
  readonly #series: MetricsPublisher;
  readonly #target: Target;
  readonly #sending: SendInit;
  readonly #clock: Clock;
  #isClosed = false;

  /** @throws PublisherError `options`, listing every wrong field */
  constructor(options: GrafanaCloudPublisherOptions) {
    const resolved = resolveOptions(options);
    const { common, endpoint, intervalMs, sendTimeoutMs } = resolved;
    const clock = resolveClock(common.clock);
    const series = createSeries(resolved, clock);
    const target = createTarget(endpoint, {
      clock,
      timeoutMs: sendTimeoutMs,
      reporter: createReporter(common.name, common),
    });
    const sending: SendInit = { target, endpointKind: endpoint.kind, key: endpoint.key, clock };
    this.name = common.name;
    this.#clock = clock;
    this.#target = target;
    this.#sending = sending;
    this.#series = createSeriesPublisher(
      {
        name: this.name,
        series: series.store,
        encode: createEncode(common.resource),
        send: withOverflows(series, createSend(sending)),
        // Who looks for the endpoint early is told early. Without one records are kept, so that this is no failed start.
        async start({ signal, report }) {
          signal.addEventListener("abort", () => target.close(), { once: true });
          const { failure } = await target.find();
          if (failure !== undefined && !signal.aborted)
            report.error("start-failed", failureSentence(failure), { retryable: true });
        },
        close: () => target.close(),
      },
      { ...common, intervalMs, sendTimeoutMs },
    );
  }

  publishEventMetrics(metrics: Readonly<EventMetrics>): void {
    this.#series.publishEventMetrics(metrics);
  }

  publishNetworkMetrics(metrics: Readonly<NetworkMetrics>): void {
    this.#series.publishNetworkMetrics(metrics);
  }

  formatMetrics(metrics: Readonly<EventMetrics> | Readonly<NetworkMetrics>): FormattedMetrics {
    return this.#series.formatMetrics(metrics);
  }

  /** Looks up the endpoint where only the organisation was given. Rejects with a sentence that says what to do. */
  async start(options?: WaitOptions): Promise<void> {
    const fail = (message: string): PublisherError =>
      new PublisherError(message, { code: "start-failed", publisher: this.name, retryable: true });
    if (!this.#isClosed) {
      const found = this.#target.find(true);
      const status = await waitWithin(found, options, this.#clock);
      if (status !== "complete") throw fail(`the start did not end in time (${status})`);
      const { failure } = await found;
      if (failure !== undefined) throw fail(failureSentence(failure));
    }
    await this.#series.start?.(options);
  }

  flush(options?: WaitOptions): Promise<FlushReport> {
    return this.#series.flush(options);
  }

  close(options?: WaitOptions): Promise<FlushReport> {
    this.#isClosed = true;
    return this.#series.close(options);
  }

  health(): PublisherHealth {
    return this.#series.health();
  }

  /** Sends a request without series. Never rejects. */
  async check(options?: WaitOptions): Promise<CheckReport> {
    const { message, ...report } = this.#isClosed ? CLOSED : await checkEndpoint(this.#sending, options);
    return { ...report, message: `${this.name}: ${message}` };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

const CLOSED: CheckReport = { ok: false, code: "closed", message: "it is closed" };

/** Tells of the bound of a family with the next request: between two of them nobody has seen a series that is missing. */
function withOverflows(series: Series, send: SendSnapshot): SendSnapshot {
  return (body, context) => {
    for (const family of series.takeOverflows())
      context.report.error(
        "series-overflow",
        `${family} has as many label sets as it may have; further ones are added to one label set _overflow`,
      );
    return send(body, context);
  };
}
