// Life cycle of a publisher: start, flush, close and health, the same for every publisher.
import { formatMetrics } from "../records/format-metrics.ts";
import { runDetached } from "../time/run-detached.ts";
import { readWaitOptions, waitWithin } from "../time/wait.ts";
import type { CheckReport, Clock, FlushReport, MetricsPublisher, PublisherHealth, WaitOptions } from "./contract.ts";
import { describeFailure } from "./describe-failure.ts";
import { HOOK_TIMEOUT_MS } from "./hook-timeout.ts";
import type { Intake } from "./intake.ts";
import type { Ledger } from "./ledger.ts";
import { publisherState } from "./publisher-state.ts";
import type { RecordFlow } from "./record-flow.ts";
import type { Reporter } from "./reporter.ts";
import { promiseOf } from "./thenable.ts";
import { createStarter, type Starter, type StartOptions } from "./starter.ts";

/** What a backend does around publishing. */
export interface LifeCycleHooks {
  /** Makes the publisher ready to send. A `PublisherError` with `retryable: false` is final; after any other failure it is called again. */
  readonly start?: ((options: StartOptions) => unknown) | undefined;
  /** Probes the backend. One that does not end in the time of its options is a report with the code `timeout`. */
  readonly check?: ((options: WaitOptions) => CheckReport | PromiseLike<CheckReport>) | undefined;
  /**
   * Frees what the start opened. Called by close() after the flush, and once more for each start that was still under way
   * and ends later.
   */
  readonly close?: ((options: WaitOptions) => unknown) | undefined;
  /** How long start and close may take, in milliseconds. A start that takes longer has failed and is called again. @default 30000 */
  readonly timeoutMs?: number | undefined;
}

/** Life cycle of one publisher, from its construction to its close. */
export interface LifeCycle {
  /** The publisher itself. */
  readonly publisher: MetricsPublisher;
  /** Whether anything may be sent. */
  readonly ready: boolean;
  /** Whether the start failed permanently. */
  readonly refused: boolean;
  /** Starts in the background unless a start succeeded, failed permanently, or is under way. */
  startInBackground(): void;
  /** Drops records as `refused`, since the start failed permanently. */
  dropRefused(count?: number): void;
}

/** Parts of a publisher that its life cycle works with. */
export interface LifeCycleOptions {
  readonly name: string;
  readonly clock: Clock;
  readonly ledger: Ledger;
  readonly reporter: Reporter;
  readonly intake: Intake;
  readonly flow: RecordFlow;
  readonly hooks: LifeCycleHooks;
}

/** Creates the life cycle of one publisher, and the publisher itself. */
export function createLifeCycle(options: LifeCycleOptions): LifeCycle {
  return new PublisherLifeCycle(options);
}

/** What the close hook gets even if the flush before it took all the time, in milliseconds. */
const SHORTEST_CLOSE_MS = 50;
/** How much longer than its own timeout a check may take, in milliseconds. */
const CHECK_GRACE_MS = 50;

class PublisherLifeCycle implements LifeCycle {
  readonly publisher: MetricsPublisher;
  readonly #name: string;
  readonly #clock: Clock;
  readonly #ledger: Ledger;
  readonly #reporter: Reporter;
  readonly #intake: Intake;
  readonly #flow: RecordFlow;
  readonly #hooks: LifeCycleHooks;
  readonly #starter: Starter;
  /** Flushes under way: when each one ends at the latest, and how to end it before. */
  readonly #drains = new Set<{ readonly until: number; readonly giveUp: () => void }>();
  #closing: Promise<FlushReport> | undefined;
  #closed = false;

  constructor({ name, clock, ledger, reporter, intake, flow, hooks }: LifeCycleOptions) {
    this.#name = name;
    this.#clock = clock;
    this.#ledger = ledger;
    this.#reporter = reporter;
    this.#intake = intake;
    this.#flow = flow;
    this.#hooks = hooks;
    this.#starter = createStarter({
      publisher: name,
      start: (options) => hooks.start?.(options),
      timeoutMs: hooks.timeoutMs,
      clock,
      reporter,
      onStarted: () => flow.onStarted?.(),
      onRefused: () => flow.onRefused?.(),
      onRetryScheduled: () => this.#endHopelessDrains(),
    });
    this.publisher = this.#createPublisher();
  }

  get ready(): boolean {
    return this.#hooks.start === undefined || this.#starter.state === "started";
  }

  get refused(): boolean {
    return this.#starter.state === "refused";
  }

  startInBackground(): void {
    this.#starter.startInBackground();
  }

  dropRefused(count = 1): void {
    if (count === 0) return;
    const records = count === 1 ? "record" : `${count} records`;
    this.#ledger.drop("refused", count);
    this.#reporter.drop("record-dropped", `${records} dropped (refused): the start failed permanently`, { count });
  }

  #createPublisher(): MetricsPublisher {
    const publisher: MetricsPublisher = {
      name: this.#name,
      contract: 1,
      publishEventMetrics: this.#intake.event,
      publishNetworkMetrics: this.#intake.network,
      formatMetrics,
      // Connections and timers that begin in these calls outlive them.
      start: (options) => runDetached(() => this.#starter.start(options)),
      flush: (options) => runDetached(() => this.#flush(options)),
      close: (options) => (this.#closing ??= runDetached(() => this.#close(options))),
      health: () => this.#health(),
      async [Symbol.asyncDispose]() {
        await publisher.close();
      },
    };
    const { check } = this.#hooks;
    if (check !== undefined) publisher.check = (options) => runDetached(() => this.#check(check, options));
    return publisher;
  }

  async #flush(options: WaitOptions | undefined): Promise<FlushReport> {
    if (this.#closing === undefined) return this.#report(await this.#drain(options));
    // A flush keeps its own time, whatever the close was given.
    const status = await waitWithin(this.#closing, options, this.#clock);
    return status === "complete" ? this.#closing : this.#report(status);
  }

  async #drain(options: WaitOptions | undefined): Promise<FlushReport["status"]> {
    if (this.#ledger.counts().pending > 0) this.#starter.startInBackground();
    const flow = this.#flow;
    if (flow.drain === undefined) return "complete";
    const { timeoutMs, signal } = readWaitOptions(options);
    const wait = { timeoutMs, signal, until: this.#clock.monotonic() + timeoutMs };
    const { promise, resolve } = Promise.withResolvers<FlushReport["status"]>();
    const drain = { until: wait.until, giveUp: () => resolve("timeout") };
    let withdraw: () => void;
    try {
      withdraw = flow.drain((status) => resolve(status ?? "complete"), wait);
    } catch (cause) {
      this.#reporter.error("publisher-failed", `the flush failed${describeFailure(cause)}`, { cause, retryable: true });
      return "aborted";
    }
    this.#drains.add(drain);
    this.#endHopelessDrains();
    const status = await waitWithin(promise, wait, this.#clock);
    // A caller that flushes again and again during an outage leaves nothing behind.
    this.#drains.delete(drain);
    withdraw();
    return status === "complete" ? promise : status;
  }

  /** Ends the flushes whose time is over before the next attempt to start: nothing is sent until then. */
  #endHopelessDrains(): void {
    for (const { until, giveUp } of this.#drains) if (this.#starter.nextAttempt > until) giveUp();
  }

  async #close(options: WaitOptions | undefined): Promise<FlushReport> {
    this.#intake.close();
    const clock = this.#clock;
    const begun = clock.monotonic();
    const status = await this.#drain(options);
    const startEnded = this.#starter.stop();
    const stopped = Promise.resolve().then(() => this.#flow.stop?.());
    await stopped.catch((cause: unknown) => this.#reportCloseFailure(cause));
    // What a start opens while the publisher closes is closed as well: in time, or when the start ends.
    const { timeoutMs, signal } = readWaitOptions(options);
    const restMs = Math.max(timeoutMs - (clock.monotonic() - begun), 0);
    if (this.#starter.isAttempting) await waitWithin(startEnded, { timeoutMs: restMs, signal }, clock);
    const { underWay } = this.#starter;
    await this.#waitForCloseHook(options, clock.monotonic() - begun);
    // Not waited for: a timer would hold the process.
    for (const start of underWay) void start.then(() => this.#callCloseHook(readWaitOptions(options)));
    this.#closed = true;
    await this.#reporter.settle();
    return this.#report(status);
  }

  #reportCloseFailure(cause: unknown): void {
    this.#reporter.error("publisher-failed", `the close failed${describeFailure(cause)}`, { cause });
  }

  /** Calls the close hook; its failure is reported. Rejects if it fails. */
  #callCloseHook(wait: WaitOptions): Promise<unknown> {
    const work = Promise.resolve().then(() => this.#hooks.close?.(wait));
    work.catch((cause: unknown) => this.#reportCloseFailure(cause));
    return work;
  }

  /** Calls the close hook with the time that is left after `spentMs`, and waits for it. Never rejects. */
  async #waitForCloseHook(options: WaitOptions | undefined, spentMs: number): Promise<void> {
    if (this.#hooks.close === undefined) return;
    const { timeoutMs, signal } = readWaitOptions(options);
    const restMs = Math.max(timeoutMs - spentMs, SHORTEST_CLOSE_MS);
    const limitMs = this.#hooks.timeoutMs ?? HOOK_TIMEOUT_MS;
    const rest = { timeoutMs: Math.min(restMs, limitMs), signal };
    const status = await waitWithin(this.#callCloseHook(rest), rest, this.#clock);
    if (status === "timeout" && limitMs < restMs)
      this.#reporter.error("publisher-failed", `the close did not end within ${limitMs} ms`);
  }

  /** Rejects with what the check hook throws. */
  async #check(check: NonNullable<LifeCycleHooks["check"]>, options: WaitOptions | undefined): Promise<CheckReport> {
    const work = promiseOf(check(options ?? {})) as Promise<CheckReport>;
    const status = await waitWithin(work, options, this.#clock, CHECK_GRACE_MS);
    if (status === "complete") return work;
    return { ok: false, code: status, message: `${this.#name}: the check did not end in time (${status})` };
  }

  #health(): PublisherHealth {
    const { lastError } = this.#reporter;
    const { failing, pendingDetail } = this.#flow;
    return this.#ledger.health(this.#name, {
      state: publisherState({
        closed: this.#closed,
        received: this.#ledger.received,
        failing: failing || this.#starter.isFailing,
        lastErrorTime: lastError?.time,
        now: this.#clock.now(),
      }),
      pendingDetail,
      lastError,
    });
  }

  #report(status: FlushReport["status"]): FlushReport {
    return this.#ledger.report(this.#name, status);
  }
}
