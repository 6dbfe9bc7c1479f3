// `filtered`: passes on the records that a predicate accepts.
import type { MetricsPublisher } from "../publisher/contract.ts";
import type { Ledger } from "../publisher/ledger.ts";
import { checkOptions } from "../options/check-options.ts";
import { option } from "../options/option-rules.ts";
import type { EventMetrics, MetricsRecord, NetworkMetrics } from "../records/records.ts";
import type { Reporter } from "../publisher/reporter.ts";
import { describeFailure } from "../publisher/describe-failure.ts";
import { isThenable, onRejection } from "../publisher/thenable.ts";
import { createWrapper, type WrapperOptions } from "./wrapper.ts";

/**
 * Returns whether a record is passed on. If it throws or returns a promise, the record is passed on, since a broken filter loses
 * nothing, and `onError` gets code `callback-failed`: once for promises.
 */
export type RecordPredicate = (record: Readonly<EventMetrics> | Readonly<NetworkMetrics>) => boolean;

/** Passes on the records for which `predicate` returns true; the others are `ignored.filtered`. */
export function filtered(
  publisher: MetricsPublisher,
  predicate: RecordPredicate,
  options?: WrapperOptions,
): MetricsPublisher {
  checkOptions("filtered", { predicate }, { predicate: option.required(option.function()) });
  let isPromiseReported = false;
  function passes(record: Readonly<MetricsRecord>, reporter: Reporter): boolean {
    try {
      const answer: unknown = predicate(record);
      if (!isThenable(answer)) return Boolean(answer);
      onRejection(answer);
      if (isPromiseReported) return true;
      isPromiseReported = true;
      reporter.error(
        "callback-failed",
        "its predicate returned a promise, so every record is passed on; return true or false instead",
      );
    } catch (cause) {
      reporter.drop("callback-failed", `its predicate failed${describeFailure(cause)}; the record was passed on`, {
        count: 0,
        cause,
      });
    }
    return true;
  }
  function choose<Rec extends MetricsRecord>(
    record: Readonly<Rec>,
    ledger: Ledger,
    reporter: Reporter,
  ): Readonly<Rec> | undefined {
    if (passes(record, reporter)) return record;
    ledger.ignore("filtered");
    return undefined;
  }
  return createWrapper(
    "filtered",
    publisher,
    { event: choose, network: choose, formatMetrics: (record) => publisher.formatMetrics(record) },
    options,
  );
}
