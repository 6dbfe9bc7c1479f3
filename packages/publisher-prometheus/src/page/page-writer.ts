// Writer of metrics pages: the families of a snapshot, then the others, as the bytes of one page.
import type { FamilySnapshot, Snapshot } from "@eventmeter/aggregation";
import { headText, numberText, type PageFormat } from "./exposition-text.ts";
import { appendText, createPageBuffer, finishPage, type PageBuffer } from "./page-buffer.ts";
import { type PlainFamily, sampleLine } from "./plain-families.ts";
import { planSeries, type SeriesStyle, writeSeries } from "./series-writer.ts";

/**
 * Writes a page and returns its bytes in chunks; yields after each chunk, which takes far less than a slice. The comment
 * lines of a family without series are written too, so that the page of a fresh process is not empty.
 * @param createdLines whether an OpenMetrics page has `_created` lines, which scrapers store as further series by default
 */
export function* writePage(
  snapshot: Snapshot,
  others: readonly PlainFamily[],
  format: PageFormat,
  createdLines: boolean,
): Generator<void, Buffer[]> {
  const { startTime, families } = snapshot;
  const isDated = createdLines && format === "openmetrics" && Number.isFinite(startTime);
  const style = { format, created: isDated ? numberText(startTime / 1000) : undefined };
  const page = createPageBuffer();
  for (const family of families) yield* writeFamily(page, family, style);
  for (const family of others) yield* writePlainFamily(page, family, format);
  if (format === "openmetrics") appendText(page, "# EOF\n");
  return finishPage(page);
}

function* writeFamily(page: PageBuffer, family: FamilySnapshot, style: SeriesStyle): Generator<void> {
  appendText(page, headText(family, style.format));
  const plan = planSeries(family, style);
  let full = page.chunks.length;
  for (let index = 0; index < family.size; index += 1) {
    writeSeries(page, plan, index);
    if (page.chunks.length === full) continue;
    full = page.chunks.length;
    yield;
  }
}

function* writePlainFamily(page: PageBuffer, { samples, ...head }: PlainFamily, format: PageFormat): Generator<void> {
  appendText(page, headText(head, format));
  let full = page.chunks.length;
  for (const sample of samples) {
    appendText(page, sampleLine(sample, head.type, format));
    if (page.chunks.length === full) continue;
    full = page.chunks.length;
    yield;
  }
}
