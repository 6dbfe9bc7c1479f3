// Wrapper around one publisher: what `filtered` and `mapped` have in common.
import { checkOptions } from "../options/check-options.ts";
import { commonOptionRules } from "../options/common-option-rules.ts";
import { option, type OptionRule } from "../options/option-rules.ts";
import type {
  CheckReport,
  Clock,
  CommonOptions,
  FlushReport,
  MetricsPublisher,
  PublisherHealth,
  WaitOptions,
} from "../publisher/contract.ts";
import { publisherRule } from "../publisher/describe-publisher.ts";
import { declareInnerPublishers } from "../publisher/inner-publishers.ts";
import { createLedger, type Ledger } from "../publisher/ledger.ts";
import { readHealth } from "../publisher/read-health.ts";
import { readReport } from "../publisher/read-report.ts";
import { createReporter, type Reporter } from "../publisher/reporter.ts";
import { describeFailure } from "../publisher/describe-failure.ts";
import { isThenable, onRejection } from "../publisher/thenable.ts";
import type { FormattedMetrics } from "../records/standard-dictionary.ts";
import type { EventMetrics, MetricsRecord, NetworkMetrics } from "../records/records.ts";
import { resolveClock } from "../time/clock.ts";
import { runDetached } from "../time/run-detached.ts";
import { waitWithin } from "../time/wait.ts";

/** Options of `filtered` and `mapped`. */
export interface WrapperOptions extends Pick<CommonOptions, "onError" | "clock"> {
  /** @default the name of the publisher inside */
  readonly name?: string | undefined;
  /** Whether closing the wrapper closes the publisher inside. @default true */
  readonly owned?: boolean | undefined;
}

/** The way of records through a wrapper: each function returns the record to pass on, or undefined if it settled the record in `ledger`. */
export interface WrapperRoute {
  readonly event: (
    record: Readonly<EventMetrics>,
    ledger: Ledger,
    reporter: Reporter,
  ) => Readonly<EventMetrics> | undefined;
  readonly network: (
    record: Readonly<NetworkMetrics>,
    ledger: Ledger,
    reporter: Reporter,
  ) => Readonly<NetworkMetrics> | undefined;
  readonly formatMetrics: (record: Readonly<EventMetrics> | Readonly<NetworkMetrics>) => FormattedMetrics;
}

const NO_CHECK: CheckReport = { ok: true, code: "ok", message: "the publisher inside has no check" };

const wrapperRules: { readonly [Name in keyof WrapperOptions]-?: OptionRule } = {
  name: commonOptionRules.name,
  owned: option.boolean(),
  onError: commonOptionRules.onError,
  clock: commonOptionRules.clock,
};

/** What the publisher inside may take beyond the time that both were given, in milliseconds. */
const INNER_GRACE_MS = 50;

/**
 * Wraps a publisher with a route for its records. The wrapper counts a record that it passes on as delivered; the publisher
 * inside keeps its own numbers.
 */
export function createWrapper(
  kind: string,
  inner: MetricsPublisher,
  route: WrapperRoute,
  options: WrapperOptions | undefined,
): MetricsPublisher {
  checkOptions(kind, { publisher: inner }, { publisher: option.required(publisherRule) });
  checkOptions(kind, options, wrapperRules);
  return new Wrapper(inner, route, options ?? {}).publisher;
}

type Choose<Rec extends MetricsRecord> = (
  record: Readonly<Rec>,
  ledger: Ledger,
  reporter: Reporter,
) => Readonly<Rec> | undefined;

class Wrapper {
  readonly publisher: MetricsPublisher;
  readonly #inner: MetricsPublisher;
  readonly #name: string;
  readonly #isOwned: boolean;
  readonly #clock: Clock;
  readonly #ledger: Ledger = createLedger();
  readonly #reporter: Reporter;
  #closing: Promise<FlushReport> | undefined;
  #isClosed = false;

  constructor(inner: MetricsPublisher, route: WrapperRoute, options: WrapperOptions) {
    const { name = inner.name, owned = true } = options;
    this.#inner = inner;
    this.#name = name;
    this.#isOwned = owned;
    this.#clock = resolveClock(options.clock);
    this.#reporter = createReporter(name, options);
    this.publisher = this.#createPublisher(route);
  }

  #createPublisher(route: WrapperRoute): MetricsPublisher {
    const inner = this.#inner;
    const passEvent = (record: Readonly<EventMetrics>): unknown => inner.publishEventMetrics(record);
    const passNetwork = (record: Readonly<NetworkMetrics>): unknown => inner.publishNetworkMetrics(record);
    const publisher: MetricsPublisher = {
      name: this.#name,
      contract: 1,
      publishEventMetrics: (record) => this.#publish(record, route.event, passEvent),
      publishNetworkMetrics: (record) => this.#publish(record, route.network, passNetwork),
      formatMetrics: route.formatMetrics,
      flush: (wait) => this.#flush(wait),
      close: (wait) => (this.#closing ??= runDetached(() => this.#close(wait))),
      health: () => this.#health(),
      async [Symbol.asyncDispose]() {
        await publisher.close();
      },
    };
    // Optional members exist on the wrapper exactly if they exist inside.
    if (inner.start !== undefined) publisher.start = async (wait) => inner.start?.(wait);
    if (inner.check !== undefined) publisher.check = async (wait) => inner.check?.(wait) ?? NO_CHECK;
    declareInnerPublishers(publisher, () => [inner]);
    return publisher;
  }

  #publish<Rec extends MetricsRecord>(
    record: Readonly<Rec>,
    choose: Choose<Rec>,
    passOn: (record: Readonly<Rec>) => unknown,
  ): unknown {
    const ledger = this.#ledger;
    const reporter = this.#reporter;
    ledger.received += 1;
    if (this.#closing !== undefined) {
      ledger.drop("closed");
      return reporter.drop("record-dropped", "record dropped: the publisher is closed");
    }
    if (typeof record !== "object" || record === null) {
      ledger.drop("invalid");
      return reporter.drop("invalid-record", "record dropped: it is not an object");
    }
    const chosen = choose(record, ledger, reporter);
    if (chosen === undefined) return undefined;
    try {
      const returned = passOn(chosen);
      if (isThenable(returned)) onRejection(returned, (cause) => this.#innerFailed(cause));
      ledger.delivered += 1;
      ledger.lastSuccess = this.#clock.now();
      // Returned, so that a composite can bound how many of them are unsettled.
      return returned;
    } catch (cause) {
      ledger.drop("failed");
      return reporter.drop("publisher-failed", `record dropped: the publisher inside threw${describeFailure(cause)}`, {
        cause,
      });
    }
  }

  #innerFailed(cause: unknown): void {
    this.#reporter.error("publisher-failed", `the publisher inside failed${describeFailure(cause)}`, { cause });
  }

  async #flush(wait: WaitOptions | undefined): Promise<FlushReport> {
    if (this.#closing === undefined) return this.#settle("flush", wait);
    const status = await waitWithin(this.#closing, wait, this.#clock);
    return status === "complete" ? this.#closing : this.#report(readReport(this.#inner, undefined, status));
  }

  async #settle(method: "flush" | "close", wait: WaitOptions | undefined): Promise<FlushReport> {
    let report: FlushReport | undefined;
    const work = Promise.resolve()
      .then(() => this.#inner[method](wait))
      .then((given: unknown) => {
        report = readReport(this.#inner, given);
        if (report === undefined) throw new TypeError("no report came back");
      })
      .then(undefined, (cause: unknown) => this.#innerFailed(cause));
    const status = await waitWithin(work, wait, this.#clock, INNER_GRACE_MS);
    return this.#report(report ?? readReport(this.#inner, undefined, status === "complete" ? "aborted" : status));
  }

  #report(inner: FlushReport): FlushReport {
    return this.#ledger.report(this.#name, inner.status, [inner]);
  }

  async #close(wait: WaitOptions | undefined): Promise<FlushReport> {
    const report = await this.#settle(this.#isOwned ? "close" : "flush", wait);
    this.#isClosed = true;
    await this.#reporter.settle();
    return report;
  }

  #health(): PublisherHealth {
    const child = readHealth(this.#inner);
    return this.#ledger.health(this.#name, {
      state: this.#isClosed ? "closed" : (child?.state ?? "failing"),
      lastError: this.#reporter.lastError,
      children: child === undefined ? [] : [child],
    });
  }
}
