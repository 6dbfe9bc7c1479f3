import type { FamilySnapshot } from "@eventmeter/aggregation";
import { blankPointLength, type Bounds, writeBlankPoint } from "./data-point.ts";
import { createWire, fieldLength, type Wire } from "./protobuf-writer.ts";

/**
 * The data points of a family as bytes that lack their numbers, encoded once and copied for each request. It only grows;
 * positions are those of label sets in the snapshot that it was made of.
 */
export interface Template {
  readonly names: readonly string[];
  readonly bounds: Bounds;
  /** Label values by position: arrays that are the same ones in each snapshot of a store. */
  readonly sets: (readonly string[])[];
  /** Bytes by position, without tag and length. */
  readonly lengths: number[];
  readonly chunks: Chunk[];
}

/** Data points in a row. */
export interface Chunk {
  readonly wire: Wire;
  /** Position of the first one. */
  readonly first: number;
  /** Position behind the last one. */
  end: number;
}

/** What is copied and gets its numbers in one go, some 20 µs. */
const CHUNK_BYTES = 32 * 1024;

/** Makes a template without data points. */
export function createTemplate(family: FamilySnapshot): Template {
  return { names: family.labelNames, bounds: boundsOf(family), sets: [], lengths: [], chunks: [] };
}

/** Gives the position from which on a template may hold a family's label sets; -1 where it is that of another family. */
export function positionIn({ bounds, sets }: Template, family: FamilySnapshot): number {
  if (bounds !== boundsOf(family)) return -1;
  const first = family.labelValues(0);
  // Of a snapshot that was split, a part begins further on.
  return sets[0] === first ? 0 : sets.indexOf(first);
}

/** Appends the data point of a label set. */
export function extend({ names, bounds, sets, lengths, chunks }: Template, values: readonly string[]): void {
  const length = blankPointLength(bounds, names, values);
  const bytes = fieldLength(length);
  let chunk = chunks.at(-1);
  if (chunk === undefined || chunk.wire.at + bytes > chunk.wire.bytes.length) {
    chunk = { wire: createWire(Math.max(bytes, CHUNK_BYTES)), first: sets.length, end: sets.length };
    chunks.push(chunk);
  }
  writeBlankPoint(chunk.wire, length, bounds, names, values);
  chunk.end += 1;
  sets.push(values);
  lengths.push(length);
}

function boundsOf(family: FamilySnapshot): Bounds {
  return family.type === "histogram" ? family.bounds : undefined;
}
