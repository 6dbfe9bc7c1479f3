import type { CounterSnapshot, FamilySnapshot, HistogramSnapshot } from "@eventmeter/aggregation";
import { attributeLength, writeAttribute } from "./attributes.ts";
import {
  createWire,
  DELIMITED,
  fieldLength,
  FIXED64,
  setCount,
  tagOf,
  varintLength,
  type Wire,
  writeDouble,
  writeHead,
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
export const POINT: number = tagOf(1, DELIMITED);

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

/** Where numbers begin in a data point, behind their tags. */
const START_AT = 1;
const TIME_AT = START_AT + FIXED_BYTES;
const VALUE_AT = TIME_AT + FIXED_BYTES;
const COUNT_AT = VALUE_AT;
const SUM_AT = COUNT_AT + FIXED_BYTES;

/** Gives the times of a snapshot. */
export function pointTimes(startTime: number, time: number): PointTimes {
  const wire = createWire(16);
  writeTime(wire, startTime);
  writeTime(wire, time);
  const [startLow = 0, startHigh = 0, low = 0, high = 0] = [0, 4, 8, 12].map((at) => wire.view.getUint32(at, true));
  return { startLow, startHigh, low, high };
}

/** Gives the bytes of a data point without numbers, exemplars, tag and length. */
export function blankPointLength(bounds: Bounds, names: readonly string[], values: readonly string[]): number {
  let length = bounds === undefined ? 3 * FIXED_BYTES : histogramLength(bounds.length);
  for (const [at, name] of names.entries()) {
    const value = values[at] ?? "";
    if (value !== "") length += attributeLength(name, value);
  }
  return length;
}

/**
 * Appends a data point of `length` bytes that lacks its numbers. An empty label value is left out: for Prometheus it is no
 * label, and the attribute would be kept elsewhere.
 */
export function writeBlankPoint(
  wire: Wire,
  length: number,
  bounds: Bounds,
  names: readonly string[],
  values: readonly string[],
): void {
  writeHead(wire, POINT, length);
  writeBlank(wire, START_TIME);
  writeBlank(wire, TIME);
  if (bounds === undefined) writeBlank(wire, AS_DOUBLE);
  else writeBlankHistogram(wire, bounds);
  const tag = bounds === undefined ? NUMBER_ATTRIBUTES : HISTOGRAM_ATTRIBUTES;
  for (const [at, name] of names.entries()) {
    const value = values[at] ?? "";
    if (value !== "") writeAttribute(wire, tag, name, value);
  }
}

/** Writes the numbers of one label set into its data point, which begins at `point` behind its length; hot. */
export function setNumbers(
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

// A double although totals are whole numbers: Prometheus keeps doubles, so that every total arrives as it is, above 2^63
// too, which an integer could not say; and a metric that changed its type there would be two to some receivers.
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
    // Most buckets are empty, and blank.
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

function writeBlankHistogram(wire: Wire, bounds: readonly number[]): void {
  writeBlank(wire, COUNT);
  writeBlank(wire, SUM);
  const countBytes = (bounds.length + 1) * 8;
  writeHead(wire, BUCKET_COUNTS, countBytes);
  wire.at += countBytes;
  if (bounds.length === 0) return;
  writeHead(wire, BOUNDS, bounds.length * 8);
  for (const bound of bounds) writeDouble(wire, bound);
}

function writeBlank(wire: Wire, tag: number): void {
  wire.bytes[wire.at] = tag;
  wire.at += FIXED_BYTES;
}
