import { type EventFields, type NetworkFields, readAttribute } from "@eventmeter/core/publisher";
import { ERROR_TYPE } from "./label-names.ts";

/**
 * What the labels of one record are read into. A getter among its attributes may publish another record, which overwrites the
 * fields: what is read meanwhile is kept here, and whoever publishes inside finds no reading and makes one of its own.
 */
export interface LabelReading {
  /** Values of the open labels, as they are looked up. */
  readonly path: string[];
  attributes: EventFields["attributes"];
  repaired: number;
}

/** Begins to read the labels of a record; hot: takes the reading of an earlier one, if there is one. */
export function beginReading(free: LabelReading | undefined, fields: EventFields | NetworkFields): LabelReading {
  const { attributes, repaired } = fields;
  if (free === undefined) return { path: [], attributes, repaired };
  free.attributes = attributes;
  free.repaired = repaired;
  return free;
}

/** Gives the value of one promoted label; hot. */
export function readLabel(reading: LabelReading, name: string, errorType: string | null): string {
  return name === ERROR_TYPE ? (errorType ?? "") : readAttribute(reading, name);
}

/** Ends a reading: tells the fields what was repaired, and lets go of the caller's object; hot. */
export function endReading(reading: LabelReading, fields: EventFields | NetworkFields): void {
  fields.repaired = reading.repaired;
  reading.attributes = undefined;
}
