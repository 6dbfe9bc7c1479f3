import type { CounterSnapshot, FamilySnapshot, HistogramSnapshot } from "@eventmeter/aggregation";
import { appendBytes, appendCount, appendText, MAX_COUNT_BYTES, type PageBytes, reserve } from "./page-buffer.ts";
import { boundText, escapeQuoted, exemplarText, numberText, type PageFormat } from "./exposition-text.ts";

/** How samples are written. */
export interface SeriesStyle {
  readonly format: PageFormat;
  /** Epoch seconds for `_created` lines; undefined for none. */
  readonly created: string | undefined;
}

/** What all label sets of a family have in common on a page. */
export type SeriesPlan = CounterPlan | HistogramPlan;

interface CounterPlan {
  readonly type: "counter";
  readonly family: CounterSnapshot;
  readonly labelHeads: readonly string[];
  readonly createdName: string;
  readonly created: string | undefined;
}

interface HistogramPlan {
  readonly type: "histogram";
  readonly family: HistogramSnapshot;
  readonly labelHeads: readonly string[];
  readonly created: string | undefined;
  readonly hasExemplars: boolean;
  /** Ends of the bucket lines up to the number. */
  readonly tails: readonly Buffer[];
  /** Most bytes that follow name and labels on a line. */
  readonly maxTailBytes: number;
}

/** 128 characters of labels, each at most four bytes, quotes and braces, a value and a time. */
const MAX_EXEMPLAR_BYTES = 600;

const LINE_FEED = 10;

/** Prepares to write the label sets of a family. */
export function planSeries(family: FamilySnapshot, { format, created }: SeriesStyle): SeriesPlan {
  const labelHeads = family.labelNames.map((name, at) => `${at === 0 ? "" : '",'}${name}="`);
  if (family.type === "counter") {
    const createdName = `${family.name.replace(/_total$/, "")}_created`;
    return { type: "counter", family, labelHeads, createdName, created };
  }
  const tails = [...family.bounds, Infinity].map((bound) => Buffer.from(`,le="${boundText(bound)}"} `));
  const hasExemplars = format === "openmetrics" && family.hasExemplars;
  const maxEndBytes = MAX_COUNT_BYTES + (hasExemplars ? MAX_EXEMPLAR_BYTES : 0) + 1;
  const maxTailBytes = Math.max(...tails.map((tail) => tail.length)) + maxEndBytes;
  return { type: "histogram", family, labelHeads, created, hasExemplars, tails, maxTailBytes };
}

/** Appends all samples of one label set. Hot, and no closure: what is compiled for one page serves the next. */
export function appendSeries(page: PageBytes, plan: SeriesPlan, index: number): void {
  if (plan.type === "counter") appendCounter(page, plan, index);
  else appendHistogram(page, plan, index);
}

function appendCounter(page: PageBytes, plan: CounterPlan, index: number): void {
  const { family, createdName, created } = plan;
  const set = labelSetText(plan.labelHeads, family.labelValues(index));
  appendText(page, `${family.name}{${set}} ${numberText(family.values[index] as number)}\n`);
  // Beside its own series: a reader of start times overlooks it anywhere else.
  if (created !== undefined) appendText(page, `${createdName}{${set}} ${created}\n`);
}

/**
 * The lines of a label set differ in their ends only, so name and labels are encoded once and copied as bytes. Keeping
 * them between scrapes gains nothing that could be measured.
 */
function appendHistogram(page: PageBytes, plan: HistogramPlan, index: number): void {
  const { family, tails, created } = plan;
  const { name, buckets } = family;
  const set = labelSetText(plan.labelHeads, family.labelValues(index));
  const head = `${name}_bucket{${set}`;
  const headBytes = Buffer.byteLength(head);
  reserve(page, (headBytes + plan.maxTailBytes) * tails.length);
  const start = page.at;
  let count = 0;
  for (let bucket = 0; bucket < tails.length; bucket += 1) {
    if (bucket === 0) page.chunk.write(head, start);
    else page.chunk.copyWithin(page.at, start, start + headBytes);
    page.at += headBytes;
    appendBytes(page, tails[bucket] as Buffer);
    count += buckets[index * tails.length + bucket] as number;
    appendCount(page, count);
    if (plan.hasExemplars) appendExemplar(page, family, index, bucket);
    page.chunk[page.at] = LINE_FEED;
    page.at += 1;
  }
  const sum = numberText(family.sums[index] as number);
  const createdLine = created === undefined ? "" : `${name}_created{${set}} ${created}\n`;
  appendText(page, `${name}_sum{${set}} ${sum}\n${name}_count{${set}} ${count}\n${createdLine}`);
}

function appendExemplar(page: PageBytes, family: HistogramSnapshot, index: number, bucket: number): void {
  const exemplar = family.exemplar(index, bucket);
  if (exemplar === undefined) return;
  const { labels, value, time } = exemplar;
  page.at += page.chunk.write(exemplarText({ labels, value, timestamp: time / 1000 }), page.at);
}

function labelSetText(heads: readonly string[], values: readonly string[]): string {
  let text = "";
  for (let at = 0; at < heads.length; at += 1) text += `${heads[at]}${escapeQuoted(values[at] as string)}`;
  return `${text}"`;
}
