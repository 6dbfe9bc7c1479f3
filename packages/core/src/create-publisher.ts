import { codeText } from "./caught.ts";
import { MAX_DELAY_MS, resolveClock } from "./clock.ts";
import type { CheckReport, CommonOptions, FlushReport, MetricsPublisher, WaitOptions } from "./contract.ts";
import { eventDictionary, type FormattedEvent, type FormattedNetwork, networkDictionary } from "./dictionary.ts";
import { formatMetrics } from "./format-metrics.ts";
import { createIntake } from "./intake.ts";
import { createLedger, publisherState } from "./ledger.ts";
import { checkOptions, commonOptionRules, option } from "./options-check.ts";
import { createReporter, isThenable } from "./reporter.ts";
import { createStarter } from "./starter.ts";
import { createUnsettled, memoryOf } from "./unsettled.ts";
import { closeWithin } from "./close-within.ts";
import { readWaitOptions, waitWithin } from "./wait.ts";

const MAX_UNSETTLED = 1_000;
const MAX_UNSETTLED_BYTES = 33_554_432;

/** What a publisher does; everything else that the contract asks for comes from `createPublisher`. */
export interface PublisherDefinition {
  /** Default name, kebab-case. */
  readonly name: string;
  /** Takes the dictionary of an event, which is its own to keep. Delivered when it returns or resolves, `failed` when it throws or rejects. */
  readonly event?: ((data: FormattedEvent) => unknown) | undefined;
  /** Takes the dictionary of a network operation, in the same way. */
  readonly network?: ((data: FormattedNetwork) => unknown) | undefined;
  /** Makes it ready; until it has succeeded records wait. A `PublisherError` with `retryable: false` is final. */
  readonly start?: ((options: WaitOptions) => unknown) | undefined;
  /** Called by flush() when all handlers have settled. */
  readonly flush?: ((options: WaitOptions) => unknown) | undefined;
  /** Called by close() once, after the flush. */
  readonly close?: ((options: WaitOptions) => unknown) | undefined;
  /** Tries the backend for real. */
  readonly check?: ((options: WaitOptions) => CheckReport | PromiseLike<CheckReport>) | undefined;
  /** How many records may wait or be unsettled at a time; more are dropped as `overflow`. @default 1000 */
  readonly maxUnsettled?: number | undefined;
  /** Memory that these may hold together, in bytes; more are dropped as `overflow`. @default 33554432 (32 MiB) */
  readonly maxUnsettledBytes?: number | undefined;
}

const hook = option.function();
const definitionRules: { readonly [Name in keyof PublisherDefinition]-?: ReturnType<typeof option.function> } = {
  name: option.required(commonOptionRules.name),
  event: hook,
  network: hook,
  start: hook,
  flush: hook,
  close: hook,
  check: hook,
  maxUnsettled: option.integer(1, 1_000_000),
  maxUnsettledBytes: option.integer(1, MAX_DELAY_MS),
};

/** Makes a publisher from two functions: validation, numbers, errors, bounds and life cycle are all there. */
export function createPublisher(definition: PublisherDefinition, options?: CommonOptions): MetricsPublisher {
  checkOptions("createPublisher", definition, definitionRules);
  checkOptions(definition.name, options, commonOptionRules);
  const { maxUnsettled = MAX_UNSETTLED, maxUnsettledBytes = MAX_UNSETTLED_BYTES } = definition;
  const { name = definition.name } = options ?? {};
  const clock = resolveClock(options?.clock);
  const ledger = createLedger();
  const reporter = createReporter(name, options);
  const unsettled = createUnsettled(clock);
  const { event, network } = definition;
  const intake = createIntake({
    scope: "document",
    ledger,
    reporter,
    event: event && ((fields) => hand(event, eventDictionary(fields))),
    network: network && ((fields) => hand(network, networkDictionary(fields))),
  });
  // What waits for the start, oldest first; each entry is one of the unsettled.
  let waiting: { readonly id: number; readonly hand: (id: number) => void }[] = [];
  let failing = false;
  let closing: Promise<FlushReport> | undefined;
  let ended = false;
  let flushHook: { readonly covers: number; readonly done: Promise<void> } | undefined;

  const starter = createStarter({
    publisher: name,
    start: () => definition.start?.({}),
    clock,
    reporter,
    onStarted() {
      const ready = waiting;
      waiting = [];
      // Each keeps its id until its handler has settled, so that a flush that waits for it covers that too.
      for (const entry of ready) entry.hand(entry.id);
    },
    onRefused: () => refuseWaiting("the start failed for good"),
  });

  function refuseWaiting(why: string): void {
    const refused = waiting.filter(({ id }) => unsettled.settle(id));
    waiting = [];
    if (refused.length === 0) return;
    ledger.drop("refused", refused.length);
    reporter.drop("record-dropped", `records dropped: ${why}`, { count: refused.length });
  }

  function deliver(): void {
    failing = false;
    ledger.delivered += 1;
    ledger.lastSuccess = clock.now();
  }

  function failed(cause: unknown): void {
    failing = true;
    ledger.drop("failed");
    reporter.drop("publisher-failed", `record dropped: the handler failed${codeText(cause)}`, { cause });
  }

  function hand<Data extends object>(handler: (data: Data) => unknown, data: Data): void {
    const { state } = starter;
    if (unsettled.size >= maxUnsettled || unsettled.bytes >= maxUnsettledBytes) {
      ledger.drop("overflow");
      reporter.drop("record-dropped", `record dropped: ${unsettled.size} records are already waiting to be settled`);
    } else if (definition.start === undefined || state === "started") {
      call(handler, data);
    } else if (state === "refused") {
      ledger.drop("refused");
      reporter.drop("record-dropped", "record dropped: the start failed for good");
    } else {
      waiting.push({ id: unsettled.add(memoryOf(data)), hand: (id) => call(handler, data, id) });
      starter.begin();
    }
  }

  function call<Data extends object>(handler: (data: Data) => unknown, data: Data, waited?: number): void {
    const settle = (): boolean => waited === undefined || unsettled.settle(waited);
    try {
      const returned = handler(data);
      if (!isThenable(returned)) return void (settle() && deliver());
      const promise = Promise.resolve(returned);
      const id = waited ?? unsettled.add(memoryOf(data));
      promise.then(
        () => unsettled.settle(id) && deliver(),
        (cause) => unsettled.settle(id) && failed(cause),
      );
    } catch (cause) {
      if (settle()) failed(cause);
    }
  }

  async function drain(wait?: WaitOptions): Promise<FlushReport["status"]> {
    if (waiting.length > 0) starter.begin();
    const work = unsettled.drained().then(() => runFlushHook(wait));
    return waitWithin(work, wait, clock);
  }

  // Concurrent flushes share a hook that began after the last record came.
  async function runFlushHook(wait?: WaitOptions): Promise<void> {
    const needed = ledger.received;
    if (flushHook !== undefined && flushHook.covers < needed) await flushHook.done;
    flushHook ??= { covers: ledger.received, done: callFlushHook(wait) };
    await flushHook.done;
  }

  async function callFlushHook(wait?: WaitOptions): Promise<void> {
    try {
      await Promise.resolve();
      await definition.flush?.(wait ?? {});
    } catch (cause) {
      reporter.error("publisher-failed", "the flush failed", { cause, retryable: true });
    }
    flushHook = undefined;
  }

  async function end(wait?: WaitOptions): Promise<FlushReport> {
    intake.close();
    const begun = clock.monotonic();
    const status = await drain(wait);
    refuseWaiting("the publisher was closed before its start succeeded");
    const idle = starter.stop();
    const lost = unsettled.clear();
    ledger.drop("unconfirmed", lost);
    if (lost > 0)
      reporter.drop("record-dropped", "records dropped: not settled before the close ended", { count: lost });
    // What a start opens is closed by the same hook, called once: when the start has ended, at the latest when the wait is over.
    const { timeoutMs, signal } = readWaitOptions(wait);
    const restMs = Math.max(timeoutMs - (clock.monotonic() - begun), 0);
    await waitWithin(idle, { timeoutMs: restMs, signal }, clock);
    await closeWithin(definition.close, wait, clock.monotonic() - begun, { clock, reporter });
    ended = true;
    reporter.settle();
    return report(status);
  }

  const report = (status: FlushReport["status"]): FlushReport => ({ ...ledger.counts(), status, durable: 0 });

  const publisher: MetricsPublisher = {
    name,
    contract: 1,
    publishEventMetrics: intake.event,
    publishNetworkMetrics: intake.network,
    formatMetrics,
    flush: (wait) => (closing === undefined ? drain(wait).then(report) : closing),
    close: (wait) => (closing ??= end(wait)),
    health: () =>
      ledger.health(name, {
        state: publisherState({
          closed: ended,
          received: ledger.received,
          failing: failing || starter.state === "refused",
          lastErrorTime: reporter.lastError?.time,
          now: clock.now(),
        }),
        pendingDetail: unsettled.detail(),
        lastError: reporter.lastError,
      }),
    async [Symbol.asyncDispose]() {
      await publisher.close();
    },
  };
  if (definition.start !== undefined) publisher.start = (wait) => starter.start(wait);
  const { check } = definition;
  if (check !== undefined) publisher.check = async (wait) => check(wait ?? {});
  return publisher;
}
