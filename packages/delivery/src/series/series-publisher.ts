// `createSeriesPublisher`: a publisher that pushes snapshots of its series.
import type { Clock, MetricsPublisher, PublisherHealth } from "@eventmeter/core";
import {
  checkOptions,
  commonOptionRules,
  createIntake,
  createLedger,
  createLifeCycle,
  createReporter,
  type DrainWait,
  describeFailure,
  type Intake,
  type Ledger,
  type LifeCycle,
  type RecordFlow,
  type Reporter,
  resolveClock,
} from "@eventmeter/core/publisher";
import { lifeCycleHooks } from "../backend-hooks.ts";
import { DEFAULT_SEND_TIMEOUT_MS } from "../push/delivery-options.ts";
import { type AttemptResult, makeAttempt } from "../retry/attempt.ts";
import {
  readSnapshotOutcome,
  type SeriesDefinition,
  seriesDefinitionRules,
  seriesDeliveryOptionRules,
  type SeriesPushOptions,
  type SnapshotOutcome,
  type TimedSnapshot,
} from "./series-definition.ts";
import { SnapshotSender } from "./snapshot-sender.ts";

/** Creates a publisher that pushes series: the newest snapshot at an interval, with retry, life cycle and numbers. */
export function createSeriesPublisher<Snapshot extends TimedSnapshot>(
  definition: SeriesDefinition<Snapshot>,
  options?: SeriesPushOptions,
): MetricsPublisher {
  checkOptions("createSeriesPublisher", definition, seriesDefinitionRules);
  checkOptions(definition.name, options, { ...commonOptionRules, ...seriesDeliveryOptionRules });
  return new SeriesPublisher(definition, options ?? {}).lifeCycle.publisher;
}

class SeriesPublisher<Snapshot extends TimedSnapshot> implements RecordFlow {
  readonly lifeCycle: LifeCycle;
  readonly #definition: SeriesDefinition<Snapshot>;
  readonly #clock: Clock;
  readonly #ledger: Ledger = createLedger();
  readonly #reporter: Reporter;
  readonly #sendTimeoutMs: number;
  readonly #sender: SnapshotSender<Snapshot>;

  constructor(definition: SeriesDefinition<Snapshot>, options: SeriesPushOptions) {
    const { name = definition.name, intervalMs = 60_000, sendTimeoutMs = DEFAULT_SEND_TIMEOUT_MS } = options;
    const { series } = definition;
    const clock = resolveClock(options.clock);
    const ledger = this.#ledger;
    const reporter = createReporter(name, options);
    this.#definition = definition;
    this.#clock = clock;
    this.#reporter = reporter;
    this.#sendTimeoutMs = sendTimeoutMs;
    this.#sender = new SnapshotSender<Snapshot>({
      clock,
      ledger,
      reporter,
      intervalMs,
      isReady: () => this.lifeCycle.ready,
      snapshot: () => series.snapshot(),
      split: (snapshot) => series.split?.(snapshot),
      exclude: series.exclude?.bind(series),
      attempt: (snapshot, attempt, controller) => this.#attempt(snapshot, attempt, controller),
    });
    this.lifeCycle = createLifeCycle({
      name,
      clock,
      ledger,
      reporter,
      intake: this.#createIntake(),
      flow: this,
      hooks: lifeCycleHooks(definition, sendTimeoutMs, reporter),
    });
  }

  get failing(): boolean {
    return this.#sender.failing;
  }

  get pendingDetail(): PublisherHealth["pendingDetail"] {
    const { oldest } = this.#sender;
    if (oldest === undefined) return { bytes: 0, oldestAgeMs: null };
    return { bytes: this.#definition.series.bytes ?? 0, oldestAgeMs: this.#clock.monotonic() - oldest };
  }

  onStarted(): void {
    this.#sender.sendIfDue();
  }

  onRefused(): void {
    this.#sender.stop();
    this.lifeCycle.dropRefused(this.#ledger.counts().pending);
  }

  drain(done: (status?: "timeout") => void, { until }: DrainWait): () => void {
    const endWait = this.#sender.flushes.add(until, () => done("timeout"));
    const withdraw = this.#sender.drain(() => {
      endWait();
      done();
    });
    return () => {
      endWait();
      withdraw();
    };
  }

  stop(): void {
    this.#sender.stop();
    const { pending } = this.#ledger.counts();
    this.#ledger.drop("unexported", pending);
    if (pending > 0)
      this.#reporter.drop(
        "record-dropped",
        "records dropped: no snapshot with them was acknowledged before the close",
        { count: pending },
      );
  }

  #createIntake(): Intake {
    const { series } = this.#definition;
    return createIntake({
      scope: "series",
      unfinished: "ignore",
      ledger: this.#ledger,
      reporter: this.#reporter,
      clock: this.#clock,
      event: (fields) => {
        if (this.lifeCycle.refused) return this.lifeCycle.dropRefused();
        series.addEvent(fields);
        this.#onAdded();
      },
      network: (fields) => {
        if (this.lifeCycle.refused) return this.lifeCycle.dropRefused();
        series.addNetwork(fields);
        this.#onAdded();
      },
    });
  }

  #onAdded(): void {
    this.#sender.onAdded();
    this.lifeCycle.startInBackground();
  }

  /** Encodes and sends one snapshot once. */
  async #attempt(
    snapshot: Snapshot,
    attempt: number,
    controller: AbortController,
  ): Promise<AttemptResult<SnapshotOutcome>> {
    const { signal } = controller;
    let isEncoded = false;
    const result = await makeAttempt(
      async (context) => {
        const body = await this.#definition.encode(snapshot);
        isEncoded = true;
        // A newer snapshot may be on its way by now.
        signal.throwIfAborted();
        return this.#definition.send(body, context);
      },
      readSnapshotOutcome,
      { controller, attempt, timeoutMs: this.#sendTimeoutMs, clock: this.#clock, report: this.#reporter },
    );
    if (isEncoded || signal.aborted) return result;
    return {
      ...result,
      outcome: { kind: "retry", reason: `the series could not be encoded${describeFailure(result.cause)}` },
    };
  }
}
