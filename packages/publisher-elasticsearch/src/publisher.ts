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
import { createPushPublisher, type StartContext } from "@eventmeter/delivery";
import { checkServer } from "./connection/server-check.ts";
import { type Connection, createConnection } from "./connection/connection.ts";
import { DocumentEncoder } from "./documents/document-encoder.ts";
import { limit } from "./connection/request.ts";
import { findingText, identify, isFinding } from "./connection/server-identity.ts";
import { createInstall, type Install, startFailed } from "./templates/template-installer.ts";
import { type ElasticsearchPublisherOptions, pushOptions, type ResolvedOptions, resolveOptions } from "./options.ts";
import { createSend } from "./bulk/bulk-sender.ts";

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
    const install = resolved.templates ? createInstall(resolved) : undefined;
    const encoder = new DocumentEncoder(resolved);
    const streams = indexPrefix === undefined;
    this.name = name;
    this.#check = (wait) => checkServer(connection, resolved, wait);
    this.#publisher = createPushPublisher(
      {
        name,
        encode: (record, context) => encoder.encode(record, context),
        send: createSend({ connection, clock, install, streams, compression, sendTimeoutMs }),
        start: (context) => start(connection, resolved, install, context),
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

  /**
   * Loads the client, asks what answers, and installs the template. Rejects with what `check()` would say, for example that nothing
   * answers; records wait then, and the start is tried again.
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

  /** Asks the server what it is, and whether these credentials may write; stores nothing. Never rejects. */
  async check(options?: WaitOptions): Promise<CheckReport> {
    if (this.health().state === "closed") return { ok: false, code: "closed", message: `${this.name}: it is closed` };
    return this.#check(options);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

async function start(
  connection: Connection,
  options: ResolvedOptions,
  install: Install | undefined,
  { signal, report }: StartContext,
): Promise<void> {
  const { name, clock, sendTimeoutMs } = options;
  const client = await connection.client();
  const limited = limit(clock, sendTimeoutMs, signal);
  try {
    const found = await identify(client, options, limited.signal);
    if (isFinding(found)) throw startFailed(name, findingText(found));
    await install?.(client, { signal: limited.signal, report });
  } finally {
    limited.end();
  }
}
