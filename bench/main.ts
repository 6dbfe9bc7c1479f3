import { mkdir, writeFile } from "node:fs/promises";
import { cpus } from "node:os";
import { type Finding, inChild, median, PROM_CLIENT, ROUNDS } from "./lib.ts";
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
findings.push(...(await compareMemory()));
findings.sort((one, other) => Number.parseInt(one.goal, 10) - Number.parseInt(other.goal, 10));

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
  head: Pick<Finding, "goal" | "what" | "unit" | "limit" | "stretch">,
  pairs: readonly Pair<number>[],
  figureOf: (ours: number, theirs: number) => number,
): Finding {
  const figures = pairs.map(({ ours, theirs }) => figureOf(ours, theirs));
  return {
    ...head,
    peer: PROM_CLIENT,
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
    `<= ${row.limit}`,
    String(row.stretch),
    row.figure <= row.stretch ? "met, stretch too" : row.figure <= row.limit ? "met" : "NOT MET",
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

function short(value: number): string {
  return Math.abs(value) >= 100 ? value.toFixed(0) : String(Number(value.toPrecision(3)));
}
