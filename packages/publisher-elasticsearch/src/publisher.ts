// The publisher: puts connection, template, encoder and sender behind the queue of delivery.
import type {
  CheckReport,
  EventMetrics,
  FlushReport,
  FormattedMetrics,
  MetricsPublisher,
  NetworkMetrics,
  PublisherHealth,
  WaitOptions,
} from "@eventmeter/core";
import { bindMethods, runDetached } from "@eventmeter/core/publisher";
import { createPushPublisher, type StartContext, withTimeLimit } from "@eventmeter/delivery";
import { BulkSender } from "./bulk/bulk-sender.ts";
import { Connection } from "./connection/connection.ts";
import { hostWithoutProxy, proxyEnvironment } from "./connection/environment-proxy.ts";
import { isProblem, problemText, startError } from "./connection/problem.ts";
import { checkServer } from "./connection/server-check.ts";
import { identifyServer } from "./connection/server-identity.ts";
import { DocumentEncoder } from "./documents/document-encoder.ts";
import { type ElasticsearchPublisherOptions, pushOptions, type ResolvedOptions, resolveOptions } from "./options.ts";
import { TemplateInstaller } from "./templates/template-installer.ts";
import { findTemplateProblems, type TemplateFinding } from "./templates/template-winner.ts";

/**
 * Stores each record as a document in Elasticsearch.
 * Delivered means that Elasticsearch acknowledged the document, or has it already.
 */
export class ElasticsearchPublisher implements MetricsPublisher {
  readonly name: string;
  readonly contract = 1;
  readonly #options: ResolvedOptions;
  readonly #connection: Connection;
  readonly #installer: TemplateInstaller | undefined;
  readonly #publisher: MetricsPublisher;

  /** @throws PublisherError `options`, listing every wrong field */
  constructor(options: ElasticsearchPublisherOptions) {
    const resolved = resolveOptions(options);
    const { name, templates } = resolved;
    bindMethods(this);
    this.name = name;
    this.#options = resolved;
    this.#connection = new Connection(resolved);
    this.#installer = templates ? new TemplateInstaller(resolved) : undefined;
    const encoder = new DocumentEncoder(resolved);
    const sender = new BulkSender(this.#connection, this.#installer, resolved);
    this.#publisher = createPushPublisher(
      {
        name,
        unfinished: resolved.unfinished === "ignore" ? "ignore" : "send",
        encode: (record, context) => encoder.encode(record, context),
        send: (batch, context) => sender.send(batch, context),
        start: (context) => this.#start(context),
        close: () => this.#connection.close(),
      },
      pushOptions(options),
    );
  }

  publishEventMetrics(metrics: Readonly<EventMetrics>): void {
    this.#publisher.publishEventMetrics(metrics);
  }

  publishNetworkMetrics(metrics: Readonly<NetworkMetrics>): void {
    this.#publisher.publishNetworkMetrics(metrics);
  }

  formatMetrics(metrics: Readonly<EventMetrics> | Readonly<NetworkMetrics>): FormattedMetrics {
    return this.#publisher.formatMetrics(metrics);
  }

  /**
   * Loads the client, asks what answers, and installs the template. Rejects with the message of `check()`, for example if
   * nothing answers; records then wait, and the start is tried again.
   */
  async start(options?: WaitOptions): Promise<void> {
    await this.#publisher.start?.(options);
  }

  flush(options?: WaitOptions): Promise<FlushReport> {
    return this.#publisher.flush(options);
  }

  close(options?: WaitOptions): Promise<FlushReport> {
    return this.#publisher.close(options);
  }

  health(): PublisherHealth {
    return this.#publisher.health();
  }

  /** Asks the server what it is and whether these credentials may write. Stores nothing. Never rejects. */
  async check(options?: WaitOptions): Promise<CheckReport> {
    if (this.health().state === "closed") return { ok: false, code: "closed", message: `${this.name}: it is closed` };
    // The client keeps its connections.
    return runDetached(() => checkServer(this.#connection, this.#options, options));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #start({ signal, report }: StartContext): Promise<void> {
    const { name, clock, sendTimeoutMs } = this.#options;
    const client = await this.#connection.client();
    await withTimeLimit({ clock, timeoutMs: sendTimeoutMs, signal }, async (limited) => {
      const identity = await identifyServer(client, this.#options, limited);
      if (isProblem(identity)) throw startError(name, problemText(identity));
      const { product, canLimitFields } = identity;
      await this.#installer?.install(client, { signal: limited, report, canLimitFields });
      if (canLimitFields === false && this.#installer !== undefined && this.#options.indexPrefix === undefined)
        report.diagnostic(
          "numeric-labels-off",
          `${product} cannot limit the number of fields, as 8.14 and newer can: numeric attributes are not searchable as numeric_labels`,
        );
      for (const finding of await findTemplateProblems(client, this.#options, limited))
        this.#reportTemplate(finding, report);
    });
    const host = hostWithoutProxy(this.#options, proxyEnvironment());
    if (host !== undefined)
      report.diagnostic(
        "proxy-not-used",
        `Node.js is to use the proxy of the environment, and the client reaches ${host} without it; set clientOptions: { proxy }, or add the host to NO_PROXY`,
      );
  }

  /** Reports what the templates of the server mean. That none makes the data streams is reported by the records it holds. */
  #reportTemplate({ kind, message, hint, isDenied }: TemplateFinding, report: StartContext["report"]): void {
    const text = `${message}; ${hint}`;
    if (kind === "shadowed") report.error("template-shadowed", text);
    if (kind === "mappings") report.diagnostic("mappings-shadowed", text);
    // The installer has reported that the key may not manage templates.
    if (kind === "unknown" && !(isDenied && this.#options.templates)) report.diagnostic("template-unknown", text);
  }
}
