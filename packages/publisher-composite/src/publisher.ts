// The composite: one publisher that is several.
import {
  type CheckReport,
  type Clock,
  type CommonOptions,
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
  bindMethods,
  containsPublisher,
  createLedger,
  createReporter,
  declareInnerPublishers,
  type Ledger,
  type Reporter,
  resolveClock,
  runDetached,
  waitWithin,
} from "@eventmeter/core/publisher";
import { Child } from "./child.ts";
import { checkChild, settleChild, startChild, unsettledReport, worstStatus } from "./child-calls.ts";
import { childHealth, laterError, laterTime, worstState } from "./child-health.ts";
import { FanOut, registerFanOut } from "./fan-out.ts";
import { checkComposite, checkJoining, type CompositeChild, entryOf } from "./options.ts";

/**
 * Publishes every record to several publishers; a failure of one does not affect the others.
 * Delivered means that at least one child that wanted the record was offered it and did not throw. What became of it there is in
 * the numbers of the children, which reports and the health carry as `children`.
 */
export class CompositePublisher implements MetricsPublisher {
  readonly name: string;
  readonly contract = 1;
  readonly #options: CommonOptions;
  readonly #clock: Clock;
  readonly #ledger: Ledger = createLedger();
  readonly #reporter: Reporter;
  readonly #fanOut: FanOut;
  #started = false;
  #closing: Promise<FlushReport> | undefined;
  #ended = false;

  /** @throws PublisherError `options`, naming every wrong entry by its index */
  constructor(publishers: readonly (MetricsPublisher | CompositeChild)[], options?: CommonOptions) {
    checkComposite(publishers, options);
    const { name = "composite" } = options ?? {};
    const clock = resolveClock(options?.clock);
    bindMethods(this);
    this.name = name;
    this.#options = options ?? {};
    this.#clock = clock;
    this.#reporter = createReporter(name, options);
    this.#fanOut = new FanOut(this.#ledger, this.#reporter);
    for (const child of publishers) this.#fanOut.join(new Child(entryOf(child), clock, this.#options));
    declareInnerPublishers(this, () => this.#fanOut.children.map(({ publisher }) => publisher));
    // A subclass may do more in publish* than its fan-out does: it gets records as any other publisher.
    if (new.target === CompositePublisher) registerFanOut(this, this.#fanOut);
  }

  publishEventMetrics(metrics: Readonly<EventMetrics>): void {
    this.#fanOut.offer(metrics, "event");
  }

  publishNetworkMetrics(metrics: Readonly<NetworkMetrics>): void {
    this.#fanOut.offer(metrics, "network");
  }

  formatMetrics(metrics: Readonly<EventMetrics> | Readonly<NetworkMetrics>): FormattedMetrics {
    return formatMetrics(metrics);
  }

  /**
   * Adds a publisher from the next record on. It is started in the background if the composite was started.
   * @throws PublisherError `options`: not a publisher, its name is taken, or the composite would be inside itself or is closed
   */
  add(child: MetricsPublisher | CompositeChild): void {
    checkJoining(this.name, child, (publisher) => this.#findConflict(publisher));
    const joined = new Child(entryOf(child), this.#clock, this.#options);
    this.#fanOut.join(joined);
    if (!this.#started) return;
    void runDetached(() => startChild(joined, undefined)).then((error) => error && joined.reporter.forward(error));
  }

  /**
   * Removes a child and flushes it. It is not closed and belongs to the caller again.
   * @throws PublisherError `options` (a rejection) if there is no child of that name
   */
  async remove(name: string, options?: WaitOptions): Promise<FlushReport> {
    const child = this.#fanOut.children.find((candidate) => candidate.name === name);
    if (child === undefined) {
      const names = this.#fanOut.children.map((candidate) => candidate.name).join(", ");
      const message = `there is no child of that name to remove; its children: ${names || "none"}`;
      throw new PublisherError(message, { code: "options", publisher: this.name });
    }
    this.#fanOut.leave(child);
    const report = await settleChild(child, "flush", options);
    await child.reporter.settle();
    return report;
  }

  /**
   * Starts all children; one that cannot start does not keep the others from it.
   * @throws PublisherError `start-failed` (a rejection), when all have ended or the time is over, naming each that failed
   */
  async start(options?: WaitOptions): Promise<void> {
    if (this.#closing !== undefined) throw this.#startError("it is closed", []);
    this.#started = true;
    const { children } = this.#fanOut;
    const errors = (await Promise.all(children.map((child) => startChild(child, options)))).filter(isPresent);
    if (errors.length === 0) return;
    const head = `${errors.length} of ${children.length} publishers did not start`;
    throw this.#startError([head, ...errors.map(({ message }) => `  ${message}`)].join("\n"), errors);
  }

  async flush(options?: WaitOptions): Promise<FlushReport> {
    if (this.#closing === undefined) return this.#settle("flush", options);
    // A flush keeps its own time, whatever the close was given.
    const status = await waitWithin(this.#closing, options, this.#clock);
    return status === "complete"
      ? this.#closing
      : this.#report(this.#fanOut.children.map((child) => unsettledReport(child, status)));
  }

  close(options?: WaitOptions): Promise<FlushReport> {
    this.#fanOut.closed = true;
    return (this.#closing ??= runDetached(() => this.#close(options)));
  }

  health(): PublisherHealth {
    const ledger = this.#ledger;
    const children = this.#fanOut.children.map(childHealth);
    const states = children.map((child) => (losesAll(child) ? "failing" : child.state));
    const { received, pending } = ledger.counts();
    const open = states.length > 0 ? worstState(states) : received === 0 ? "idle" : "ok";
    // A clock read for every record would cost as much as offering it: the last success is that of the children.
    ledger.lastSuccess = children.map(({ lastSuccess }) => lastSuccess).reduce(laterTime, ledger.lastSuccess);
    return ledger.health(this.name, {
      state: this.#ended ? "closed" : open,
      pendingDetail: { bytes: 0, oldestAgeMs: pending === 0 ? null : 0 },
      lastError: this.#fanOut.children
        .map(({ reporter }) => reporter.lastError)
        .reduce(laterError, this.#reporter.lastError),
      children,
    });
  }

  /** Checks all children. Ok only if every child is; `children` has one report for each, in their order. Never rejects. */
  async check(options?: WaitOptions): Promise<CheckReport> {
    if (this.#closing !== undefined) return { ok: false, code: "closed", message: `${this.name}: it is closed` };
    const { children } = this.#fanOut;
    const reports = await Promise.all(children.map((child) => checkChild(child, options)));
    const failed = children.filter((_, index) => reports[index]?.ok !== true).map(({ name }) => name);
    if (failed.length === 0) {
      return {
        ok: true,
        code: "ok",
        message: `${this.name}: all ${children.length} publishers are ok`,
        children: reports,
      };
    }
    const hints = reports.filter(({ ok, hint }) => !ok && hint !== undefined).map(({ hint }) => hint);
    return {
      ok: false,
      code: "publisher-failed",
      message: `${this.name}: ${failed.length} of ${children.length} publishers failed their check: ${failed.join(", ")}`,
      ...(hints.length === 0 ? {} : { hint: hints.join("\n") }),
      children: reports,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #settle(method: "flush" | "close", options: WaitOptions | undefined): Promise<FlushReport> {
    const reports = await Promise.all(
      this.#fanOut.children.map((child) => settleChild(child, child.owned ? method : "flush", options)),
    );
    return this.#report(reports);
  }

  #report(children: readonly FlushReport[]): FlushReport {
    return this.#ledger.report(this.name, worstStatus(children), children);
  }

  async #close(options: WaitOptions | undefined): Promise<FlushReport> {
    const report = await this.#settle("close", options);
    this.#ended = true;
    await Promise.all(
      [this.#reporter, ...this.#fanOut.children.map(({ reporter }) => reporter)].map((each) => each.settle()),
    );
    return report;
  }

  #findConflict(publisher: MetricsPublisher): string | undefined {
    if (this.#closing !== undefined) return "nothing can be added: the composite is closed";
    if (this.#fanOut.children.some(({ name }) => name === publisher.name))
      return `the name "${publisher.name}" is taken by another child`;
    return containsPublisher(publisher, this) ? "the composite would be inside itself" : undefined;
  }

  #startError(message: string, errors: readonly PublisherError[]): PublisherError {
    const cause = errors.length > 1 ? new AggregateError(errors) : errors[0];
    const retryable = errors.some((error) => error.retryable);
    return new PublisherError(message, { code: "start-failed", publisher: this.name, retryable, cause });
  }
}

/** Returns whether a child was closed by others and is still offered records: it drops each one. */
function losesAll({ state, droppedBy: { closed = 0 } }: PublisherHealth): boolean {
  return state === "closed" && closed > 0;
}

function isPresent<Value>(value: Value | undefined): value is Value {
  return value !== undefined;
}
