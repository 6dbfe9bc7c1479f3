// Runs all benchmarks, prints the table to stdout and progress to stderr, and writes results/latest.json.
import { mkdir, writeFile } from "node:fs/promises";
import { cpus } from "node:os";
import { type Finding, type Head, inChild, median, PROM_CLIENT, ROUNDS } from "./lib.ts";
import type { Kept } from "./memory.ts";
import { runSteps, type Step, writePart } from "./progress.ts";

const quick = process.argv.includes("--quick") ? ["--quick"] : [];
const YOUNG_GENERATION = ["--max-semi-space-size=64", "--min-semi-space-size=64"];
const steps: readonly Step<Finding[]>[] = [
  ...["10", "1000", "10000"].map((count) => childStep(`publish, ${count} label sets`, "publish.ts", [count])),
  childStep("allocation", "allocation.ts", [], YOUNG_GENERATION),
  ...["1000", "10000", "50000"].map((count) => childStep(`scrape, ${count} label sets`, "scrape.ts", [count])),
  childStep("composite", "composite.ts"),
  childStep("Elasticsearch", "elasticsearch.ts"),
  childStep("states of a backend", "backend-states.ts"),
  ...["12000", "60000"].map((count) => childStep(`OTLP, ${count} points`, "otlp.ts", [count])),
  { name: "memory per label set, 10000 label sets", run: compareKept },
  { name: "memory of a scrape, 10000 label sets", run: comparePeaks },
];
const findings = (await runSteps(steps)).flat();
findings.sort((one, other) => one.goal.localeCompare(other.goal, "en", { numeric: true }));

printTable(findings);
await mkdir(new URL("results/", import.meta.url), { recursive: true });
await writeFile(
  new URL("results/latest.json", import.meta.url),
  `${JSON.stringify({ time: new Date().toISOString(), node: process.version, cpu: cpus()[0]?.model, rounds: ROUNDS, findings }, null, 2)}\n`,
);

function childStep(
  name: string,
  file: string,
  args: readonly string[] = [],
  flags: readonly string[] = [],
): Step<Finding[]> {
  return { name, run: () => inChild<Finding[]>(file, [...args, ...quick], flags) };
}

async function compareKept(): Promise<Finding[]> {
  const kept = await inTurn<Kept>("kept");
  const bytes = { goal: "16", unit: "B", limit: 550, stretch: 300 };
  const own = (value: number): number => value;
  return [
    summarise({ ...bytes, what: "memory per histogram label set" }, kept.map(pairOf(({ filled }) => filled)), own),
    summarise({ ...bytes, what: "the same after scrapes" }, kept.map(pairOf(({ scraped }) => scraped)), own),
  ];
}

async function comparePeaks(): Promise<Finding[]> {
  const peaks = await inTurn<number | null>("peak");
  if (peaks.some(({ ours }) => ours === null)) return [];
  const head = {
    goal: "9",
    what: "peak RSS growth of a scrape, 10000 label sets",
    unit: "MB",
    limit: 0.3,
    stretch: 0.15,
  };
  const megabytes = peaks.map(pairOf((peak) => (peak ?? Number.NaN) / 1e6));
  return [summarise(head, megabytes, (ours, theirs) => ours / theirs)];
}

interface Pair<Value> {
  readonly ours: Value;
  readonly theirs: Value;
}

async function inTurn<Value>(mode: string): Promise<Pair<Value>[]> {
  const pairs: Pair<Value>[] = [];
  for (let round = 1; round <= ROUNDS; round += 1) {
    writePart(`round ${round} of ${ROUNDS}`);
    pairs.push({
      ours: await inChild<Value>("memory.ts", [mode, "ours", "10000"]),
      theirs: await inChild<Value>("memory.ts", [mode, "theirs", "10000"]),
    });
  }
  return pairs;
}

function pairOf<Value>(read: (value: Value) => number): (pair: Pair<Value>) => Pair<number> {
  return ({ ours, theirs }) => ({ ours: read(ours), theirs: read(theirs) });
}

function summarise(
  head: Head,
  pairs: readonly Pair<number>[],
  figureOf: (ours: number, theirs: number) => number,
): Finding {
  const figures = pairs.map(({ ours, theirs }) => figureOf(ours, theirs));
  return {
    peer: PROM_CLIENT,
    ...head,
    ours: median(pairs.map(({ ours }) => ours)),
    theirs: median(pairs.map(({ theirs }) => theirs)),
    figure: median(figures),
    lowest: Math.min(...figures),
    highest: Math.max(...figures),
  };
}

function printTable(rows: readonly Finding[]): void {
  const heads = ["goal", "what", "peer", "ours", "peer's", "figure", "lowest", "highest", "goal", "stretch", ""];
  const cells = rows.map((row) => [
    row.goal,
    row.what,
    row.peer,
    `${short(row.ours)} ${row.unit}`,
    row.theirs === null ? "" : `${short(row.theirs)} ${row.unit}`,
    short(row.figure),
    short(row.lowest),
    short(row.highest),
    `${row.atLeast ? ">=" : "<="} ${row.limit}`,
    String(row.stretch),
    verdictOn(row),
  ]);
  const widths = heads.map((head, column) =>
    Math.max(head.length, ...cells.map((line) => (line[column] ?? "").length)),
  );
  for (const line of [heads, ...cells])
    process.stdout.write(
      `${line
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd()}\n`,
    );
}

function verdictOn({ figure, limit, stretch, atLeast }: Finding): string {
  const reaches = (goal: number): boolean => (atLeast ? figure >= goal : figure <= goal);
  return reaches(stretch) ? "met, stretch too" : reaches(limit) ? "met" : "NOT MET";
}

function short(value: number): string {
  return Math.abs(value) >= 100 ? value.toFixed(0) : String(Number(value.toPrecision(3)));
}
