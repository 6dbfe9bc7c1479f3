// Publisher that keeps every record, for the tests of a program that publishes.
import {
  type CommonOptions,
  createPublisher,
  type FlushReport,
  type FormattedEvent,
  formatMetrics,
  type FormattedMetrics,
  type FormattedNetwork,
  type EventMetrics,
  type MetricsPublisher,
  type NetworkMetrics,
  type PublisherHealth,
  type WaitOptions,
} from "@eventmeter/core";
import { bindMethods, systemClock } from "@eventmeter/core/publisher";
import { plainCopy } from "./plain-copy.ts";
import { RecordQueue } from "./record-queue.ts";

/** Everything that was recorded up to one moment. */
export interface RecordedMetrics {
  readonly events: readonly FormattedEvent[];
  readonly networks: readonly FormattedNetwork[];
}

/** How long to wait for a record. */
export interface NextOptions {
  /** Milliseconds of the publisher's clock. @default 1000 */
  readonly timeoutMs?: number | undefined;
}

/** Keeps every record as its dictionary, for the tests of a program that publishes. */
export class RecordingPublisher implements MetricsPublisher {
  readonly name: string;
  readonly contract = 1;
  readonly #inner: MetricsPublisher;
  readonly #events: RecordQueue<FormattedEvent>;
  readonly #networks: RecordQueue<FormattedNetwork>;

  constructor(options?: CommonOptions) {
    bindMethods(this);
    const clock = options?.clock ?? systemClock;
    const events = new RecordQueue<FormattedEvent>("event", clock);
    const networks = new RecordQueue<FormattedNetwork>("network operation", clock);
    this.#events = events;
    this.#networks = networks;
    this.#inner = createPublisher(
      { name: "recording", event: (data) => events.add(data), network: (data) => networks.add(data) },
      options,
    );
    this.name = this.#inner.name;
  }

  /** Dictionaries of the events so far, oldest first. */
  get events(): readonly FormattedEvent[] {
    return this.#events.all;
  }

  /** Dictionaries of the network operations so far, oldest first. */
  get networks(): readonly FormattedNetwork[] {
    return this.#networks.all;
  }

  /** Returns the oldest event that was not returned yet, or waits for it. Rejects when the time is over. */
  nextEvent(options?: NextOptions): Promise<FormattedEvent> {
    return this.#events.next(options?.timeoutMs);
  }

  /** Returns the oldest network operation that was not returned yet, or waits for it. Rejects when the time is over. */
  nextNetwork(options?: NextOptions): Promise<FormattedNetwork> {
    return this.#networks.next(options?.timeoutMs);
  }

  /** Returns a copy of everything recorded so far, which no later record changes. */
  snapshot(): RecordedMetrics {
    return plainCopy({ events: this.#events.all, networks: this.#networks.all });
  }

  /** Removes what was recorded; the numbers of `health()` stay. */
  reset(): void {
    this.#events.clear();
    this.#networks.clear();
  }

  publishEventMetrics(metrics: Readonly<EventMetrics>): void {
    this.#inner.publishEventMetrics(metrics);
  }

  publishNetworkMetrics(metrics: Readonly<NetworkMetrics>): void {
    this.#inner.publishNetworkMetrics(metrics);
  }

  formatMetrics(metrics: Readonly<EventMetrics> | Readonly<NetworkMetrics>): FormattedMetrics {
    return formatMetrics(metrics as Readonly<EventMetrics>);
  }

  flush(options?: WaitOptions): Promise<FlushReport> {
    return this.#inner.flush(options);
  }

  close(options?: WaitOptions): Promise<FlushReport> {
    return this.#inner.close(options);
  }

  health(): PublisherHealth {
    return this.#inner.health();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
