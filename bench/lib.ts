import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

/** What one comparison found: `ours` and `peer` in `unit`, and how they relate in each round. */
export interface Finding {
  /** Number of the goal, as "1". */
  readonly goal: string;
  readonly what: string;
  readonly peer: string;
  readonly unit: string;
  readonly ours: number;
  readonly theirs: number | null;
  /** Median of the same-round ratios, or the absolute figure where the goal is one. */
  readonly figure: number;
  readonly lowest: number;
  readonly highest: number;
  /** The goal: the most that `figure` may be, the least where `atLeast` is set. */
  readonly limit: number;
  readonly stretch: number;
  readonly atLeast?: true;
}

/** What a finding is about, said before it is measured; `peer` is prom-client unless another one is named. */
export type Head = Pick<Finding, "goal" | "what" | "unit" | "limit" | "stretch" | "atLeast"> & {
  readonly peer?: string;
};

/** One side of a comparison: runs once and gives its cost in the unit of the finding. */
export type Measure = () => number | Promise<number>;

/** Rounds per comparison. */
export const ROUNDS: number = process.argv.includes("--quick") ? 3 : 9;

/** Name and version of the peer, as installed. */
export const PROM_CLIENT = `prom-client ${versionOf("prom-client")}`;

/** Version of a package, as installed. */
export function versionOf(name: string): string {
  // Not resolved: some packages do not export it.
  const file = new URL(`node_modules/${name}/package.json`, import.meta.url);
  return (JSON.parse(readFileSync(file, "utf8")) as { version: string }).version;
}

/** Runs both sides in turn, the first one changing with each round, after two rounds that do not count. @param figureOf what the goal is about in one round; how both relate by default */
export async function compare(
  head: Head,
  ours: Measure,
  theirs: Measure,
  figureOf: (ours: number, theirs: number) => number = (own, other) => own / other,
): Promise<Finding> {
  const rounds: { ours: number; theirs: number; figure: number }[] = [];
  for (let round = -2; round < ROUNDS; round += 1) {
    const first = round % 2 === 0 ? await ours() : await theirs();
    const second = round % 2 === 0 ? await theirs() : await ours();
    const [own, other] = round % 2 === 0 ? [first, second] : [second, first];
    if (round >= 0) rounds.push({ ours: own, theirs: other, figure: figureOf(own, other) });
  }
  const figures = rounds.map(({ figure }) => figure);
  return {
    peer: PROM_CLIENT,
    ...head,
    ours: median(rounds.map((round) => round.ours)),
    theirs: median(rounds.map((round) => round.theirs)),
    figure: median(figures),
    lowest: Math.min(...figures),
    highest: Math.max(...figures),
  };
}

/** Gives the median. */
export function median(values: readonly number[]): number {
  return values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)] ?? Number.NaN;
}

/** Nanoseconds per call of `run`, over `calls` calls. */
export function nanoseconds(calls: number, run: (call: number) => void): number {
  const began = process.hrtime.bigint();
  for (let call = 0; call < calls; call += 1) run(call);
  return Number(process.hrtime.bigint() - began) / calls;
}

/** Milliseconds of the longest time for which a run held the event loop. */
export async function longestBlock(run: () => Promise<unknown>): Promise<number> {
  let longest = 0;
  let last = performance.now();
  let watching = true;
  const watch = (): void => {
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
    if (watching) setImmediate(watch);
  };
  watch();
  await run();
  watching = false;
  watch();
  return longest;
}

/** Collects garbage; only in children started with `--expose-gc`. */
export function collectGarbage(): void {
  if (globalThis.gc === undefined) throw new Error("start with --expose-gc");
  globalThis.gc();
  globalThis.gc();
}

/** Runs a bench file in a process of its own and gives what it printed. */
export async function inChild<Result>(
  file: string,
  args: readonly string[],
  flags: readonly string[] = [],
): Promise<Result> {
  const path = fileURLToPath(new URL(file, import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, ["--expose-gc", ...flags, path, ...args], {
    maxBuffer: 1e8,
    timeout: 600_000,
  });
  return JSON.parse(stdout) as Result;
}

/** Gives a page's samples in one order and spelling, so that pages of different writers can be compared; sums to 6 digits. */
export function canonicalSamples(page: string): string[] {
  return page
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => {
      const [, name = "", labels = "", value = ""] = /^([^{ ]+)(?:\{(.*)\})? (.+)$/.exec(line) ?? [];
      const pairs = labels
        .replace(/le="(\d+)\.0"/, 'le="$1"')
        .split(",")
        .toSorted()
        .join(",");
      return `${name}{${pairs}} ${Number(Number(value).toPrecision(6))}`;
    })
    .toSorted();
}

/** Throws unless two pages hold the same samples. */
export function assertSamePage(ours: string, theirs: string): void {
  const [own, other] = [canonicalSamples(ours), canonicalSamples(theirs)];
  const at = own.findIndex((line, index) => line !== other[index]);
  if (at >= 0 || own.length !== other.length)
    throw new Error(`pages differ (${own.length} and ${other.length} samples): ${own[at]} is not ${other[at]}`);
}
