// Writer of the series of one family of a snapshot: a counter line, or the lines of a histogram, for each label set.
import type { CounterSnapshot, FamilySnapshot, HistogramSnapshot } from "@eventmeter/aggregation";
import { boundText, escapeQuoted, exemplarText, numberText, type PageFormat } from "./exposition-text.ts";
import { appendBytes, appendCount, appendText, MAX_COUNT_BYTES, type PageBuffer, reserve } from "./page-buffer.ts";

/** How series are written. */
export interface SeriesStyle {
  readonly format: PageFormat;
  /** Value of the `_created` lines, in epoch seconds; undefined for no such lines. */
  readonly created: string | undefined;
}

/** What all label sets of a family have in common on a page. */
export type SeriesPlan = CounterPlan | HistogramPlan;

interface CounterPlan {
  readonly type: "counter";
  readonly family: CounterSnapshot;
  /** Text before each label value. */
  readonly labelHeads: readonly string[];
  readonly createdName: string;
  readonly created: string | undefined;
}

interface HistogramPlan {
  readonly type: "histogram";
  readonly family: HistogramSnapshot;
  /** Text before each label value. */
  readonly labelHeads: readonly string[];
  readonly created: string | undefined;
  readonly hasExemplars: boolean;
  /** What follows the label values on each bucket line, up to the number. */
  readonly bucketTails: readonly Buffer[];
  /** Most bytes that can follow name and labels on a bucket line. */
  readonly maxTailBytes: number;
}

/** 128 characters of labels, each at most four bytes, quotes and braces, a value and a time. */
const MAX_EXEMPLAR_BYTES = 600;

const LINE_FEED = 10;

/** Prepares to write the series of a family. */
export function planSeries(family: FamilySnapshot, { format, created }: SeriesStyle): SeriesPlan {
  const labelHeads = family.labelNames.map((name, at) => `${at === 0 ? "" : '",'}${name}="`);
  if (family.type === "counter") {
    const createdName = `${family.name.replace(/_total$/, "")}_created`;
    return { type: "counter", family, labelHeads, createdName, created };
  }
  const bucketTails = [...family.bounds, Infinity].map((bound) => Buffer.from(`,le="${boundText(bound)}"} `));
  const hasExemplars = format === "openmetrics" && family.hasExemplars;
  const maxEndBytes = MAX_COUNT_BYTES + (hasExemplars ? MAX_EXEMPLAR_BYTES : 0) + 1;
  const maxTailBytes = Math.max(...bucketTails.map((tail) => tail.length)) + maxEndBytes;
  return { type: "histogram", family, labelHeads, created, hasExemplars, bucketTails, maxTailBytes };
}

/** Writes all lines of one label set. Hot, and not a closure: what is compiled for one page serves the next. */
export function writeSeries(page: PageBuffer, plan: SeriesPlan, index: number): void {
  if (plan.type === "counter") writeCounter(page, plan, index);
  else writeHistogram(page, plan, index);
}

function writeCounter(page: PageBuffer, plan: CounterPlan, index: number): void {
  const { family, createdName, created } = plan;
  const set = labelSetText(plan.labelHeads, family.labelValues(index));
  appendText(page, `${family.name}{${set}} ${numberText(family.values[index] as number)}\n`);
  // Beside its own series: a reader of start times does not find it anywhere else.
  if (created !== undefined) appendText(page, `${createdName}{${set}} ${created}\n`);
}

/**
 * The lines of a label set differ in their ends only, so name and labels are written once and copied as bytes. Keeping
 * them between scrapes gains nothing that could be measured.
 */
function writeHistogram(page: PageBuffer, plan: HistogramPlan, index: number): void {
  const { family, bucketTails, created } = plan;
  const { name, buckets } = family;
  const set = labelSetText(plan.labelHeads, family.labelValues(index));
  const head = `${name}_bucket{${set}`;
  const headBytes = Buffer.byteLength(head);
  reserve(page, (headBytes + plan.maxTailBytes) * bucketTails.length);
  const start = page.at;
  let count = 0;
  for (let bucket = 0; bucket < bucketTails.length; bucket += 1) {
    if (bucket === 0) page.chunk.write(head, start);
    else page.chunk.copyWithin(page.at, start, start + headBytes);
    page.at += headBytes;
    appendBytes(page, bucketTails[bucket] as Buffer);
    count += buckets[index * bucketTails.length + bucket] as number;
    appendCount(page, count);
    if (plan.hasExemplars) writeExemplar(page, family, index, bucket);
    page.chunk[page.at] = LINE_FEED;
    page.at += 1;
  }
  const sum = numberText(family.sums[index] as number);
  const createdLine = created === undefined ? "" : `${name}_created{${set}} ${created}\n`;
  appendText(page, `${name}_sum{${set}} ${sum}\n${name}_count{${set}} ${count}\n${createdLine}`);
}

function writeExemplar(page: PageBuffer, family: HistogramSnapshot, index: number, bucket: number): void {
  const exemplar = family.exemplar(index, bucket);
  if (exemplar === undefined) return;
  const { labels, value, time } = exemplar;
  page.at += page.chunk.write(exemplarText({ labels, value, timestamp: time / 1000 }), page.at);
}

function labelSetText(labelHeads: readonly string[], values: readonly string[]): string {
  let text = "";
  for (let at = 0; at < labelHeads.length; at += 1) text += `${labelHeads[at]}${escapeQuoted(values[at] as string)}`;
  return `${text}"`;
}
