// Renderer of metrics pages: collects what belongs on a page, and shares one page among scrapes at the same time.
import { Readable } from "node:stream";
import { createGzip } from "node:zlib";
import { runInSlices, type Snapshot } from "@eventmeter/aggregation";
import type { Clock } from "@eventmeter/core";
import { describeFailure, type Reporter, runDetached } from "@eventmeter/core/publisher";
import { readFamilies } from "../sources/registry-families.ts";
import { type PageSource, SourceReader } from "../sources/source-reader.ts";
import type { PageFormat } from "./exposition-text.ts";
import { FamilyNames } from "./taken-names.ts";
import { writePage } from "./page-writer.ts";
import type { PlainFamily } from "./plain-families.ts";

/** A whole page, shared by all callers that asked for it at the same time. */
export class Page {
  readonly chunks: readonly Buffer[];
  /** When the numbers were read, on the monotonic clock, in milliseconds. */
  readonly time: number;
  /** Whether every source answered in time. */
  readonly isComplete: boolean;
  #gzipped: Promise<readonly Buffer[]> | undefined;

  constructor(chunks: readonly Buffer[], time: number, isComplete: boolean) {
    this.chunks = chunks;
    this.time = time;
    this.isComplete = isComplete;
  }

  /** Resolves to the page compressed with gzip, which is done once. */
  gzipped(): Promise<readonly Buffer[]> {
    return (this.#gzipped ??= gzip(this.chunks));
  }
}

/** What each source returned; undefined for one that could not be read. */
type SourceMetrics = readonly (readonly unknown[] | undefined)[];

/** A page that is being written. */
interface Writing {
  readonly metrics: SourceMetrics;
  readonly page: Promise<Page>;
}

/** How many metrics that were left out are reported, over the life of a publisher. */
const MAX_REPORTED = 100;

const UP = "eventmeter_registry_up";

/** Renders the pages of one publisher. */
export class PageRenderer {
  readonly #snapshot: () => Snapshot;
  readonly #ownFamilies: () => readonly PlainFamily[];
  readonly #readers: readonly SourceReader[];
  readonly #createdLines: boolean;
  readonly #clock: Clock;
  readonly #reporter: Reporter;
  /** Pages under way. */
  readonly #writing = new Map<PageFormat, Writing>();
  /** Metrics that were reported as left out, with the reason. */
  readonly #reported = new Set<string>();
  #failing = false;

  constructor({
    snapshot,
    ownFamilies,
    sources,
    createdLines,
    clock,
    reporter,
    signal,
  }: {
    readonly snapshot: () => Snapshot;
    /** Returns the publisher's own families beside those of records. */
    readonly ownFamilies: () => readonly PlainFamily[];
    /** Foreign metrics. */
    readonly sources: readonly PageSource[];
    readonly createdLines: boolean;
    readonly clock: Clock;
    readonly reporter: Reporter;
    /** Ends every wait for a source. */
    readonly signal: AbortSignal;
  }) {
    this.#snapshot = snapshot;
    this.#ownFamilies = ownFamilies;
    this.#readers = sources.map((source) => new SourceReader(source, { clock, reporter, signal }));
    this.#createdLines = createdLines;
    this.#clock = clock;
    this.#reporter = reporter;
  }

  /** Whether the last page could not be rendered. */
  get failing(): boolean {
    return this.#failing;
  }

  /**
   * Renders a page, or returns the one that is being rendered for another caller. Rejects if the page cannot be rendered.
   * @param budgetMs how long sources can take, in milliseconds; those that take longer are left out
   */
  async render(format: PageFormat, budgetMs: number): Promise<Page> {
    try {
      const metrics = await Promise.all(this.#readers.map((reader) => reader.read(budgetMs)));
      const page = await this.#writeOnce(format, metrics);
      this.#failing = false;
      return page;
    } catch (cause) {
      const isNew = !this.#failing;
      this.#failing = true;
      // A scraper asks again and again: one report is enough.
      if (isNew)
        this.#reporter.error("page-failed", `the page could not be made${describeFailure(cause)}`, {
          cause,
          retryable: true,
        });
      throw cause;
    }
  }

  /** Callers that got the same from the sources share a page, whatever their budgets were: many budgets cost no memory. */
  #writeOnce(format: PageFormat, metrics: SourceMetrics): Promise<Page> {
    const shared = this.#writing.get(format);
    if (shared?.metrics.every((each, at) => each === metrics[at]) === true) return shared.page;
    const page = runDetached(() =>
      this.#writeNew(format, metrics).finally(() => {
        if (this.#writing.get(format)?.page === page) this.#writing.delete(format);
      }),
    );
    this.#writing.set(format, { metrics, page });
    return page;
  }

  async #writeNew(format: PageFormat, metrics: SourceMetrics): Promise<Page> {
    let time = 0;
    const chunks = await runInSlices(() => {
      time = this.#clock.monotonic();
      return this.#write(format, metrics);
    });
    return new Page(
      chunks,
      time,
      metrics.every((each) => each !== undefined),
    );
  }

  *#write(format: PageFormat, metrics: SourceMetrics): Generator<void, readonly Buffer[]> {
    const snapshot = this.#snapshot();
    const own = this.#ownFamilies();
    const names = new FamilyNames();
    for (const { name, type } of [...snapshot.families, ...own]) names.take(name, type);
    if (this.#readers.length > 0) names.take(UP, "gauge");
    const foreign: (PlainFamily[] | undefined)[] = [];
    for (const [at, { source }] of this.#readers.entries())
      foreign.push(yield* this.#readSource(source, metrics[at], names));
    const families = [...own, ...this.#upFamily(foreign), ...foreign.flatMap((read) => read ?? [])];
    return yield* writePage(snapshot, families, format, this.#createdLines);
  }

  *#readSource(
    source: PageSource,
    metrics: readonly unknown[] | undefined,
    names: FamilyNames,
  ): Generator<void, PlainFamily[] | undefined> {
    if (metrics === undefined) return undefined;
    try {
      return yield* readFamilies(metrics, names, source.isOpenMetrics(), (name, reason) =>
        this.#reportLeftOut(name, reason),
      );
    } catch {
      this.#reportLeftOut("", "what it gave could not be read");
      return undefined;
    }
  }

  #reportLeftOut(name: string, reason: string): void {
    const what = name === "" ? reason : `${name}: ${reason}`;
    if (this.#reported.has(what) || this.#reported.size >= MAX_REPORTED) return;
    this.#reported.add(what);
    this.#reporter.error("metric-left-out", `a metric of a registry is not on the page: ${what}`);
  }

  #upFamily(foreign: readonly (readonly PlainFamily[] | undefined)[]): PlainFamily[] {
    if (this.#readers.length === 0) return [];
    const samples = this.#readers.map(({ source }, at) => ({
      name: UP,
      labels: { source: source.name },
      value: foreign[at] === undefined ? 0 : 1,
    }));
    return [{ name: UP, type: "gauge", help: "Whether the metrics of a foreign source are on this page.", samples }];
  }
}

async function gzip(chunks: readonly Buffer[]): Promise<readonly Buffer[]> {
  const compressed: Buffer[] = [];
  // Level 1 costs half of the default for a tenth more bytes.
  const stream = Readable.from(chunks).compose(createGzip({ level: 1 }));
  for await (const chunk of stream) compressed.push(chunk as Buffer);
  return compressed;
}
