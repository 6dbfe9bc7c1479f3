import {
  type CheckReport,
  type EventMetrics,
  type FlushReport,
  type FormattedMetrics,
  type MetricsPublisher,
  type NetworkMetrics,
  PublisherError,
  type PublisherHealth,
  type WaitOptions,
} from "@eventmeter/core";
import { createPushPublisher, type StartContext } from "@eventmeter/delivery";
import { checkServer } from "./check.ts";
import { type Connection, createConnection } from "./connection.ts";
import { createEncode } from "./encode.ts";
import { limit } from "./exchange.ts";
import { findingText, identify, isFinding } from "./identity.ts";
import { type ElasticsearchPublisherOptions, pushOptions, type ResolvedOptions, resolveOptions } from "./options.ts";
import { createSend } from "./send.ts";
import { installTemplate, templateOf } from "./templates.ts";

/**
 * Stores each record as a document in Elasticsearch.
 * Delivered means that Elasticsearch acknowledged the document, or has it already.
 */
export class ElasticsearchPublisher implements MetricsPublisher {
  readonly name: string;
  readonly contract = 1;
  readonly #publisher: MetricsPublisher;
  readonly #check: (options: WaitOptions | undefined) => Promise<CheckReport>;

  /** @throws PublisherError `options`, listing every wrong field */
  constructor(options: ElasticsearchPublisherOptions) {
    const resolved = resolveOptions(options);
    const { name, clock, indexPrefix, compression, sendTimeoutMs } = resolved;
    const connection = createConnection(resolved);
    this.name = name;
    this.#check = (wait) => checkServer(connection, resolved, wait);
    this.#publisher = createPushPublisher(
      {
        name,
        encode: createEncode(resolved),
        send: createSend({ connection, clock, streams: indexPrefix === undefined, compression, sendTimeoutMs }),
        start: (context) => start(connection, resolved, context),
        close: () => connection.close(),
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

  /** Loads the client, asks what answers, and installs the template. Rejects with the sentence of `check()`, as if nothing answers. */
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

  /** Asks the server what it is, and whether these credentials may write; stores nothing. Never rejects. */
  async check(options?: WaitOptions): Promise<CheckReport> {
    if (this.health().state === "closed") return { ok: false, code: "closed", message: `${this.name}: it is closed` };
    return this.#check(options);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

async function start(connection: Connection, options: ResolvedOptions, context: StartContext): Promise<void> {
  const { name, clock, templates, sendTimeoutMs } = options;
  const client = await connection.client();
  const limited = limit(clock, sendTimeoutMs, context.signal);
  const { signal } = limited;
  const { report } = context;
  const fail = (why: string): PublisherError =>
    new PublisherError(`the start failed: ${why}`, { code: "start-failed", publisher: name, retryable: true });
  try {
    const found = await identify(client, options, signal);
    if (isFinding(found)) throw fail(findingText(found));
    if (!templates) return;
    await installTemplate(templateOf(options), {
      client,
      signal,
      fail,
      sentWithout:
        options.indexPrefix === undefined
          ? "records are held unless another template makes their data streams"
          : "records are sent without it",
      diagnostic: (code, message) => report.diagnostic(code, message),
      error: (code, message) => report.error(code, message),
    });
  } finally {
    limited.end();
  }
}
