import { runInSlices, type SliceOptions, type Snapshot } from "@eventmeter/aggregation";
import { appendText, createPageBytes, finishPage, type PageBytes } from "./page-buffer.ts";
import { type PlainFamily, sampleText } from "./plain-families.ts";
import { appendSeries, planSeries, type SeriesStyle } from "./series-writer.ts";
import { headText, numberText, type PageFormat } from "./exposition-text.ts";

export type { PlainFamily, PlainSample } from "./plain-families.ts";
export type { PageFormat } from "./exposition-text.ts";

/** How a page is encoded. */
export interface EncodeOptions extends SliceOptions {
  /** Whether OpenMetrics gets `_created` lines, which scrapers store as series of their own unless told otherwise. @default false */
  readonly createdLines?: boolean | undefined;
}

/** Encodes a page in slices, and gives its bytes in chunks. */
export function encodePage(
  snapshot: Snapshot,
  extra: readonly PlainFamily[],
  format: PageFormat,
  { createdLines = false, ...slices }: EncodeOptions = {},
): Promise<Buffer[]> {
  return runInSlices(() => encodeSteps(snapshot, extra, format, createdLines), slices);
}

/**
 * Encodes a page and yields after each chunk, which takes far less than a slice: the families of the snapshot, then the others.
 * The comment lines of a family without series are there too, so that the page of a fresh process is not an empty one.
 */
export function* encodeSteps(
  snapshot: Snapshot,
  extra: readonly PlainFamily[],
  format: PageFormat,
  createdLines: boolean,
): Generator<void, Buffer[]> {
  const page = createPageBytes();
  const { startTime } = snapshot;
  const isDated = createdLines && format === "openmetrics" && Number.isFinite(startTime);
  yield* writePage(page, snapshot, extra, { format, created: isDated ? numberText(startTime / 1000) : undefined });
  return finishPage(page);
}

function* writePage(
  page: PageBytes,
  snapshot: Snapshot,
  extra: readonly PlainFamily[],
  style: SeriesStyle,
): Generator<void> {
  const { format } = style;
  for (const family of snapshot.families) {
    appendText(page, headText(family, format));
    const plan = planSeries(family, style);
    let full = page.chunks.length;
    for (let index = 0; index < family.size; index += 1) {
      appendSeries(page, plan, index);
      if (page.chunks.length === full) continue;
      full = page.chunks.length;
      yield;
    }
  }
  for (const { samples, ...head } of extra) {
    appendText(page, headText(head, format));
    let full = page.chunks.length;
    for (const sample of samples) {
      appendText(page, sampleText(sample, head.type, format));
      if (page.chunks.length === full) continue;
      full = page.chunks.length;
      yield;
    }
  }
  if (format === "openmetrics") appendText(page, "# EOF\n");
}
