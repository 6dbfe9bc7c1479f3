import type { PageFormat } from "../page/page-writer.ts";

/** Media type of each format, word for word as https://prometheus.io/docs/instrumenting/content_negotiation/ has it. */
export const CONTENT_TYPES: Readonly<Record<PageFormat, string>> = {
  text: "text/plain; version=0.0.4; charset=utf-8",
  openmetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8",
};

/** What is read of a header at most: a real one has some 300 characters and 6 items. */
const MAX_CHARACTERS = 4_096;
const MAX_ITEMS = 64;

/** Versions of each media type that the page may be served for; "" stands for none. */
const VERSIONS: ReadonlyMap<string, readonly [PageFormat, ReadonlySet<string>]> = new Map([
  ["text/plain", ["text", new Set(["", "0.0.4", "1.0.0"])]],
  ["application/openmetrics-text", ["openmetrics", new Set(["", "0.0.1", "1.0.0"])]],
]);

/** Formats that a wildcard stands for, the preferred one first. */
const WILDCARDS: ReadonlyMap<string, readonly PageFormat[]> = new Map([
  ["*/*", ["text", "openmetrics"]],
  ["text/*", ["text"]],
  ["application/*", ["openmetrics"]],
]);

interface Item {
  readonly value: string;
  readonly parameters: ReadonlyMap<string, string>;
  readonly quality: number;
}

/**
 * Chooses the format that an Accept header likes best: highest `q`, then named before wildcard, then first. Text 0.0.4 where
 * it names neither, so that a scraper gets a page in any case. Bounded work, whatever the header is.
 */
export function negotiateFormat(accept: string | undefined): PageFormat {
  const refused = new Set<PageFormat>();
  const named: { readonly format: PageFormat; readonly quality: number }[] = [];
  const ranges: typeof named = [];
  for (const { value, parameters, quality } of readItems(accept)) {
    const [format, versions] = VERSIONS.get(value) ?? [];
    if (format !== undefined && versions?.has(parameters.get("version") ?? "") === true) {
      if (quality === 0) refused.add(format);
      else named.push({ format, quality });
    }
    for (const covered of WILDCARDS.get(value) ?? []) ranges.push({ format: covered, quality });
  }
  let best: PageFormat = "text";
  let bestQuality = 0;
  for (const { format, quality } of [...named, ...ranges]) {
    if (quality <= bestQuality || refused.has(format)) continue;
    best = format;
    bestQuality = quality;
  }
  return best;
}

/** Tells whether an Accept-Encoding header allows gzip, the only encoding that scrapers read. */
export function acceptsGzip(acceptEncoding: string | undefined): boolean {
  const items = readItems(acceptEncoding);
  const item =
    items.find(({ value }) => value === "gzip" || value === "x-gzip") ?? items.find(({ value }) => value === "*");
  return item !== undefined && item.quality > 0;
}

function readItems(header: string | undefined): Item[] {
  if (header === undefined) return [];
  // Half an item could say the opposite of the whole one.
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

/** Reads a quality from 0 to 1; what is none counts as not accepted. */
function readQuality(text: string | undefined): number {
  if (text === undefined) return 1;
  return /^(?:0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/.test(text) ? Number(text) : 0;
}
