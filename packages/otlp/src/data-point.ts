// Data points: written without their numbers first, which are set later, for each request.
import type { CounterSnapshot, FamilySnapshot, HistogramSnapshot } from "@eventmeter/aggregation";
import { attributeLength, writeAttribute } from "./attributes.ts";
import {
  createMessage,
  DELIMITED,
  fieldLength,
  FIXED64,
  setCount,
  type ProtobufMessage,
  tagOf,
  varintLength,
  writeDouble,
  writeTagAndLength,
  writeTime,
} from "./protobuf-writer.ts";

/** Bounds of a histogram; undefined for a counter. */
export type Bounds = readonly number[] | undefined;

/** The times that all data points of a snapshot have, as lower and upper halves of nanoseconds. */
export interface PointTimes {
  readonly startLow: number;
  readonly startHigh: number;
  readonly low: number;
  readonly high: number;
}

/** Tag of a data point in a sum or histogram. */
export const POINT_TAG: number = tagOf(1, DELIMITED);

const START_TIME = tagOf(2, FIXED64);
const TIME = tagOf(3, FIXED64);
const AS_DOUBLE = tagOf(4, FIXED64);
const NUMBER_ATTRIBUTES = tagOf(7, DELIMITED);
const COUNT = tagOf(4, FIXED64);
const SUM = tagOf(5, FIXED64);
const BUCKET_COUNTS = tagOf(6, DELIMITED);
const BOUNDS = tagOf(7, DELIMITED);
const HISTOGRAM_ATTRIBUTES = tagOf(9, DELIMITED);

/** A fixed64 or double with its tag. */
const FIXED_BYTES = 9;

/** Where numbers begin in a data point, after their tags. */
const START_AT = 1;
const TIME_AT = START_AT + FIXED_BYTES;
const VALUE_AT = TIME_AT + FIXED_BYTES;
const COUNT_AT = VALUE_AT;
const SUM_AT = COUNT_AT + FIXED_BYTES;

/** Returns the times of a snapshot, both in epoch milliseconds. */
export function pointTimes(startTime: number, time: number): PointTimes {
  const message = createMessage(16);
  writeTime(message, startTime);
  writeTime(message, time);
  const [startLow = 0, startHigh = 0, low = 0, high = 0] = [0, 4, 8, 12].map((at) => message.view.getUint32(at, true));
  return { startLow, startHigh, low, high };
}

/** Returns how many bytes a data point takes, without exemplars, tag and length. */
export function blankPointLength(bounds: Bounds, names: readonly string[], values: readonly string[]): number {
  let length = bounds === undefined ? 3 * FIXED_BYTES : histogramLength(bounds.length);
  for (const [at, name] of names.entries()) {
    const value = values[at] ?? "";
    if (value !== "") length += attributeLength(name, value);
  }
  return length;
}

/**
 * Appends a data point of `length` bytes without its numbers. An empty label value is left out: for Prometheus it is the
 * same as no label, and other receivers would store the attribute.
 */
export function writeBlankPoint(
  message: ProtobufMessage,
  length: number,
  bounds: Bounds,
  names: readonly string[],
  values: readonly string[],
): void {
  writeTagAndLength(message, POINT_TAG, length);
  writeBlank(message, START_TIME);
  writeBlank(message, TIME);
  if (bounds === undefined) writeBlank(message, AS_DOUBLE);
  else writeBlankHistogram(message, bounds);
  const tag = bounds === undefined ? NUMBER_ATTRIBUTES : HISTOGRAM_ATTRIBUTES;
  for (const [at, name] of names.entries()) {
    const value = values[at] ?? "";
    if (value !== "") writeAttribute(message, tag, name, value);
  }
}

/** Sets the numbers of one label set in its data point, whose content begins at the byte `point`. Hot. */
export function setPointNumbers(
  view: DataView<ArrayBuffer>,
  point: number,
  { startLow, startHigh, low, high }: PointTimes,
  family: FamilySnapshot,
  index: number,
): void {
  view.setUint32(point + START_AT, startLow, true);
  view.setUint32(point + START_AT + 4, startHigh, true);
  view.setUint32(point + TIME_AT, low, true);
  view.setUint32(point + TIME_AT + 4, high, true);
  if (family.type === "counter") setTotal(view, point, family, index);
  else setHistogram(view, point, family, index);
}

// A double although totals are whole numbers: Prometheus stores doubles, so every total arrives unchanged, also above 2^63,
// which an integer cannot hold; and a metric that changed its type there would be two metrics for some receivers.
function setTotal(view: DataView<ArrayBuffer>, point: number, { values }: CounterSnapshot, index: number): void {
  view.setFloat64(point + VALUE_AT, values[index] as number, true);
}

function setHistogram(view: DataView<ArrayBuffer>, point: number, family: HistogramSnapshot, index: number): void {
  const { buckets, bounds, sums } = family;
  const width = bounds.length + 1;
  const first = index * width;
  let at = point + SUM_AT + 8 + 1 + varintLength(width * 8);
  let count = 0;
  for (let slot = first; slot < first + width; slot += 1) {
    const records = buckets[slot] as number;
    // Most buckets are empty, and zero already.
    if (records !== 0) setCount(view, at, records);
    count += records;
    at += 8;
  }
  setCount(view, point + COUNT_AT, count);
  view.setFloat64(point + SUM_AT, sums[index] as number, true);
}

function histogramLength(bounds: number): number {
  return 4 * FIXED_BYTES + fieldLength((bounds + 1) * 8) + (bounds === 0 ? 0 : fieldLength(bounds * 8));
}

function writeBlankHistogram(message: ProtobufMessage, bounds: readonly number[]): void {
  writeBlank(message, COUNT);
  writeBlank(message, SUM);
  const countBytes = (bounds.length + 1) * 8;
  writeTagAndLength(message, BUCKET_COUNTS, countBytes);
  message.at += countBytes;
  if (bounds.length === 0) return;
  writeTagAndLength(message, BOUNDS, bounds.length * 8);
  for (const bound of bounds) writeDouble(message, bound);
}

function writeBlank(message: ProtobufMessage, tag: number): void {
  message.bytes[message.at] = tag;
  message.at += FIXED_BYTES;
}
