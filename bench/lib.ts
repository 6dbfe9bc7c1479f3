// What the benchmarks share: comparisons in rounds, processes of their own, and metrics pages that can be compared.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { writePart } from "./progress.ts";

/** Result of one comparison: `ours` and `theirs` in `unit`, and the ratio of each round. */
export interface Finding {
  /** Number of the goal, for example "1". */
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

/** What a finding is about. `peer` is prom-client unless another one is named. */
export type Head = Pick<Finding, "goal" | "what" | "unit" | "limit" | "stretch" | "atLeast"> & {
  readonly peer?: string;
};

/** One side of a comparison: runs once and returns its cost in the unit of the finding. */
export type Measure = () => number | Promise<number>;

/** Rounds per comparison. */
export const ROUNDS: number = process.argv.includes("--quick") ? 3 : 9;

/** Name and version of the peer, as installed. */
export const PROM_CLIENT = `prom-client ${versionOf("prom-client")}`;

/** Returns the version of a package, as installed. */
export function versionOf(name: string): string {
  // Not resolved: some packages do not export it.
  const file = new URL(`node_modules/${name}/package.json`, import.meta.url);
  return (JSON.parse(readFileSync(file, "utf8")) as { version: string }).version;
}

/**
 * Runs both sides in turn, after two rounds that do not count. The side that goes first changes with each round.
 * @param figureOf returns the figure of one round that the goal limits; by default the ratio of both sides
 */
export async function compare(
  head: Head,
  ours: Measure,
  theirs: Measure,
  figureOf: (ours: number, theirs: number) => number = (own, other) => own / other,
): Promise<Finding> {
  writePart(head.what);
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

/** Returns the median. */
export function median(values: readonly number[]): number {
  return values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)] ?? Number.NaN;
}

/** Returns the nanoseconds per call of `run`, over `calls` calls. */
export function nanoseconds(calls: number, run: (call: number) => void): number {
  const began = process.hrtime.bigint();
  for (let call = 0; call < calls; call += 1) run(call);
  return Number(process.hrtime.bigint() - began) / calls;
}

/** Returns the longest time for which a run blocked the event loop, in milliseconds. */
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

/** Runs a file of this folder in a process of its own and returns the JSON value that it prints. Its stderr is shown. */
export async function inChild<Result>(
  file: string,
  args: readonly string[],
  flags: readonly string[] = [],
): Promise<Result> {
  const path = fileURLToPath(new URL(file, import.meta.url));
  const child = spawn(process.execPath, ["--expose-gc", ...flags, path, ...args], {
    stdio: ["ignore", "pipe", "inherit"],
    timeout: 600_000,
  });
  const [output, [code, signal]] = await Promise.all([text(child.stdout), once(child, "exit")]);
  if (code !== 0) throw new Error(`${file} ${args.join(" ")} ended with ${code ?? signal}`);
  return JSON.parse(output) as Result;
}

/** Returns the samples of a metrics page in one order and form, so that pages of different writers can be compared. Values have 6 digits. */
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
    throw new Error(`pages differ (${own.length} and ${other.length} samples): ${own[at]} differs from ${other[at]}`);
}
