// `mapped`: changes or leaves out records before a publisher gets them.
import type { MetricsPublisher } from "../publisher/contract.ts";
import { formatMetrics } from "../records/format-metrics.ts";
import type { Ledger } from "../publisher/ledger.ts";
import { checkOptions } from "../options/check-options.ts";
import { option } from "../options/option-rules.ts";
import { type EventMetrics, isNetwork, type MetricsRecord, type NetworkMetrics } from "../records/records.ts";
import type { Reporter } from "../publisher/reporter.ts";
import { describeFailure } from "../publisher/describe-failure.ts";
import { isThenable, onRejection } from "../publisher/thenable.ts";
import { createWrapper, type WrapperOptions } from "./wrapper.ts";

/** Functions that change records, per kind; a kind without a function passes unchanged. */
export interface RecordMapping {
  /** Returns another event, or null to leave it out (`ignored.filtered`). */
  readonly event?: ((record: Readonly<EventMetrics>) => Readonly<EventMetrics> | null) | undefined;
  /** Returns another network operation, or null to leave it out (`ignored.filtered`). */
  readonly network?: ((record: Readonly<NetworkMetrics>) => Readonly<NetworkMetrics> | null) | undefined;
}

/**
 * Changes records before they reach a publisher: redaction, sampling, renaming.
 * If a mapping throws, or returns a promise or a record of the other kind, the record is dropped as `failed`: nothing unredacted passes.
 */
export function mapped(
  publisher: MetricsPublisher,
  mapping: RecordMapping,
  options?: WrapperOptions,
): MetricsPublisher {
  const rules = { event: option.function(), network: option.function() };
  checkOptions("mapped", { mapping }, { mapping: option.required(option.group(rules)) });
  const { event, network } = mapping;
  return createWrapper(
    "mapped",
    publisher,
    {
      event: (record, ledger, reporter) => choose(record, event, false, ledger, reporter),
      network: (record, ledger, reporter) => choose(record, network, true, ledger, reporter),
      formatMetrics(record) {
        const kind = isNetworkSafely(record);
        const map = (kind ? network : event) as RecordMap<MetricsRecord> | undefined;
        try {
          return publisher.formatMetrics(map === undefined ? record : (apply(record, map, kind) ?? emptyOf(kind)));
        } catch {
          return formatMetrics(emptyOf(kind));
        }
      },
    },
    options,
  );
}

type RecordMap<Rec extends MetricsRecord> = (record: Readonly<Rec>) => Readonly<Rec> | null;

function choose<Rec extends MetricsRecord>(
  record: Readonly<Rec>,
  map: RecordMap<Rec> | undefined,
  network: boolean,
  ledger: Ledger,
  reporter: Reporter,
): Readonly<Rec> | undefined {
  if (map === undefined) return record;
  if (isNetworkSafely(record) !== network) {
    ledger.drop("invalid");
    reporter.drop("invalid-record", "record dropped: it was published as one of the other kind");
    return undefined;
  }
  try {
    const result = apply(record, map, network);
    if (result !== null) return result;
    ledger.ignore("filtered");
  } catch (cause) {
    ledger.drop("failed");
    const fault = cause instanceof MappingFault ? cause.message : `failed${describeFailure(cause)}`;
    reporter.drop("callback-failed", `record dropped: its mapping ${fault}`, { cause });
  }
  return undefined;
}

function apply<Rec extends MetricsRecord>(
  record: Readonly<Rec>,
  map: RecordMap<Rec>,
  network: boolean,
): Readonly<Rec> | null {
  const result: unknown = map(record);
  if (result === null) return null;
  if (isThenable(result)) {
    onRejection(result);
    throw new MappingFault("returned a promise, and mappings are not awaited; return the record itself");
  }
  if (result === undefined)
    throw new MappingFault("returned nothing; return a record, or null to leave the record out");
  if (typeof result !== "object" || isNetwork(result as MetricsRecord) !== network)
    throw new MappingFault("returned no record of the same kind; return one, or null to leave the record out");
  return result as Readonly<Rec>;
}

/** What is wrong with the value that a mapping returned. */
class MappingFault extends TypeError {}

function isNetworkSafely(record: object): boolean {
  try {
    return isNetwork(record as MetricsRecord);
  } catch {
    return false;
  }
}

// A record that a mapping leaves out is shown with nothing but its kind.
function emptyOf(network: boolean): MetricsRecord {
  return (network ? { operation: "" } : {}) as MetricsRecord;
}
