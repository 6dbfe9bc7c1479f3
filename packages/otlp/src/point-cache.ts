// Cache of encoded data points: those of one family, without their numbers, are encoded once and copied for each request.
import type { FamilySnapshot } from "@eventmeter/aggregation";
import { blankPointLength, type Bounds, writeBlankPoint } from "./data-point.ts";
import { createMessage, fieldLength, type ProtobufMessage } from "./protobuf-writer.ts";

/** Data points in a row, without their numbers. */
export interface PointChunk {
  readonly message: ProtobufMessage;
  /** Position of the first data point. */
  readonly first: number;
  /** Position after the last data point. */
  end: number;
}

/** What is copied and gets its numbers in one go, which takes some 20 µs. */
const CHUNK_BYTES = 32 * 1024;

/** The caches of one encoder, by the array of label names of their family; they go with their store. */
export class PointCaches {
  readonly #byNames = new WeakMap<readonly string[], PointCache>();
  #all: readonly WeakRef<PointCache>[] = [];

  /** Memory of all caches, in bytes. */
  get bytes(): number {
    return this.#all.reduce((total, cache) => total + (cache.deref()?.bytes ?? 0), 0);
  }

  get(names: readonly string[]): PointCache | undefined {
    return this.#byNames.get(names);
  }

  /** Replaces the cache of a family. */
  set(names: readonly string[], cache: PointCache): void {
    const before = this.#byNames.get(names);
    const others = this.#all.filter((other) => other.deref() !== undefined && other.deref() !== before);
    this.#all = [...others, new WeakRef(cache)];
    this.#byNames.set(names, cache);
  }
}

/** The data points of one family without their numbers. It only grows; positions are those of the label sets in the first snapshot. */
export class PointCache {
  /** Label values by position: arrays that are the same ones in each snapshot of a store. */
  readonly labelValues: (readonly string[])[] = [];
  /** Bytes of each data point by position, without tag and length. */
  readonly lengths: number[] = [];
  readonly chunks: PointChunk[] = [];
  #chunkBytes = 0;
  readonly #labelNames: readonly string[];
  readonly #bounds: Bounds;

  constructor(family: FamilySnapshot) {
    this.#labelNames = family.labelNames;
    this.#bounds = boundsOf(family);
  }

  /** Memory of the data points, in bytes. */
  get bytes(): number {
    return this.#chunkBytes + (this.labelValues.length + this.lengths.length) * 8;
  }

  /** Returns the position at which a family's label sets can begin; -1 if the cache is that of another family. */
  positionOf(family: FamilySnapshot): number {
    if (this.#bounds !== boundsOf(family)) return -1;
    const first = family.labelValues(0);
    // In a snapshot that was split, the second part begins further on.
    return this.labelValues[0] === first ? 0 : this.labelValues.indexOf(first);
  }

  /** Encodes the data point of one more label set. */
  append(values: readonly string[]): void {
    const length = blankPointLength(this.#bounds, this.#labelNames, values);
    const chunk = this.#chunkFor(fieldLength(length));
    writeBlankPoint(chunk.message, length, this.#bounds, this.#labelNames, values);
    chunk.end += 1;
    this.labelValues.push(values);
    this.lengths.push(length);
  }

  /** Returns the byte of a chunk at which the data point of a position begins. */
  offsetOf({ first }: PointChunk, position: number): number {
    let offset = 0;
    for (let at = first; at < position; at += 1) offset += fieldLength(this.lengths[at] as number);
    return offset;
  }

  #chunkFor(bytes: number): PointChunk {
    const last = this.chunks.at(-1);
    if (last !== undefined && last.message.at + bytes <= last.message.bytes.length) return last;
    const first = this.labelValues.length;
    const chunk: PointChunk = { message: createMessage(Math.max(bytes, CHUNK_BYTES)), first, end: first };
    this.chunks.push(chunk);
    this.#chunkBytes += chunk.message.bytes.length;
    return chunk;
  }
}

function boundsOf(family: FamilySnapshot): Bounds {
  return family.type === "histogram" ? family.bounds : undefined;
}
