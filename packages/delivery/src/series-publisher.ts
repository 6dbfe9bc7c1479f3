import type { MetricsPublisher } from "@eventmeter/core";
import {
  checkOptions,
  commonOptionRules,
  createIntake,
  createLedger,
  createLifeCycle,
  createReporter,
  resolveClock,
} from "@eventmeter/core/publisher";
import { attempt } from "./attempt.ts";
import { hooksOf } from "./life-cycle.ts";
import {
  readSnapshotOutcome,
  type SeriesDefinition,
  seriesDefinitionRules,
  seriesDeliveryOptionRules,
  type SeriesPushOptions,
  type TimedSnapshot,
} from "./series-definition.ts";
import { createSnapshotSender } from "./snapshot-sender.ts";

/** Makes a publisher that pushes series: the newest snapshot at an interval, with retry, life cycle and numbers. */
export function createSeriesPublisher<Snapshot extends TimedSnapshot>(
  definition: SeriesDefinition<Snapshot>,
  options?: SeriesPushOptions,
): MetricsPublisher {
  checkOptions("createSeriesPublisher", definition, seriesDefinitionRules);
  checkOptions(definition.name, options, { ...commonOptionRules, ...seriesDeliveryOptionRules });
  const { name = definition.name, intervalMs = 60_000, sendTimeoutMs = 10_000 } = options ?? {};
  const { series } = definition;
  const clock = resolveClock(options?.clock);
  const ledger = createLedger();
  const reporter = createReporter(name, options);

  const sender = createSnapshotSender<Snapshot>({
    clock,
    ledger,
    reporter,
    intervalMs,
    ready: () => lifeCycle.ready,
    snapshot: () => series.snapshot(),
    split: (snapshot) => series.split?.(snapshot),
    async attempt(snapshot, number, controller) {
      const { signal } = controller;
      let failedToEncode = false;
      const made = await attempt(
        async (context) => {
          const body = await encode(snapshot);
          // A newer snapshot may be on its way by now.
          signal.throwIfAborted();
          return definition.send(body, context);
        },
        readSnapshotOutcome,
        { controller, attempt: number, timeoutMs: sendTimeoutMs, clock, report: reporter },
      );
      if (!failedToEncode || signal.aborted) return made;
      return { ...made, outcome: { kind: "retry", reason: "the series could not be encoded" } };

      async function encode(given: Snapshot): Promise<Uint8Array<ArrayBuffer>> {
        failedToEncode = true;
        const body = await definition.encode(given);
        failedToEncode = false;
        return body;
      }
    },
  });

  const intake = createIntake({
    scope: "series",
    ledger,
    reporter,
    event(fields) {
      if (fields.endTime === null) return ledger.ignore("unfinished");
      if (lifeCycle.refused) return refuse(1);
      series.addEvent(fields);
      sender.added();
      lifeCycle.begin();
    },
    network(fields) {
      if (fields.endTime === null) return ledger.ignore("unfinished");
      if (lifeCycle.refused) return refuse(1);
      series.addNetwork(fields);
      sender.added();
      lifeCycle.begin();
    },
  });

  function refuse(count: number): void {
    ledger.drop("refused", count);
    if (count > 0) reporter.drop("record-dropped", "records dropped: the start failed for good", { count });
  }

  const ending = new AbortController();
  const lifeCycle = createLifeCycle({
    name,
    clock,
    ledger,
    reporter,
    hooks: hooksOf(definition, ending.signal, reporter),
    intake,
    flow: {
      get failing() {
        return sender.failing;
      },
      get pendingDetail() {
        const { oldest } = sender;
        if (oldest === undefined) return { bytes: 0, oldestAgeMs: null };
        return { bytes: series.bytes ?? 0, oldestAgeMs: clock.monotonic() - oldest };
      },
      started: () => sender.pump(),
      refused() {
        sender.stop();
        refuse(ledger.counts().pending);
      },
      drain: (done) => sender.drain(done),
      stop() {
        ending.abort();
        sender.stop();
        const { pending } = ledger.counts();
        ledger.drop("unexported", pending);
        if (pending > 0)
          reporter.drop("record-dropped", "records dropped: no snapshot with them was acknowledged before the close", {
            count: pending,
          });
      },
    },
  });
  return lifeCycle.publisher;
}
