// `createPublisher`: a publisher from one or two handler functions.
import { checkOptions } from "../options/check-options.ts";
import { commonOptionRules } from "../options/common-option-rules.ts";
import { option, type OptionRule } from "../options/option-rules.ts";
import {
  eventDictionary,
  type FormattedEvent,
  type FormattedNetwork,
  networkDictionary,
} from "../records/standard-dictionary.ts";
import { ownTexts } from "../records/own-text.ts";
import { MAX_DELAY_MS, resolveClock } from "../time/clock.ts";
import type { CheckReport, Clock, CommonOptions, MetricsPublisher, PublisherHealth, WaitOptions } from "./contract.ts";
import { describeFailure } from "./describe-failure.ts";
import { FlushHook } from "./flush-hook.ts";
import { createIntake, type Intake } from "./intake.ts";
import { createLedger, type Ledger } from "./ledger.ts";
import { HOOK_TIMEOUT_MS, hookTimeoutRule } from "./hook-timeout.ts";
import { createLifeCycle, type LifeCycle } from "./life-cycle.ts";
import type { DrainWait, RecordFlow } from "./record-flow.ts";
import { createReporter, type Reporter } from "./reporter.ts";
import type { StartOptions } from "./starter.ts";
import { isThenable, promiseOf } from "./thenable.ts";
import { memoryOf, UnsettledRecords } from "./unsettled-records.ts";

const MAX_UNSETTLED = 100_000;
const MAX_UNSETTLED_BYTES = 33_554_432;

/** What a publisher does itself; `createPublisher` adds everything else that the contract asks for. */
export interface PublisherDefinition {
  /** Default name, kebab-case. */
  readonly name: string;
  /** Takes the standard dictionary of an event and may keep it; to keep it after a return without a promise, use `ownTexts`. The record is delivered when it returns or resolves, and dropped as `failed` when it throws or rejects. */
  readonly event?: ((data: FormattedEvent) => unknown) | undefined;
  /** Takes the standard dictionary of a network operation in the same way. */
  readonly network?: ((data: FormattedNetwork) => unknown) | undefined;
  /**
   * Makes the publisher ready to send; records wait until it has succeeded. A `PublisherError` with `retryable: false` is final.
   * A start that takes longer than `hookTimeoutMs` has failed, however it ends, and is called again. Its `signal` aborts then,
   * and when the publisher is closed: the start must free what it opened.
   */
  readonly start?: ((options: StartOptions) => unknown) | undefined;
  /** Called by flush() when all handlers have settled. One that takes too long does not keep later flushes from being done. */
  readonly flush?: ((options: WaitOptions) => unknown) | undefined;
  /** Called by close() after the flush, and once more for each start that was still under way and ends later: frees what the start opened, if it did. */
  readonly close?: ((options: WaitOptions) => unknown) | undefined;
  /** Probes the backend. */
  readonly check?: ((options: WaitOptions) => CheckReport | PromiseLike<CheckReport>) | undefined;
  /** How long start, flush and close may take, in milliseconds; one that takes longer has failed. @default 30000 */
  readonly hookTimeoutMs?: number | undefined;
  /** How many records may wait or be unsettled at a time; more are dropped as `overflow`. @default 100000 */
  readonly maxUnsettled?: number | undefined;
  /** Memory that these may hold together, in bytes; more are dropped as `overflow`. @default 33554432 (32 MiB) */
  readonly maxUnsettledBytes?: number | undefined;
}

const hook = option.function();
const definitionRules: { readonly [Name in keyof PublisherDefinition]-?: OptionRule } = {
  name: option.required(commonOptionRules.name),
  event: hook,
  network: hook,
  start: hook,
  flush: hook,
  close: hook,
  check: hook,
  hookTimeoutMs: hookTimeoutRule,
  maxUnsettled: option.integer(1, 1_000_000),
  maxUnsettledBytes: option.integer(1, MAX_DELAY_MS),
};

/** Creates a publisher from one or two handlers: validation, numbers, errors, bounds and life cycle are included. */
export function createPublisher(definition: PublisherDefinition, options?: CommonOptions): MetricsPublisher {
  checkOptions("createPublisher", definition, definitionRules);
  checkOptions(definition.name, options, commonOptionRules);
  return new HandlerPublisher(definition, options).lifeCycle.publisher;
}

type Handler<Data extends object> = (data: Data) => unknown;

class HandlerPublisher implements RecordFlow {
  readonly lifeCycle: LifeCycle;
  readonly #definition: PublisherDefinition;
  readonly #clock: Clock;
  readonly #ledger: Ledger = createLedger();
  readonly #reporter: Reporter;
  readonly #unsettled: UnsettledRecords;
  readonly #flushHook: FlushHook | undefined;
  readonly #maxUnsettled: number;
  readonly #maxUnsettledBytes: number;
  /** Records that wait for the start, oldest first; each one is also unsettled, under its id. */
  #waiting: { readonly id: number; readonly callHandler: () => void }[] = [];
  #failing = false;
  /** Whether a handler has returned a promise. */
  #isAsync = false;

  constructor(definition: PublisherDefinition, options: CommonOptions | undefined) {
    const { name = definition.name } = options ?? {};
    const { start, check, close } = definition;
    this.#definition = definition;
    this.#maxUnsettled = definition.maxUnsettled ?? MAX_UNSETTLED;
    this.#maxUnsettledBytes = definition.maxUnsettledBytes ?? MAX_UNSETTLED_BYTES;
    this.#clock = resolveClock(options?.clock);
    this.#reporter = createReporter(name, options);
    this.#unsettled = new UnsettledRecords(this.#clock);
    this.#flushHook = this.#createFlushHook();
    this.lifeCycle = createLifeCycle({
      name,
      clock: this.#clock,
      ledger: this.#ledger,
      reporter: this.#reporter,
      intake: this.#createIntake(),
      flow: this,
      hooks: {
        start: start && ((wait) => definition.start?.(wait)),
        check: check && ((wait) => check.call(definition, wait)),
        close: close && ((wait) => definition.close?.(wait)),
        timeoutMs: definition.hookTimeoutMs,
      },
    });
  }

  get failing(): boolean {
    return this.#failing || this.#flushHook?.failing === true;
  }

  get pendingDetail(): PublisherHealth["pendingDetail"] {
    return this.#unsettled.detail();
  }

  onStarted(): void {
    const ready = this.#waiting;
    this.#waiting = [];
    for (const { callHandler } of ready) callHandler();
  }

  onRefused(): void {
    this.lifeCycle.dropRefused(this.#settleWaiting());
  }

  drain(done: (status?: "timeout") => void, wait: DrainWait): () => void {
    const finish = async (): Promise<void> => done(await this.#flushHook?.call(wait));
    return this.#unsettled.onceDrained(() => void finish());
  }

  stop(): void {
    this.#flushHook?.stop();
    const waiting = this.#settleWaiting();
    this.#ledger.drop("refused", waiting);
    if (waiting > 0)
      this.#reporter.drop("record-dropped", "records dropped: the publisher was closed before its start succeeded", {
        count: waiting,
      });
    const lost = this.#unsettled.clear();
    this.#ledger.drop("unconfirmed", lost);
    if (lost > 0)
      this.#reporter.drop("record-dropped", "records dropped: not settled before the close ended", { count: lost });
  }

  #createFlushHook(): FlushHook | undefined {
    const definition = this.#definition;
    if (definition.flush === undefined) return undefined;
    return new FlushHook((wait) => definition.flush?.(wait), {
      received: () => this.#ledger.received,
      clock: this.#clock,
      reporter: this.#reporter,
      timeoutMs: definition.hookTimeoutMs ?? HOOK_TIMEOUT_MS,
    });
  }

  #createIntake(): Intake {
    const definition = this.#definition;
    const event = definition.event?.bind(definition);
    const network = definition.network?.bind(definition);
    return createIntake({
      scope: "document",
      ledger: this.#ledger,
      reporter: this.#reporter,
      event: event && ((fields) => this.#accept(event, eventDictionary(fields))),
      network: network && ((fields) => this.#accept(network, networkDictionary(fields))),
    });
  }

  #accept<Data extends object>(handler: Handler<Data>, data: Data): void {
    const { size, bytes } = this.#unsettled;
    if (size >= this.#maxUnsettled || bytes >= this.#maxUnsettledBytes) {
      this.#ledger.drop("overflow");
      this.#reporter.drop("record-dropped", `record dropped: ${size} records are already waiting to be settled`);
    } else if (this.lifeCycle.ready) {
      this.#callHandler(handler, data);
    } else if (this.lifeCycle.refused) {
      this.lifeCycle.dropRefused();
    } else {
      // The id stays until the handler has settled, so that a flush covers the start and the handler alike.
      ownTexts(data);
      const id = this.#unsettled.add(memoryOf(data));
      this.#waiting.push({ id, callHandler: () => this.#callHandler(handler, data, id) });
      this.lifeCycle.startInBackground();
    }
  }

  /** Calls the handler of a record. @param waitingId id among the unsettled, if the record waited for the start */
  #callHandler<Data extends object>(handler: Handler<Data>, data: Data, waitingId?: number): void {
    const settle = (): boolean => waitingId === undefined || this.#unsettled.settle(waitingId);
    try {
      // Before the call, since an asynchronous function may keep single texts. One that is done with them does not pay for it.
      if (this.#isAsync && waitingId === undefined) ownTexts(data);
      const returned = handler(data);
      if (!isThenable(returned)) {
        if (settle()) this.#delivered();
        return;
      }
      this.#isAsync = true;
      const promise = promiseOf(returned);
      const id = waitingId ?? this.#unsettled.add(memoryOf(data));
      promise.then(
        () => this.#unsettled.settle(id) && this.#delivered(),
        (cause: unknown) => this.#unsettled.settle(id) && this.#failed(cause),
      );
    } catch (cause) {
      if (settle()) this.#failed(cause);
    }
  }

  #delivered(): void {
    this.#failing = false;
    this.#ledger.delivered += 1;
    this.#ledger.lastSuccess = this.#clock.now();
  }

  #failed(cause: unknown): void {
    this.#failing = true;
    this.#ledger.drop("failed");
    this.#reporter.drop("publisher-failed", `record dropped: the handler failed${describeFailure(cause)}`, { cause });
  }

  /** Settles the records that wait for the start, and returns how many there were. */
  #settleWaiting(): number {
    const waiting = this.#waiting.filter(({ id }) => this.#unsettled.settle(id));
    this.#waiting = [];
    return waiting.length;
  }
}
