// The publisher: series of finished records, pushed by OTLP to Grafana Cloud or to any other receiver.
import { describeMilliseconds } from "@eventmeter/aggregation";
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
import { bindMethods, createReporter, resolveClock, runDetached, waitWithin } from "@eventmeter/core/publisher";
import { createSeriesPublisher, type StartContext } from "@eventmeter/delivery";
import { EndpointResolver } from "./endpoint-resolver.ts";
import { HttpClient } from "./http-request.ts";
import type { GrafanaCloudPublisherOptions } from "./option-types.ts";
import { OtlpExporter } from "./otlp-exporter.ts";
import { failureSentence } from "./request-failure.ts";
import { resolveOptions } from "./options.ts";
import { PushedSeries } from "./series.ts";

/**
 * Keeps finished records as series and pushes all of them at an interval, on flush and on close, to Grafana Cloud or to any
 * other OTLP receiver. A record is delivered when a request that contains it was acknowledged.
 */
export class GrafanaCloudPublisher implements MetricsPublisher {
  readonly name: string;
  readonly contract = 1;
  readonly #clock: Clock;
  readonly #resolver: EndpointResolver;
  readonly #exporter: OtlpExporter;
  readonly #seriesPublisher: MetricsPublisher;
  #isClosed = false;

  /** @throws PublisherError `options`, listing every wrong field */
  constructor(options: GrafanaCloudPublisherOptions) {
    const resolved = resolveOptions(options);
    const { common, endpoint, intervalMs, sendTimeoutMs } = resolved;
    const { name } = common;
    const clock = resolveClock(common.clock);
    const client = new HttpClient(resolved.tls);
    const resolver = new EndpointResolver(endpoint, {
      client,
      clock,
      timeoutMs: sendTimeoutMs,
      reporter: createReporter(name, common),
    });
    const exporter = new OtlpExporter({
      resolver,
      endpointKind: endpoint.kind,
      apiKey: endpoint.apiKey,
      client,
      clock,
    });
    const series = new PushedSeries(resolved, clock);
    bindMethods(this);
    this.name = name;
    this.#clock = clock;
    this.#resolver = resolver;
    this.#exporter = exporter;
    this.#seriesPublisher = createSeriesPublisher(
      {
        name,
        series: series.source,
        encode: (snapshot) => series.encoder.encode(snapshot),
        send(body, context) {
          series.reportOverflows(context.report);
          return exporter.send(body, context);
        },
        start(context) {
          const problem = describeMilliseconds(resolved.bounds);
          if (problem !== undefined) context.report.error("bounds-in-milliseconds", problem);
          return resolveEarly(resolver, context);
        },
        close() {
          resolver.close();
          client.close();
        },
      },
      { ...common, intervalMs, sendTimeoutMs },
    );
  }

  publishEventMetrics(metrics: Readonly<EventMetrics>): void {
    this.#seriesPublisher.publishEventMetrics(metrics);
  }

  publishNetworkMetrics(metrics: Readonly<NetworkMetrics>): void {
    this.#seriesPublisher.publishNetworkMetrics(metrics);
  }

  formatMetrics(metrics: Readonly<EventMetrics> | Readonly<NetworkMetrics>): FormattedMetrics {
    return this.#seriesPublisher.formatMetrics(metrics);
  }

  /** Looks up the endpoint if only the organisation was given. Rejects with a `PublisherError` whose message says what to do. */
  async start(options?: WaitOptions): Promise<void> {
    if (!this.#isClosed) {
      const resolution = runDetached(() => this.#resolver.resolve({ retryNow: true }));
      const status = await waitWithin(resolution, options, this.#clock);
      if (status !== "complete") throw this.#startFailed(`the start did not end in time (${status})`);
      const { failure } = await resolution;
      if (failure !== undefined) throw this.#startFailed(failureSentence(failure));
    }
    await this.#seriesPublisher.start?.(options);
  }

  flush(options?: WaitOptions): Promise<FlushReport> {
    return this.#seriesPublisher.flush(options);
  }

  close(options?: WaitOptions): Promise<FlushReport> {
    this.#isClosed = true;
    return this.#seriesPublisher.close(options);
  }

  health(): PublisherHealth {
    return this.#seriesPublisher.health();
  }

  /** Sends a request without series, which every receiver takes and none stores. Never rejects. */
  async check(options?: WaitOptions): Promise<CheckReport> {
    const { message, ...report } = this.#isClosed ? CLOSED : await runDetached(() => this.#exporter.check(options));
    return { ...report, message: `${this.name}: ${message}` };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #startFailed(message: string): PublisherError {
    return new PublisherError(message, { code: "start-failed", publisher: this.name, retryable: true });
  }
}

const CLOSED: CheckReport = { ok: false, code: "closed", message: "it is closed" };

/**
 * Resolves the endpoint with the first record, so that a failure is reported early. The start succeeds in any case: without
 * an endpoint, records are kept and each attempt to send them looks it up again.
 */
async function resolveEarly(resolver: EndpointResolver, { signal, report }: StartContext): Promise<void> {
  const { failure } = await resolver.resolve();
  if (failure !== undefined && !signal.aborted)
    report.error("start-failed", failureSentence(failure), { retryable: true });
}
