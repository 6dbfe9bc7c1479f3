// `PrometheusPublisher`: records as time series, served as a metrics page.
import type { IncomingMessage, ServerResponse } from "node:http";
import { describeMilliseconds, overflowMessage, SeriesStore, type Snapshot } from "@eventmeter/aggregation";
import {
  type CheckReport,
  type EventMetrics,
  type FlushReport,
  formatMetrics,
  type MetricsPublisher,
  type NetworkMetrics,
  PublisherError,
  type PublisherHealth,
  type WaitOptions,
} from "@eventmeter/core";
import {
  bindMethods,
  createIntake,
  createLedger,
  createLifeCycle,
  createReporter,
  type Intake,
  type Ledger,
  type LifeCycle,
  type RecordFlow,
  type Reporter,
} from "@eventmeter/core/publisher";
import { MetricsEndpoint, type MetricsOptions } from "./http/metrics-endpoint.ts";
import { type PrometheusPublisherOptions, type ResolvedOptions, resolveOptions } from "./options.ts";
import { checkWritable, type ScrapeTls } from "./scrape-option-rules.ts";
import { PageRenderer } from "./page/page-renderer.ts";
import { ProcessMetrics } from "./sources/process-metrics.ts";
import { Registrations, type WritableRegistry } from "./registrations.ts";
import { registrySource } from "./sources/registry-families.ts";
import { targetInfo } from "./sources/target-info.ts";
import { type Watched, WatchedPublishers } from "./sources/watched-publishers.ts";

/** Keeps finished records as time series and serves them as a metrics page for Prometheus. Delivered means added to the series. */
export class PrometheusPublisher implements MetricsPublisher {
  readonly name: string;
  readonly contract = 1;
  /** Answers a request of any Node server with the metrics page: `node:http`, Express; in Fastify pass `request.raw, reply.raw`. */
  readonly handler: (req: IncomingMessage, res: ServerResponse) => void;
  /** Answers a fetch-style request with the metrics page. Never rejects. */
  readonly fetch: (request: Request) => Promise<Response>;
  /** Returns the metrics page as a string. Rejects with a `PublisherError` `page-failed` if the page cannot be rendered. */
  readonly metrics: (options?: MetricsOptions) => Promise<string>;
  readonly #options: ResolvedOptions;
  readonly #ledger: Ledger = createLedger();
  readonly #reporter: Reporter;
  readonly #store: SeriesStore;
  readonly #intake: Intake;
  readonly #lifeCycle: LifeCycle;
  readonly #endpoint: MetricsEndpoint;
  readonly #processMetrics: ProcessMetrics | undefined;
  readonly #watched: WatchedPublishers;
  readonly #registrations: Registrations;
  /** Ends every wait for a foreign source. */
  readonly #stopping = new AbortController();
  /** Whether the start was begun, or nothing has to be started; kept here so that a publish looks at nothing else. */
  #hasBegun: boolean;
  /** How many records were delivered when `lastSuccess` was set. */
  #datedDelivered = 0;

  /** @throws PublisherError `options`, listing every wrong field */
  constructor(options: PrometheusPublisherOptions = {}) {
    const resolved = resolveOptions(options);
    bindMethods(this);
    this.name = resolved.name;
    this.#options = resolved;
    this.#reporter = createReporter(resolved.name, options);
    this.#watched = new WatchedPublishers(this.#reporter);
    this.#store = this.#createStore();
    this.#registrations = new Registrations(() => this.#snapshot(), this.#reporter);
    this.#intake = this.#createIntake();
    this.#processMetrics = resolved.processMetrics ? new ProcessMetrics(resolved.clock) : undefined;
    this.#endpoint = new MetricsEndpoint(resolved, this.#createPages(), this.#reporter, () => this.#intake.closed);
    this.#lifeCycle = this.#createLifeCycle();
    this.#hasBegun = !resolved.server;
    this.handler = this.#endpoint.handler;
    this.fetch = this.#endpoint.fetch;
    this.metrics = (given) => this.#endpoint.text(given);
  }

  /** URL of the metrics page on the publisher's own server; undefined while the server does not listen. */
  get url(): string | undefined {
    return this.#intake.closed ? undefined : this.#endpoint.url;
  }

  publishEventMetrics(metrics: Readonly<EventMetrics>): void {
    if (!this.#hasBegun) this.#begin();
    this.#intake.event(metrics);
  }

  publishNetworkMetrics(metrics: Readonly<NetworkMetrics>): void {
    if (!this.#hasBegun) this.#begin();
    this.#intake.network(metrics);
  }

  readonly formatMetrics: MetricsPublisher["formatMetrics"] = formatMetrics;

  /**
   * Resolves when the server listens, at once without a server. Rejects with a `PublisherError` that says in one sentence
   * what to do, for example if the port is taken.
   */
  async start(options?: WaitOptions): Promise<void> {
    await this.#lifeCycle.publisher.start?.(options);
  }

  /** Takes a renewed certificate and key for new connections, where there is the option `tls`. @throws PublisherError `options` */
  setTls(tls: ScrapeTls): void {
    this.#endpoint.setTls(tls);
  }

  /**
   * Shows the health of a publisher, and of those inside it, on the metrics page, in the families `eventmeter_publisher_*`.
   * After its close it is shown on one more page. The page has room for 1,000; more call `onError` with `watch-overflow`.
   */
  watch(publisher: Watched): void {
    if (!this.#watched.add(publisher))
      throw new PublisherError("watch() expects a publisher", { code: "options", publisher: this.name });
  }

  /** Takes a watched publisher off the metrics page. */
  unwatch(publisher: Watched): void {
    this.#watched.remove(publisher);
  }

  /**
   * Adds the families of records to the pages of a foreign registry until the close. Throws what the registry throws, for
   * example for a name that is taken. @throws PublisherError `options` for anything but a registry
   */
  registerInto(registry: WritableRegistry): void {
    checkWritable(this.name, registry);
    if (!this.#intake.closed) this.#registrations.add(registry);
  }

  /** Resolves at once: a record is settled when it is added to its series. */
  flush(options?: WaitOptions): Promise<FlushReport> {
    return this.#lifeCycle.publisher.flush(options);
  }

  close(options?: WaitOptions): Promise<FlushReport> {
    return this.#lifeCycle.publisher.close(options);
  }

  health(): PublisherHealth {
    this.#dateDelivered();
    return this.#lifeCycle.publisher.health();
  }

  /** Scrapes the publisher's own page; without a server it only renders the page. Never rejects. */
  check(options?: WaitOptions): Promise<CheckReport> {
    return this.#endpoint.check(options);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #createStore(): SeriesStore {
    const { labels, bounds, maxLabelSets, exemplars, clock } = this.#options;
    const advice = describeMilliseconds(bounds);
    if (advice !== undefined) this.#reporter.error("bounds-in-milliseconds", advice);
    const onOverflow = (family: string): void => this.#reporter.error("series-overflow", overflowMessage(family));
    return new SeriesStore({ labels, bounds, maxLabelSets, exemplars, clock, onOverflow });
  }

  #createIntake(): Intake {
    const ledger = this.#ledger;
    const store = this.#store;
    return createIntake({
      scope: "series",
      unfinished: "ignore",
      ledger,
      reporter: this.#reporter,
      clock: this.#options.clock,
      event(fields) {
        store.addEvent(fields);
        ledger.delivered += 1;
      },
      network(fields) {
        store.addNetwork(fields);
        ledger.delivered += 1;
      },
    });
  }

  #createPages(): PageRenderer {
    const { resource, registry, createdLines, clock } = this.#options;
    const info = resource === undefined ? [] : [targetInfo(resource)];
    return new PageRenderer({
      snapshot: () => this.#snapshot(),
      ownFamilies: () => [...info, ...this.#watched.families()],
      sources: [this.#processMetrics ?? [], registry === undefined ? [] : registrySource(registry)].flat(),
      createdLines,
      clock,
      reporter: this.#reporter,
      signal: this.#stopping.signal,
    });
  }

  #createLifeCycle(): LifeCycle {
    const endpoint = this.#endpoint;
    const flow: RecordFlow = {
      get failing() {
        return endpoint.failing;
      },
      stop: () => this.#stop(),
    };
    return createLifeCycle({
      name: this.name,
      clock: this.#options.clock,
      ledger: this.#ledger,
      reporter: this.#reporter,
      intake: this.#intake,
      flow,
      hooks: { start: () => this.#open(), close: () => endpoint.close() },
    });
  }

  #begin(): void {
    this.#hasBegun = true;
    this.#lifeCycle.startInBackground();
  }

  async #open(): Promise<void> {
    this.#processMetrics?.load();
    await this.#endpoint.listen();
  }

  #stop(): void {
    this.#stopping.abort();
    this.#processMetrics?.close();
    this.#watched.close();
    this.#registrations.close();
  }

  #snapshot(): Snapshot {
    this.#dateDelivered();
    return this.#store.snapshot();
  }

  // A clock read for every record would cost a third of adding it: the last success is exact to the last page or health().
  #dateDelivered(): void {
    const ledger = this.#ledger;
    if (ledger.delivered > this.#datedDelivered) ledger.lastSuccess = this.#options.clock.now();
    this.#datedDelivered = ledger.delivered;
  }
}
