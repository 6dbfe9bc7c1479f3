// Reading of the labels of one record, which a getter among its attributes can interrupt with another record.
import { type EventFields, type NetworkFields, readAttribute } from "@eventmeter/core/publisher";
import { ERROR_TYPE, EVENT_NAME } from "./label-names.ts";

/**
 * The labels of one record while they are read. A getter among its attributes can publish another record, which overwrites
 * the fields: what was read is kept here, and the record inside, which finds this reading in use, gets one of its own.
 */
export interface LabelReading {
  /** Values of the labels, except those with fixed values, in the order of look-up. */
  readonly path: string[];
  attributes: EventFields["attributes"];
  repaired: number;
}

/** Begins to read the labels of a record. Hot: uses the reading of an earlier record again, if there is one. */
export function beginReading(free: LabelReading | undefined, fields: EventFields | NetworkFields): LabelReading {
  const { attributes, repaired } = fields;
  if (free === undefined) return { path: [], attributes, repaired };
  free.attributes = attributes;
  free.repaired = repaired;
  return free;
}

/** Returns the value of one promoted label of an event. Hot. */
export function readEventLabel(reading: LabelReading, name: string, errorType: string | null): string {
  return name === ERROR_TYPE ? (errorType ?? "") : readAttribute(reading, name);
}

/** Returns the value of one promoted label of a network operation. Hot. */
export function readNetworkLabel(
  reading: LabelReading,
  name: string,
  errorType: string | null,
  eventName: string | undefined,
): string {
  return name === EVENT_NAME ? (eventName ?? "") : readEventLabel(reading, name, errorType);
}

/** Ends a reading: adds the repairs to the fields, and releases the caller's object. Hot. */
export function endReading(reading: LabelReading, fields: EventFields | NetworkFields): void {
  fields.repaired = reading.repaired;
  reading.attributes = undefined;
}
