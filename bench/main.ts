import { mkdir, writeFile } from "node:fs/promises";
import { cpus } from "node:os";
import { type Finding, type Head, inChild, median, PROM_CLIENT, ROUNDS } from "./lib.ts";
import type { Kept } from "./memory.ts";

const quick = process.argv.includes("--quick") ? ["--quick"] : [];
const findings: Finding[] = [];
for (const labelSets of ["10", "1000", "10000"])
  findings.push(...(await inChild<Finding[]>("publish.ts", [labelSets, ...quick])));
findings.push(
  ...(await inChild<Finding[]>("allocation.ts", quick, ["--max-semi-space-size=64", "--min-semi-space-size=64"])),
);
for (const labelSets of ["1000", "10000", "50000"])
  findings.push(...(await inChild<Finding[]>("scrape.ts", [labelSets, ...quick])));
findings.push(...(await inChild<Finding[]>("composite.ts", quick)));
findings.push(...(await inChild<Finding[]>("elasticsearch.ts", quick)));
findings.push(...(await inChild<Finding[]>("backend-states.ts", quick)));
for (const points of ["12000", "60000"]) findings.push(...(await inChild<Finding[]>("otlp.ts", [points, ...quick])));
findings.push(...(await compareMemory()));
findings.sort((one, other) => one.goal.localeCompare(other.goal, "en", { numeric: true }));

printTable(findings);
await mkdir(new URL("results/", import.meta.url), { recursive: true });
await writeFile(
  new URL("results/latest.json", import.meta.url),
  `${JSON.stringify({ time: new Date().toISOString(), node: process.version, cpu: cpus()[0]?.model, rounds: ROUNDS, findings }, null, 2)}\n`,
);

async function compareMemory(): Promise<Finding[]> {
  const kept = await inTurn<Kept>("kept");
  const peaks = await inTurn<number | null>("peak");
  const bytes = { goal: "16", unit: "B", limit: 550, stretch: 300 };
  const own = (value: number): number => value;
  const found = [
    summarise({ ...bytes, what: "memory per histogram label set" }, kept.map(pairOf(({ filled }) => filled)), own),
    summarise({ ...bytes, what: "the same after scrapes" }, kept.map(pairOf(({ scraped }) => scraped)), own),
  ];
  if (peaks.some(({ ours }) => ours === null)) return found;
  const head = {
    goal: "9",
    what: "peak RSS growth of a scrape, 10000 label sets",
    unit: "MB",
    limit: 0.3,
    stretch: 0.15,
  };
  const megabytes = peaks.map(pairOf((peak) => (peak ?? Number.NaN) / 1e6));
  return [summarise(head, megabytes, (ours, theirs) => ours / theirs), ...found];
}

interface Pair<Value> {
  readonly ours: Value;
  readonly theirs: Value;
}

async function inTurn<Value>(mode: string): Promise<Pair<Value>[]> {
  const pairs: Pair<Value>[] = [];
  for (let round = 0; round < ROUNDS; round += 1)
    pairs.push({
      ours: await inChild<Value>("memory.ts", [mode, "ours", "10000"]),
      theirs: await inChild<Value>("memory.ts", [mode, "theirs", "10000"]),
    });
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
