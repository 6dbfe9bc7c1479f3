// `formatMetrics`: the standard dictionary of any record, valid or not.
import {
  eventDictionary,
  type FormattedEvent,
  type FormattedMetrics,
  type FormattedNetwork,
  type KnownEvent,
  type KnownNetwork,
  networkDictionary,
} from "./standard-dictionary.ts";
import type { EventFields, NetworkFields } from "./record-fields.ts";
import { createEventFields, readEvent } from "./read-event.ts";
import { createNetworkFields, readNetwork } from "./read-network.ts";
import { readName, readTaskId } from "./read-values.ts";
import { type EventMetrics, isNetwork, type NetworkMetrics } from "./records.ts";
import { isTime, MIN_TIME_MS, readTime } from "./read-time.ts";

/** Returns the standard dictionary of a record: pure, total, JSON-safe. For an invalid record, the invalid fields are null. */
export function formatMetrics(record: Readonly<EventMetrics>): FormattedEvent;
export function formatMetrics(record: Readonly<NetworkMetrics>): FormattedNetwork;
export function formatMetrics(record: Readonly<EventMetrics> | Readonly<NetworkMetrics>): FormattedMetrics;
export function formatMetrics(record: Readonly<EventMetrics> | Readonly<NetworkMetrics>): FormattedMetrics {
  let network = false;
  try {
    network = isNetwork(record);
  } catch {
    // A record whose kind cannot be read is shown as an event without known fields.
  }
  return network ? formatNetwork(record as Readonly<NetworkMetrics>) : formatEvent(record as Readonly<EventMetrics>);
}

function formatEvent(record: Readonly<EventMetrics>): FormattedEvent {
  const fields = createEventFields();
  const known = readEvent(record, fields) ? fields : knownOfEvent(record, fields);
  try {
    return eventDictionary(known);
  } catch {
    return eventDictionary({ ...known, attributes: undefined });
  }
}

function formatNetwork(record: Readonly<NetworkMetrics>): FormattedNetwork {
  const fields = createNetworkFields();
  const known = readNetwork(record, fields) ? fields : knownOfNetwork(record, fields);
  try {
    return networkDictionary(known);
  } catch {
    return networkDictionary({ ...known, attributes: undefined });
  }
}

// An invalid record is read again with its invalid fields replaced, so that one reader repairs all the others.
function knownOfEvent(record: object, fields: EventFields): KnownEvent {
  const copy = copyOf(record, fields);
  const start = timeOrNull(copy["startTime"]);
  const end = timeOrNull(copy["endTime"]);
  const startTime = start ?? end ?? MIN_TIME_MS;
  readEvent({ ...copy, operation: undefined, eventName: "-", taskId: "-", startTime, endTime: end }, fields);
  return {
    ...fields,
    eventName: readName(copy["eventName"]) ?? null,
    taskId: readTaskId(copy["taskId"]) ?? null,
    startTime: start,
  };
}

function knownOfNetwork(record: object, fields: NetworkFields): KnownNetwork {
  const copy = copyOf(record, fields) as { [Field in keyof NetworkMetrics]: never };
  const start = timeOrNull(copy["startTime"]);
  const end = timeOrNull(copy["endTime"]);
  readNetwork({ ...copy, operation: "-", startTime: start ?? end ?? MIN_TIME_MS, endTime: end }, fields);
  return { ...fields, operation: readName(copy["operation"]) ?? null, startTime: start };
}

function copyOf(record: object, fields: object): Record<string, unknown> {
  const copy: Record<string, unknown> = {};
  for (const name of Object.keys(fields)) {
    try {
      copy[name] = (record as Record<string, unknown>)[name];
    } catch {
      // A field that cannot be read is unknown.
    }
  }
  return copy;
}

function timeOrNull(value: unknown): number | null {
  const ms = readTime(value);
  return isTime(ms) ? ms : null;
}
