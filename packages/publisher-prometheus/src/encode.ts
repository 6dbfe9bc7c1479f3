import { setImmediate } from "node:timers/promises";
import type { Snapshot } from "@eventmeter/aggregation";
import { appendText, createPageBytes, finishPage, type PageBytes } from "./encode-bytes.ts";
import { type PlainFamily, sampleText } from "./encode-plain.ts";
import { appendSeries, planSeries, type SeriesStyle } from "./encode-series.ts";
import { headText, numberText, type PageFormat } from "./encode-text.ts";

export type { PlainFamily, PlainSample } from "./encode-plain.ts";
export type { PageFormat } from "./encode-text.ts";

/** How a page is encoded. */
export interface EncodeOptions {
  /** Whether OpenMetrics gets `_created` lines, which scrapers store as series of their own unless told otherwise. @default false */
  readonly createdLines?: boolean | undefined;
  /** How long the event loop is held at a time, in milliseconds; a snapshot's copy and the garbage come on top. @default 3 */
  readonly sliceMs?: number | undefined;
  /** Lets others run between slices. @default setImmediate */
  readonly pause?: (() => Promise<unknown>) | undefined;
}

/**
 * Encodes a page, in slices, and gives its bytes in chunks: the families of the snapshot, then the others. The comment lines of
 * a family without series are there too, so that the page of a fresh process is not an empty one.
 */
export async function encodePage(
  snapshot: Snapshot,
  extra: readonly PlainFamily[],
  format: PageFormat,
  { createdLines = false, sliceMs = 3, pause = setImmediate }: EncodeOptions = {},
): Promise<Buffer[]> {
  const page = createPageBytes();
  const created = createdLines && format === "openmetrics" ? numberText(snapshot.startTime / 1000) : undefined;
  let began = performance.now();
  for (const _ of writePage(page, snapshot, extra, { format, created })) {
    if (performance.now() - began < sliceMs) continue;
    // oxlint-disable-next-line no-await-in-loop -- slices follow one another
    await pause();
    began = performance.now();
  }
  return finishPage(page);
}

/** Writes a page and yields after each chunk, which takes far less than a slice. */
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
