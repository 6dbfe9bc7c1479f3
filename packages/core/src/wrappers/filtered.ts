// `filtered`: passes on the records that a predicate accepts.
import type { MetricsPublisher } from "../publisher/contract.ts";
import type { Ledger } from "../publisher/ledger.ts";
import { checkOptions } from "../options/check-options.ts";
import { option } from "../options/option-rules.ts";
import type { EventMetrics, MetricsRecord, NetworkMetrics } from "../records/records.ts";
import type { Reporter } from "../publisher/reporter.ts";
import { isThenable } from "../publisher/thenable.ts";
import { createWrapper, type WrapperOptions } from "./wrapper.ts";

/** Returns whether a record is passed on. If it throws, the record is passed on: a broken filter loses nothing. */
export type RecordPredicate = (record: Readonly<EventMetrics> | Readonly<NetworkMetrics>) => boolean;

/** Passes on the records for which `predicate` returns true; the others are `ignored.filtered`. */
export function filtered(
  publisher: MetricsPublisher,
  predicate: RecordPredicate,
  options?: WrapperOptions,
): MetricsPublisher {
  checkOptions("filtered", { predicate }, { predicate: option.required(option.function()) });
  function choose<Rec extends MetricsRecord>(
    record: Readonly<Rec>,
    ledger: Ledger,
    reporter: Reporter,
  ): Readonly<Rec> | undefined {
    if (passes(predicate, record, reporter)) return record;
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

function passes<Rec extends MetricsRecord>(
  predicate: RecordPredicate,
  record: Readonly<Rec>,
  reporter: Reporter,
): boolean {
  try {
    const answer: unknown = predicate(record as Readonly<EventMetrics>);
    if (isThenable(answer)) answer.then(undefined, () => undefined);
    return Boolean(answer);
  } catch (cause) {
    reporter.drop("callback-failed", "its predicate failed; the record was passed on", { count: 0, cause });
    return true;
  }
}
