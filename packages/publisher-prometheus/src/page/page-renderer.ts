import { Readable } from "node:stream";
import { createGzip } from "node:zlib";
import { runInSlices, type Snapshot } from "@eventmeter/aggregation";
import type { Clock } from "@eventmeter/core";
import type { Reporter } from "@eventmeter/core/publisher";
import { encodeSteps, type PageFormat, type PlainFamily } from "./page-writer.ts";
import { createFamilyNames, type FamilyNames } from "./family-names.ts";
import { readFamilies } from "../sources/registry-families.ts";
import { createSourceReader, type PageSource, type SourceReader } from "../sources/source-reader.ts";

/** A whole page, as those who asked for it at the same time share it. */
export interface Page {
  readonly chunks: readonly Buffer[];
  /** Gives the page compressed; done once, however many ask. */
  gzipped(): Promise<readonly Buffer[]>;
}

/** What a page is made of. */
export interface PagesInit {
  readonly snapshot: () => Snapshot;
  /** Own families beside those of records. */
  readonly families: () => readonly PlainFamily[];
  /** Foreign metrics. */
  readonly sources: readonly PageSource[];
  readonly createdLines: boolean;
  readonly clock: Clock;
  readonly reporter: Reporter;
  /** Ends every wait for a foreign source. */
  readonly signal: AbortSignal;
}

/** The pages of one publisher. */
export interface Pages {
  /** Whether the last page could not be made. */
  readonly failing: boolean;
  /**
   * Makes a page, or takes the one that is just being made for somebody else.
   * @param budgetMs how long foreign sources may take; those that take longer are left out
   */
  render(format: PageFormat, budgetMs: number): Promise<Page>;
}

/** How many things left out of foreign sources are reported. */
const MAX_REPORTED = 100;

const UP = "eventmeter_registry_up";

/** Opens the pages of one publisher. */
export function createPages({ snapshot, families, sources, createdLines, clock, reporter, signal }: PagesInit): Pages {
  const readers = sources.map((source) => createSourceReader({ source, clock, reporter, signal }));
  const rendering = new Map<string, Promise<Page>>();
  const reported = new Set<string>();
  let failing = false;

  function leaveOut(name: string, reason: string): void {
    const what = name === "" ? reason : `${name}: ${reason}`;
    if (reported.has(what) || reported.size >= MAX_REPORTED) return;
    reported.add(what);
    reporter.error("metric-left-out", `a metric of a registry is not on the page: ${what}`);
  }

  async function collect(format: PageFormat, budgetMs: number): Promise<Page> {
    const foreign = await Promise.all(readers.map((reader) => reader.read(budgetMs)));
    return createPage(await runInSlices(() => make(format, foreign)));
  }

  function* make(
    format: PageFormat,
    foreign: readonly (readonly unknown[] | undefined)[],
  ): Generator<void, readonly Buffer[]> {
    const current = snapshot();
    const own = families();
    const names = createFamilyNames();
    for (const { name, type } of [...current.families, ...own]) names.take(name, type);
    if (readers.length > 0) names.take(UP, "gauge");
    const others: (PlainFamily[] | undefined)[] = [];
    for (const [at, { source }] of readers.entries()) others.push(yield* admit(source, foreign[at], names));
    const extra = [...own, ...upFamily(readers, others), ...others.flatMap((families_) => families_ ?? [])];
    return yield* encodeSteps(current, extra, format, createdLines);
  }

  function* admit(
    source: PageSource,
    metrics: readonly unknown[] | undefined,
    names: FamilyNames,
  ): Generator<void, PlainFamily[] | undefined> {
    if (metrics === undefined) return undefined;
    try {
      return yield* readFamilies(metrics, names, source.isOpenMetrics(), leaveOut);
    } catch {
      leaveOut("", "what it gave could not be read");
      return undefined;
    }
  }

  async function attempt(format: PageFormat, budgetMs: number): Promise<Page> {
    try {
      const page = await collect(format, budgetMs);
      failing = false;
      return page;
    } catch (cause) {
      const isNew = !failing;
      failing = true;
      // A scraper asks again and again: one report says it all.
      if (isNew) reporter.error("page-failed", "the page could not be made", { cause, retryable: true });
      throw cause;
    }
  }

  return {
    get failing() {
      return failing;
    },
    render(format, budgetMs) {
      const key = readers.length === 0 ? format : `${format} ${budgetMs}`;
      const shared = rendering.get(key);
      if (shared !== undefined) return shared;
      const page = attempt(format, budgetMs).finally(() => rendering.delete(key));
      rendering.set(key, page);
      return page;
    },
  };
}

function upFamily(readers: readonly SourceReader[], others: readonly unknown[]): PlainFamily[] {
  if (readers.length === 0) return [];
  const samples = readers.map(({ source }, at) => ({
    name: UP,
    labels: { source: source.name },
    value: others[at] === undefined ? 0 : 1,
  }));
  return [{ name: UP, type: "gauge", help: "Whether the metrics of a foreign source are on this page.", samples }];
}

function createPage(chunks: readonly Buffer[]): Page {
  let gzipped: Promise<readonly Buffer[]> | undefined;
  return { chunks, gzipped: () => (gzipped ??= compress(chunks)) };
}

async function compress(chunks: readonly Buffer[]): Promise<readonly Buffer[]> {
  const compressed: Buffer[] = [];
  // Level 1 costs half of the default for a tenth more bytes.
  const gzip = Readable.from(chunks).compose(createGzip({ level: 1 }));
  for await (const chunk of gzip) compressed.push(chunk as Buffer);
  return compressed;
}
