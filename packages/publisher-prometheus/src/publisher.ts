import type { IncomingMessage, ServerResponse } from "node:http";
import type { SeriesStore, Snapshot } from "@eventmeter/aggregation";
import {
  type CheckReport,
  type EventMetrics,
  type FlushReport,
  formatMetrics,
  type FormattedMetrics,
  type MetricsPublisher,
  type NetworkMetrics,
  PublisherError,
  type PublisherHealth,
  type WaitOptions,
} from "@eventmeter/core";
import {
  createIntake,
  createLedger,
  createReporter,
  createStarter,
  type Intake,
  type Ledger,
  publisherState,
  type Reporter,
  type Starter,
  waitWithin,
} from "@eventmeter/core/publisher";
import { createFetchHandler } from "./http/fetch-handler.ts";
import type { PageFormat } from "./page/exposition-text.ts";
import { Listener } from "./http/listener.ts";
import { type ReplyTo, ResponseWriter } from "./http/response-writer.ts";
import { ScrapeAuthorizer } from "./http/scrape-authorizer.ts";
import { type PrometheusPublisherOptions, readFormat, type ResolvedOptions, resolveOptions } from "./options.ts";
import { PageRenderer } from "./page/page-renderer.ts";
import { ProcessMetrics } from "./sources/process-metrics.ts";
import { Registrations, type WritableRegistry } from "./sources/registrations.ts";
import { registrySource } from "./sources/registry-families.ts";
import { DEFAULT_BUDGET_MS, ScrapeHandler } from "./http/scrape-handler.ts";
import { checkOwnPage } from "./http/self-check.ts";
import { createStore } from "./store.ts";
import { targetInfo } from "./sources/target-info.ts";
import { type Watched, WatchedPublishers } from "./sources/watched-publishers.ts";

/** How `metrics()` gives the page. */
export interface MetricsOptions {
  /** @default "text" */
  readonly format?: PageFormat | undefined;
}

/** Keeps finished records as time series and serves them as a metrics page for Prometheus. Delivered means added to the series. */
export class PrometheusPublisher implements MetricsPublisher {
  readonly name: string;
  readonly contract = 1;
  /** Answers a request of any Node server with the page: `node:http`, Express; in Fastify give it `request.raw, reply.raw`. */
  readonly handler: (req: IncomingMessage, res: ServerResponse) => void;
  /** Answers a fetch-style request with the page. Never rejects. */
  readonly fetch: (request: Request) => Promise<Response>;
  /** Gives the page as a string. Rejects with a `PublisherError` `page-failed` if it cannot be made. */
  readonly metrics: (options?: MetricsOptions) => Promise<string>;
  readonly #options: ResolvedOptions;
  readonly #ledger: Ledger = createLedger();
  readonly #reporter: Reporter;
  readonly #store: SeriesStore;
  readonly #intake: Intake;
  readonly #authorizer: ScrapeAuthorizer;
  readonly #pages: PageRenderer;
  readonly #listener: Listener;
  readonly #starter: Starter;
  readonly #processMetrics: ProcessMetrics | undefined;
  readonly #watched = new WatchedPublishers();
  readonly #ending = new AbortController();
  readonly #registrations: Registrations;
  #begun: boolean;
  #datedDelivered = 0;
  #closing: Promise<FlushReport> | undefined;

  /** @throws PublisherError `options`, listing every wrong field */
  constructor(options: PrometheusPublisherOptions = {}) {
    const resolved = resolveOptions(options);
    const { name, clock, server, resource, registry, createdLines } = resolved;
    const reporter = createReporter(name, options);
    this.name = name;
    this.#options = resolved;
    this.#reporter = reporter;
    this.#store = createStore(resolved, reporter);
    this.#registrations = new Registrations(() => this.#snapshot(), reporter);
    this.#intake = this.#openIntake();
    this.#authorizer = new ScrapeAuthorizer(resolved.auth);
    this.#processMetrics = resolved.processMetrics ? new ProcessMetrics() : undefined;
    const info = resource === undefined ? [] : [targetInfo(resource)];
    this.#pages = new PageRenderer({
      snapshot: () => this.#snapshot(),
      ownFamilies: () => [...info, ...this.#watched.families()],
      sources: [this.#processMetrics, registry === undefined ? undefined : registrySource(registry)].filter(
        (source) => source !== undefined,
      ),
      createdLines,
      clock,
      reporter,
      signal: this.#ending.signal,
    });
    const scrapes = new ScrapeHandler(this.#authorizer, this.#pages, () => this.#intake.closed);
    const responses = new ResponseWriter(clock);
    const replyTo: ReplyTo = (request) => scrapes.answer(request);
    this.#listener = new Listener({ options: resolved, scrapes, responses });
    this.#starter = createStarter({ publisher: name, clock, reporter, start: () => this.#open() });
    this.#begun = !server;
    this.handler = (req, res) => responses.answer(req, res, replyTo);
    this.fetch = createFetchHandler(replyTo);
    this.metrics = (given) => this.#text(given);
  }

  /** Where the publisher's own server has the page; undefined while it does not listen. */
  get url(): string | undefined {
    return this.#listener.url;
  }

  publishEventMetrics(metrics: Readonly<EventMetrics>): void {
    if (!this.#begun) this.#begin();
    this.#intake.event(metrics);
  }

  publishNetworkMetrics(metrics: Readonly<NetworkMetrics>): void {
    if (!this.#begun) this.#begin();
    this.#intake.network(metrics);
  }

  formatMetrics(metrics: Readonly<EventMetrics> | Readonly<NetworkMetrics>): FormattedMetrics {
    return formatMetrics(metrics);
  }

  /** Resolves when the server listens, without one at once. Rejects with a sentence that says what to do, as if the port is taken. */
  start(options?: WaitOptions): Promise<void> {
    return this.#starter.start(options);
  }

  /** Shows the health of a publisher, and of those inside it, on the page as `eventmeter_publisher_*`. */
  watch(publisher: Watched): void {
    if (!this.#watched.add(publisher))
      throw new PublisherError("watch() expects a publisher", { code: "options", publisher: this.name });
  }

  /** Puts the families of records on the pages of a foreign registry until the close. Throws what the registry throws, as for a name that is taken. */
  registerInto(registry: WritableRegistry): void {
    if (!this.#intake.closed) this.#registrations.add(registry);
  }

  /** Resolves at once: a record is settled when it is added to its series. */
  flush(_options?: WaitOptions): Promise<FlushReport> {
    return Promise.resolve({ ...this.#ledger.counts(), status: "complete", durable: 0 });
  }

  close(options?: WaitOptions): Promise<FlushReport> {
    return (this.#closing ??= this.#close(options));
  }

  health(): PublisherHealth {
    const { clock } = this.#options;
    const { lastError } = this.#reporter;
    const ledger = this.#ledger;
    this.#date();
    return ledger.health(this.name, {
      state: publisherState({
        closed: this.#intake.closed,
        received: ledger.received,
        failing: this.#listener.failing || this.#pages.failing,
        lastErrorTime: lastError?.time,
        now: clock.now(),
      }),
      lastError,
    });
  }

  /** Scrapes the own page; without a server it makes the page only. Never rejects. */
  check(options?: WaitOptions): Promise<CheckReport> {
    const { closed } = this.#intake;
    const { address } = this.#listener;
    const render = (): Promise<unknown> => this.#pages.render("text", DEFAULT_BUDGET_MS);
    return checkOwnPage({ options: this.#options, authorizer: this.#authorizer, closed, address, render }, options);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #openIntake(): Intake {
    const ledger = this.#ledger;
    const store = this.#store;
    return createIntake({
      scope: "series",
      ledger,
      reporter: this.#reporter,
      event(fields) {
        if (fields.endTime === null) return ledger.ignore("unfinished");
        store.addEvent(fields);
        ledger.delivered += 1;
      },
      network(fields) {
        if (fields.endTime === null) return ledger.ignore("unfinished");
        store.addNetwork(fields);
        ledger.delivered += 1;
      },
    });
  }

  #begin(): void {
    this.#begun = true;
    this.#starter.begin();
  }

  #snapshot(): Snapshot {
    this.#date();
    return this.#store.snapshot();
  }

  // A clock read for every record would cost a third of adding it: the last success is exact to the last page or health().
  #date(): void {
    const ledger = this.#ledger;
    if (ledger.delivered > this.#datedDelivered) ledger.lastSuccess = this.#options.clock.now();
    this.#datedDelivered = ledger.delivered;
  }

  async #open(): Promise<void> {
    this.#processMetrics?.load();
    if (this.#options.server) await this.#listener.listen();
  }

  async #text(options: MetricsOptions | null | undefined): Promise<string> {
    const format = readFormat(this.name, options);
    try {
      const { chunks } = await this.#pages.render(format, DEFAULT_BUDGET_MS);
      return Buffer.concat(chunks).toString("utf8");
    } catch (cause) {
      throw new PublisherError("the page could not be made", { code: "page-failed", publisher: this.name, cause });
    }
  }

  async #close(options: WaitOptions | undefined): Promise<FlushReport> {
    this.#intake.close();
    void this.#starter.stop();
    this.#ending.abort();
    this.#processMetrics?.close();
    this.#watched.close();
    this.#registrations.close();
    const status = await waitWithin(this.#listener.close(), options, this.#options.clock);
    this.#reporter.settle();
    return { ...this.#ledger.counts(), status, durable: 0 };
  }
}
