import type { FamilySnapshot } from "@eventmeter/aggregation";
import { encodeTexts, tagOf, VARINT } from "./protobuf-writer.ts";

/** Units in OTLP's words (https://ucum.org/ucum): with these no receiver changes the names of the families. */
const UNITS = { seconds: "s", bytes: "By", "": "" } as const;

/** What plain numbers count. */
const COUNTED: Readonly<Record<string, string>> = {
  event_retries_total: "{retry}",
  eventmeter_overflow_total: "{record}",
};

const TEMPORALITY = tagOf(2, VARINT);
const CUMULATIVE = 2;
const IS_MONOTONIC = tagOf(3, VARINT);

/** What follows the data points of a metric: that they are cumulative, and of a sum that it never goes down. */
export const METRIC_TAIL: Readonly<Record<FamilySnapshot["type"], Uint8Array>> = {
  counter: Uint8Array.of(TEMPORALITY, CUMULATIVE, IS_MONOTONIC, 1),
  histogram: Uint8Array.of(TEMPORALITY, CUMULATIVE),
};

/** Encodes name, description and unit of a metric. */
export function encodeMetricHead({ name, help, unit }: FamilySnapshot): Uint8Array {
  const counted = Object.hasOwn(COUNTED, name) ? (COUNTED[name] as string) : "";
  return encodeTexts(name, help, unit === "" ? counted : UNITS[unit]);
}
