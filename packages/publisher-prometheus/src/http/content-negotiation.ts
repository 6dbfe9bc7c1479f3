// Content negotiation: which format, and whether gzip, a scraper's headers ask for.
import type { PageFormat } from "../page/exposition-text.ts";

/** Media type of each format, word for word as https://prometheus.io/docs/instrumenting/content_negotiation/ has it. */
export const CONTENT_TYPES: Readonly<Record<PageFormat, string>> = {
  text: "text/plain; version=0.0.4; charset=utf-8",
  openmetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8",
};

/** How much of a header is read: a real one has some 300 characters and 6 items. */
const MAX_CHARACTERS = 4_096;
const MAX_ITEMS = 64;

/** Versions of each media type for which the page can be served; "" stands for no version. */
const VERSIONS: ReadonlyMap<string, readonly [PageFormat, ReadonlySet<string>]> = new Map([
  ["text/plain", ["text", new Set(["", "0.0.4", "1.0.0"])]],
  ["application/openmetrics-text", ["openmetrics", new Set(["", "0.0.1", "1.0.0"])]],
]);

/** Formats that a wildcard covers, the preferred one first. */
const WILDCARDS: ReadonlyMap<string, readonly PageFormat[]> = new Map([
  ["*/*", ["text", "openmetrics"]],
  ["text/*", ["text"]],
  ["application/*", ["openmetrics"]],
]);

interface HeaderItem {
  readonly value: string;
  readonly parameters: ReadonlyMap<string, string>;
  readonly quality: number;
}

/**
 * Returns the format that an Accept header prefers: highest `q`, then named before wildcard, then first. Returns text 0.0.4
 * where the header names neither format, so that a scraper gets a page in any case. The work is bounded, whatever the header.
 */
export function negotiateFormat(accept: string | undefined): PageFormat {
  const excluded = new Set<PageFormat>();
  const named: { readonly format: PageFormat; readonly quality: number }[] = [];
  const ranges: typeof named = [];
  for (const { value, parameters, quality } of readItems(accept)) {
    const [format, versions] = VERSIONS.get(value) ?? [];
    if (format !== undefined && versions?.has(parameters.get("version") ?? "") === true) {
      if (quality === 0) excluded.add(format);
      else named.push({ format, quality });
    }
    for (const covered of WILDCARDS.get(value) ?? []) ranges.push({ format: covered, quality });
  }
  let best: PageFormat = "text";
  let bestQuality = 0;
  for (const { format, quality } of [...named, ...ranges]) {
    if (quality <= bestQuality || excluded.has(format)) continue;
    best = format;
    bestQuality = quality;
  }
  return best;
}

/** Returns whether an Accept-Encoding header allows gzip, the only encoding that scrapers read. */
export function acceptsGzip(acceptEncoding: string | undefined): boolean {
  const items = readItems(acceptEncoding);
  const item =
    items.find(({ value }) => value === "gzip" || value === "x-gzip") ?? items.find(({ value }) => value === "*");
  return item !== undefined && item.quality > 0;
}

function readItems(header: string | undefined): HeaderItem[] {
  if (header === undefined) return [];
  // Half an item could mean the opposite of the whole one.
  const end = header.length > MAX_CHARACTERS ? header.lastIndexOf(",", MAX_CHARACTERS) : header.length;
  return header
    .slice(0, Math.max(end, 0))
    .split(",", MAX_ITEMS)
    .map((text) => {
      const [value = "", ...pairs] = text.split(";").map((part) => part.trim().toLowerCase());
      const parameters = new Map(pairs.map((pair) => readParameter(pair)));
      return { value, parameters, quality: readQuality(parameters.get("q")) };
    });
}

function readParameter(pair: string): [string, string] {
  const at = pair.indexOf("=");
  if (at === -1) return [pair, ""];
  return [
    pair.slice(0, at).trim(),
    pair
      .slice(at + 1)
      .trim()
      .replace(/^"(.*)"$/, "$1"),
  ];
}

/** Returns a quality from 0 to 1; an invalid one counts as 0, which means not accepted. */
function readQuality(text: string | undefined): number {
  if (text === undefined) return 1;
  return /^(?:0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/.test(text) ? Number(text) : 0;
}
