import {
  type CheckReport,
  type Clock,
  closeWithin,
  createStarter,
  type FlushReport,
  formatMetrics,
  type Intake,
  type Ledger,
  type MetricsPublisher,
  type PublisherHealth,
  publisherState,
  readWaitOptions,
  type Reporter,
  type WaitOptions,
  waitWithin,
} from "@eventmeter/core";
import type { StartContext } from "./attempt.ts";

/** What a backend does around sending. */
export interface BackendHooks {
  /** Makes it ready; nothing is sent before. A `PublisherError` with `retryable: false` is final. */
  readonly start?: ((context: StartContext) => unknown) | undefined;
  /** Tries the backend for real. */
  readonly check?: ((options: WaitOptions) => CheckReport | PromiseLike<CheckReport>) | undefined;
  /** Called by close() after the flush, and once more if a start that was under way ends later: frees what the start made, if it did. */
  readonly close?: ((options: WaitOptions) => unknown) | undefined;
}

/** What is sent, as far as the life cycle has to know it. */
export interface Traffic {
  /** Whether the backend refuses, or cannot be reached, at present. */
  readonly failing: boolean;
  readonly pendingDetail: PublisherHealth["pendingDetail"];
  /** Sends what waited for the start. */
  started(): void;
  /** Gives up what waits: the start failed for good. */
  refused(): void;
  /** Sends everything accepted so far, and calls `done` when all of it is settled; gives what takes the call back. */
  drain(done: () => void): () => void;
  /** Aborts what is in flight, frees timers and gives up what is left; resolves when that has been handed out. */
  stop(): Promise<unknown>;
}

/** What a life cycle works with. */
export interface LifeCycleInit {
  readonly name: string;
  readonly clock: Clock;
  readonly ledger: Ledger;
  readonly reporter: Reporter;
  readonly hooks: BackendHooks;
  readonly intake: Intake;
  readonly traffic: Traffic;
}

/** The way of a publisher from its construction to its close. */
export interface LifeCycle {
  readonly publisher: MetricsPublisher;
  /** Whether anything may be sent. */
  readonly ready: boolean;
  /** Whether the start failed for good. */
  readonly refused: boolean;
  /** Starts in the background what was not started. */
  begin(): void;
}

/** Makes the life cycle of one publisher. */
export function createLifeCycle({ name, clock, ledger, reporter, hooks, intake, traffic }: LifeCycleInit): LifeCycle {
  const ending = new AbortController();
  let closing: Promise<FlushReport> | undefined;
  let ended = false;
  const starter = createStarter({
    publisher: name,
    start: () => hooks.start?.({ signal: ending.signal, report: reporter }),
    clock,
    reporter,
    onStarted: () => traffic.started(),
    onRefused: () => traffic.refused(),
  });
  const isReady = (): boolean => hooks.start === undefined || starter.state === "started";
  const report = (status: FlushReport["status"]): FlushReport => ({ ...ledger.counts(), status, durable: 0 });

  async function drain(wait?: WaitOptions): Promise<FlushReport["status"]> {
    if (ledger.counts().pending > 0) starter.begin();
    const { promise, resolve } = Promise.withResolvers<void>();
    const forget = traffic.drain(resolve);
    const status = await waitWithin(promise, wait, clock);
    // Whoever flushes again and again during an outage leaves nothing behind.
    forget();
    return status;
  }

  async function end(wait?: WaitOptions): Promise<FlushReport> {
    intake.close();
    const begun = clock.monotonic();
    const status = await drain(wait);
    const idle = starter.stop();
    ending.abort();
    await traffic.stop();
    // What a start opens while the publisher closes is closed as well, in time or when the start ends.
    const { timeoutMs, signal } = readWaitOptions(wait);
    const restMs = Math.max(timeoutMs - (clock.monotonic() - begun), 0);
    const opened = await waitWithin(idle, { timeoutMs: restMs, signal }, clock);
    await closeWithin(hooks.close, wait, clock.monotonic() - begun, { clock, reporter });
    if (opened !== "complete") void idle.then(() => closeWithin(hooks.close, wait, 0, { clock, reporter }));
    ended = true;
    reporter.settle();
    return report(status);
  }

  const publisher: MetricsPublisher = {
    name,
    contract: 1,
    publishEventMetrics: intake.event,
    publishNetworkMetrics: intake.network,
    formatMetrics,
    start: (wait) => starter.start(wait),
    flush: (wait) => (closing === undefined ? drain(wait).then(report) : closing),
    close: (wait) => (closing ??= end(wait)),
    health: () =>
      ledger.health(name, {
        state: publisherState({
          closed: ended,
          received: ledger.received,
          failing: traffic.failing || starter.state === "refused",
          lastErrorTime: reporter.lastError?.time,
          now: clock.now(),
        }),
        pendingDetail: traffic.pendingDetail,
        lastError: reporter.lastError,
      }),
    async [Symbol.asyncDispose]() {
      await publisher.close();
    },
  };
  const { check } = hooks;
  if (check !== undefined) publisher.check = async (wait) => check(wait ?? {});

  return {
    publisher,
    get ready() {
      return isReady();
    },
    get refused() {
      return starter.state === "refused";
    },
    begin: () => starter.begin(),
  };
}
