// Row 4: bytes allocated per publish in steady state. `allocation.ts --gate` fails above the goal, as part of `pnpm check`.
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { type Finding, median, PROM_CLIENT, ROUNDS } from "./lib.ts";
import { writePart } from "./progress.ts";
import { createSubject } from "./subject.ts";
import { createNaivePromClient, makeEvents, makeOperations } from "./workload.ts";

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

/** Few enough that garbage is not collected during a measurement: even that of the peer fits into the young generation. */
const CALLS = 10_000;
const LIMIT = 48;
const STRETCH = 20;
const events = makeEvents(1_000);
const operations = makeOperations(1_000);
const publisher = createSubject(10_000);
const naive = createNaivePromClient();

const findings = [
  find(
    "publishEventMetrics",
    (call) => publisher.publishEventMetrics(events[call % 1_000]!),
    (call) => naive.event(events[call % 1_000]!),
  ),
  find(
    "publishNetworkMetrics",
    (call) => publisher.publishNetworkMetrics(operations[call % 1_000]!),
    (call) => naive.network(operations[call % 1_000]!),
  ),
];
if (!process.argv.includes("--gate")) process.stdout.write(JSON.stringify(findings));
else
  for (const { what, figure, lowest, highest } of findings) {
    process.stdout.write(
      `${what}: ${figure.toFixed(1)} B per call (${lowest.toFixed(1)} to ${highest.toFixed(1)}), at most ${LIMIT}\n`,
    );
    if (figure > LIMIT) process.exitCode = 1;
  }

function find(what: string, ours: (call: number) => void, theirs: (call: number) => void): Finding {
  writePart(`allocated by ${what}`);
  const own = Array.from({ length: ROUNDS }, () => bytesPerCall(ours));
  const other = Array.from({ length: ROUNDS }, () => bytesPerCall(theirs));
  return {
    goal: "4",
    what: `allocated by ${what}`,
    peer: PROM_CLIENT,
    unit: "B",
    ours: median(own),
    theirs: median(other),
    figure: median(own),
    lowest: Math.min(...own),
    highest: Math.max(...own),
    limit: LIMIT,
    stretch: STRETCH,
  };
}

function bytesPerCall(run: (call: number) => void): number {
  // Warm up first: compiling while it runs allocates feedback and code.
  for (let call = 0; call < 200_000; call += 1) run(call);
  collectGarbage();
  const before = process.memoryUsage().heapUsed;
  for (let call = 0; call < CALLS; call += 1) run(call);
  return (process.memoryUsage().heapUsed - before) / CALLS;
}
