// The parts of a metric around its data points.
import type { FamilySnapshot } from "@eventmeter/aggregation";
import { encodeTextFields, tagOf, VARINT } from "./protobuf-writer.ts";

/** Units in OTLP's spelling (https://ucum.org/ucum), with which no receiver changes the names of the families. */
const UNITS = { seconds: "s", bytes: "By", "": "" } as const;

/** Units of families that count something without a base unit. */
const COUNT_UNITS: Readonly<Record<string, string>> = {
  event_retries_total: "{retry}",
  eventmeter_overflow_total: "{record}",
};

const TEMPORALITY = tagOf(2, VARINT);
const CUMULATIVE = 2;
const IS_MONOTONIC = tagOf(3, VARINT);

/** Fields after the data points: that they are cumulative, and for a counter that it never goes down. */
export const METRIC_TAIL: Readonly<Record<FamilySnapshot["type"], Uint8Array>> = {
  counter: Uint8Array.of(TEMPORALITY, CUMULATIVE, IS_MONOTONIC, 1),
  histogram: Uint8Array.of(TEMPORALITY, CUMULATIVE),
};

/** Encodes name, description and unit of a metric. */
export function encodeMetricHead({ name, help, unit }: FamilySnapshot): Uint8Array {
  const countUnit = Object.hasOwn(COUNT_UNITS, name) ? (COUNT_UNITS[name] as string) : "";
  return encodeTextFields(name, help, unit === "" ? countUnit : UNITS[unit]);
}
