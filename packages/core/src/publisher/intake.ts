// Intake of a publisher: every record enters here.
import type { EventFields, FieldScope, NetworkFields } from "../records/record-fields.ts";
import { systemClock } from "../time/clock.ts";
import type { Clock } from "./contract.ts";
import type { Ledger } from "./ledger.ts";
import { UNREADABLE } from "../records/record-problems.ts";
import { createEventFields, readEvent } from "../records/read-event.ts";
import { createNetworkFields, readNetwork } from "../records/read-network.ts";
import type { EventMetrics, NetworkMetrics } from "../records/records.ts";
import type { Reporter } from "./reporter.ts";
import { UnfinishedRecords } from "./unfinished-records.ts";

/** Parts of a publisher that its intake works with. */
export interface IntakeOptions {
  readonly scope: FieldScope;
  readonly ledger: Ledger;
  readonly reporter: Reporter;
  /**
   * Takes a valid event and settles it, or keeps it pending; the fields are valid during the call only.
   * A throw before that, as from a getter among the attributes, makes the record invalid. If absent, events are `ignored.unsupported`.
   */
  readonly event?: ((fields: EventFields) => void) | undefined;
  /** Takes a valid network operation in the same way. */
  readonly network?: ((fields: NetworkFields) => void) | undefined;
  /**
   * What becomes of valid records without an `endTime`: they are passed to `event` and `network`, or are `ignored.unfinished`.
   * Where their status says that the execution has ended, the diagnostic `unfinished-records` is given once. @default "accept"
   */
  readonly unfinished?: "accept" | "ignore" | undefined;
  /** Time of the diagnostic. @default the system's clock */
  readonly clock?: Clock | undefined;
}

/** The entrance of a publisher: counts each record, drops it after the close, reads it, and drops it if it is invalid. */
export interface Intake {
  readonly closed: boolean;
  readonly event: (record: Readonly<EventMetrics>) => void;
  readonly network: (record: Readonly<NetworkMetrics>) => void;
  /** Drops every further record as `closed`. */
  close(): void;
}

/** Creates the intake of one publisher. */
export function createIntake({
  scope,
  ledger,
  reporter,
  event,
  network,
  unfinished = "accept",
  clock = systemClock,
}: IntakeOptions): Intake {
  const eventFields = createEventFields(scope);
  const networkFields = createNetworkFields(scope);
  const ignored = unfinished === "ignore" ? new UnfinishedRecords({ ledger, reporter, clock }) : undefined;
  let closed = false;

  function invalid(kind: string, problem: string): void {
    ledger.drop("invalid");
    reporter.drop("invalid-record", `${kind} dropped: ${problem}`);
  }

  function dropClosed(): void {
    ledger.drop("closed");
    reporter.drop("record-dropped", "record dropped: the publisher is closed");
  }

  return {
    get closed() {
      return closed;
    },
    // Hot path: nothing is allocated for a good record.
    event(record) {
      ledger.received += 1;
      if (closed) return dropClosed();
      if (event === undefined) return ledger.ignore("unsupported");
      if (!readEvent(record, eventFields)) return invalid("event", eventFields.problem);
      try {
        if (ignored !== undefined && eventFields.endTime === null) ignored.ignore(eventFields.status);
        else event(eventFields);
      } catch {
        return invalid("event", UNREADABLE);
      }
      ledger.repaired += eventFields.repaired;
    },
    network(record) {
      ledger.received += 1;
      if (closed) return dropClosed();
      if (network === undefined) return ledger.ignore("unsupported");
      if (!readNetwork(record, networkFields)) return invalid("network operation", networkFields.problem);
      try {
        // An operation that has not ended is never published: there is nothing to wait for.
        if (ignored !== undefined && networkFields.endTime === null) ignored.ignore(undefined);
        else network(networkFields);
      } catch {
        return invalid("network operation", UNREADABLE);
      }
      ledger.repaired += networkFields.repaired;
    },
    close() {
      closed = true;
      ignored?.close();
    },
  };
}
