// The data points of one family: planned from the cache, then copied from it and filled with their numbers.
import type { FamilySnapshot, HistogramSnapshot } from "@eventmeter/aggregation";
import { POINT_TAG, type PointTimes, setPointNumbers } from "./data-point.ts";
import { exemplarsLength, writeExemplars } from "./exemplars.ts";
import { PointCache, type PointCaches, type PointChunk } from "./point-cache.ts";
import { fieldLength, type ProtobufMessage, varintLength, writeTagAndLength } from "./protobuf-writer.ts";

/** Where the data points of a family come from, and how long they are. */
export interface PointsPlan {
  readonly family: FamilySnapshot;
  readonly cache: PointCache;
  /** Position in the cache of the family's first label set. */
  readonly position: number;
  /** Bytes of exemplars by index of label set; undefined without exemplars. */
  readonly exemplarLengths: Uint32Array | undefined;
  /** Bytes of all data points with their tags and lengths. */
  readonly pointsLength: number;
}

/** Label sets between two looks at the clock: some 5 µs, or 100 where they are new or have exemplars. */
const POINTS_PER_STEP = 64;

/** Finds or creates the cache of a family and measures the data points. */
export function* planPoints(family: FamilySnapshot, caches: PointCaches): Generator<void, PointsPlan> {
  const known = caches.get(family.labelNames);
  const position = known === undefined ? -1 : known.positionOf(family);
  if (known !== undefined && position >= 0) {
    const plan = yield* planWith(family, known, position);
    if (plan !== undefined) return plan;
  }
  const cache = new PointCache(family);
  const plan = (yield* planWith(family, cache, 0)) as PointsPlan;
  caches.set(family.labelNames, cache);
  return plan;
}

/** Returns undefined if the cache holds other label sets, or the same ones in another order. */
function* planWith(
  family: FamilySnapshot,
  cache: PointCache,
  position: number,
): Generator<void, PointsPlan | undefined> {
  const { labelValues, lengths } = cache;
  const exemplarLengths = hasExemplars(family) ? new Uint32Array(family.size) : undefined;
  let pointsLength = 0;
  for (let index = 0; index < family.size; index += 1) {
    const values = family.labelValues(index);
    if (position + index === labelValues.length) cache.append(values);
    else if (labelValues[position + index] !== values) return undefined;
    let length = lengths[position + index] as number;
    if (exemplarLengths !== undefined) {
      const bytes = exemplarsLength(family as HistogramSnapshot, index);
      exemplarLengths[index] = bytes;
      length += bytes;
    }
    pointsLength += fieldLength(length);
    if (index % POINTS_PER_STEP === POINTS_PER_STEP - 1) yield;
  }
  return { family, cache, position, exemplarLengths, pointsLength };
}

/** Positions of a chunk that are written. */
interface Range {
  readonly from: number;
  readonly to: number;
  /** Byte of the chunk at which `from` begins. */
  readonly start: number;
}

/** Appends all data points of a family. */
export function* writePoints(message: ProtobufMessage, plan: PointsPlan, times: PointTimes): Generator<void> {
  const { family, cache, position, exemplarLengths } = plan;
  const end = position + family.size;
  for (const chunk of cache.chunks) {
    const from = Math.max(chunk.first, position);
    const to = Math.min(chunk.end, end);
    if (from >= to) continue;
    const range = { from, to, start: cache.offsetOf(chunk, from) };
    if (exemplarLengths === undefined) writePlainPoints(message, plan, times, chunk, range);
    else yield* writePointsWithExemplars(message, plan, times, chunk, range);
    yield;
  }
}

/** Copies data points in one go and sets their numbers. Hot. */
function writePlainPoints(
  message: ProtobufMessage,
  { family, cache, position }: PointsPlan,
  times: PointTimes,
  chunk: PointChunk,
  { from, to, start }: Range,
): void {
  const { lengths } = cache;
  const { view } = message;
  message.bytes.set(chunk.message.bytes.subarray(start, cache.offsetOf(chunk, to)), message.at);
  let { at } = message;
  for (let point = from; point < to; point += 1) {
    const length = lengths[point] as number;
    at += 1 + varintLength(length);
    setPointNumbers(view, at, times, family, point - position);
    at += length;
  }
  message.at = at;
}

/** Copies data points one by one, each followed by its exemplars: the order of fields has no meaning. */
function* writePointsWithExemplars(
  message: ProtobufMessage,
  { family, cache, position, exemplarLengths }: PointsPlan,
  times: PointTimes,
  chunk: PointChunk,
  { from, to, start }: Range,
): Generator<void> {
  let source = start;
  for (let point = from; point < to; point += 1) {
    const index = point - position;
    const length = cache.lengths[point] as number;
    source += 1 + varintLength(length);
    writeTagAndLength(message, POINT_TAG, length + (exemplarLengths?.[index] ?? 0));
    message.bytes.set(chunk.message.bytes.subarray(source, source + length), message.at);
    setPointNumbers(message.view, message.at, times, family, index);
    message.at += length;
    source += length;
    writeExemplars(message, family as HistogramSnapshot, index);
    if (index % POINTS_PER_STEP === POINTS_PER_STEP - 1) yield;
  }
}

function hasExemplars(family: FamilySnapshot): boolean {
  return family.type === "histogram" && family.hasExemplars;
}
