import type { FamilySnapshot, HistogramSnapshot } from "@eventmeter/aggregation";
import { exemplarsLength, writeExemplars } from "./exemplars.ts";
import { POINT, type PointTimes, setNumbers } from "./data-point.ts";
import { type Chunk, createTemplate, extend, positionIn, type Template } from "./point-cache.ts";
import { fieldLength, varintLength, type Wire, writeHead } from "./protobuf-writer.ts";

/** The template of each family by its array of label names; both go with their store. */
export type Templates = WeakMap<readonly string[], Template>;

/** Where the data points of a family come from, and how long they are. */
export interface FamilyPlan {
  readonly family: FamilySnapshot;
  readonly template: Template;
  /** Position in the template of the family's first label set. */
  readonly position: number;
  /** Bytes of exemplars by index of label set; undefined without exemplars. */
  readonly exemplarLengths: Uint32Array | undefined;
  /** Bytes of all data points with their tags and lengths. */
  readonly pointsLength: number;
}

/** Label sets between two looks at the clock: some 5 µs, or 100 where they are new or have exemplars. */
const STEP = 64;

/** Finds or makes the template of a family and measures its data points. */
export function* planFamily(family: FamilySnapshot, templates: Templates): Generator<void, FamilyPlan> {
  const known = templates.get(family.labelNames);
  const position = known === undefined ? -1 : positionIn(known, family);
  if (known !== undefined && position >= 0) {
    const plan = yield* planWith(family, known, position);
    if (plan !== undefined) return plan;
  }
  const template = createTemplate(family);
  const plan = (yield* planWith(family, template, 0)) as FamilyPlan;
  templates.set(family.labelNames, template);
  return plan;
}

/** Gives undefined where the template holds other label sets, or the same ones in another order. */
function* planWith(
  family: FamilySnapshot,
  template: Template,
  position: number,
): Generator<void, FamilyPlan | undefined> {
  const { sets, lengths } = template;
  const exemplarLengths = hasExemplars(family) ? new Uint32Array(family.size) : undefined;
  let pointsLength = 0;
  for (let index = 0; index < family.size; index += 1) {
    const values = family.labelValues(index);
    if (position + index === sets.length) extend(template, values);
    else if (sets[position + index] !== values) return undefined;
    let length = lengths[position + index] as number;
    if (exemplarLengths !== undefined) {
      const bytes = exemplarsLength(family as HistogramSnapshot, index);
      exemplarLengths[index] = bytes;
      length += bytes;
    }
    pointsLength += fieldLength(length);
    if (index % STEP === STEP - 1) yield;
  }
  return { family, template, position, exemplarLengths, pointsLength };
}

/** Appends all data points of a family. */
export function* writePoints(wire: Wire, plan: FamilyPlan, times: PointTimes): Generator<void> {
  const { family, template, position, exemplarLengths } = plan;
  const end = position + family.size;
  for (const chunk of template.chunks) {
    const from = Math.max(chunk.first, position);
    const to = Math.min(chunk.end, end);
    if (from >= to) continue;
    const start = offsetOf(template, chunk, from);
    if (exemplarLengths === undefined) copyPoints(wire, plan, times, chunk, { from, to, start });
    else yield* writeWithExemplars(wire, plan, times, chunk, { from, to, start });
    yield;
  }
}

interface Range {
  readonly from: number;
  readonly to: number;
  /** Byte in the chunk at which `from` begins. */
  readonly start: number;
}

/** Copies data points in one go and gives them their numbers; hot. */
function copyPoints(
  wire: Wire,
  { family, template, position }: FamilyPlan,
  times: PointTimes,
  chunk: Chunk,
  { from, to, start }: Range,
): void {
  const { lengths } = template;
  const { view } = wire;
  const bytes = offsetOf(template, chunk, to) - start;
  wire.bytes.set(chunk.wire.bytes.subarray(start, start + bytes), wire.at);
  let { at } = wire;
  for (let point = from; point < to; point += 1) {
    const length = lengths[point] as number;
    at += 1 + varintLength(length);
    setNumbers(view, at, times, family, point - position);
    at += length;
  }
  wire.at = at;
}

/** Exemplars follow what was copied: the order of fields means nothing. */
function* writeWithExemplars(
  wire: Wire,
  { family, template, position, exemplarLengths }: FamilyPlan,
  times: PointTimes,
  chunk: Chunk,
  { from, to, start }: Range,
): Generator<void> {
  let source = start;
  for (let point = from; point < to; point += 1) {
    const index = point - position;
    const length = template.lengths[point] as number;
    source += 1 + varintLength(length);
    writeHead(wire, POINT, length + (exemplarLengths?.[index] ?? 0));
    wire.bytes.set(chunk.wire.bytes.subarray(source, source + length), wire.at);
    setNumbers(wire.view, wire.at, times, family, index);
    wire.at += length;
    source += length;
    writeExemplars(wire, family as HistogramSnapshot, index);
    if (index % STEP === STEP - 1) yield;
  }
}

function offsetOf({ lengths }: Template, { first }: Chunk, position: number): number {
  let offset = 0;
  for (let at = first; at < position; at += 1) offset += fieldLength(lengths[at] as number);
  return offset;
}

function hasExemplars(family: FamilySnapshot): boolean {
  return family.type === "histogram" && family.hasExemplars;
}
