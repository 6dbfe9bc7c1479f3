// Rows 9 and 16: what scrapes and series cost in memory. Runs in a process of its own:
// `memory.ts peak|kept ours|theirs <label sets>`.
import { readFileSync, writeFileSync } from "node:fs";
import { setImmediate } from "node:timers/promises";
import { collectGarbage } from "./lib.ts";
import { createSubject, scrape } from "./subject.ts";
import { createNaivePromClient, makeEvents } from "./workload.ts";

/** Bytes per label set. */
export interface Kept {
  readonly filled: number;
  readonly scraped: number;
}

const [mode, side, count] = process.argv.slice(2);
const labelSets = Number(count);
const events = makeEvents(labelSets).map((event) => ({ ...event, retryCount: 0 }));
process.stdout.write(JSON.stringify(mode === "peak" ? await peak() : await kept()));

/** The side that is measured. */
interface Side {
  readonly publish: (event: (typeof events)[number]) => void;
  /** Returns nothing, because the last value of an `await` stays alive. */
  readonly scrape: () => Promise<void>;
}

async function kept(): Promise<Kept> {
  // Code that is loaded and compiled, and strings that are flattened, must not count as memory that is kept.
  const rehearsal = createSide();
  fill(rehearsal);
  await rehearsal.scrape();
  const before = await used();
  const measured = createSide();
  fill(measured);
  const filled = await used();
  for (let turn = 0; turn < 4; turn += 1) await measured.scrape();
  const scraped = await used();
  await measured.scrape();
  return { filled: (filled - before) / labelSets, scraped: (scraped - before) / labelSets };
}

/** Returns the growth of the resident set up to its peak during the first scrape, in bytes, or null if the system does not report it. */
async function peak(): Promise<number | null> {
  const measured = createSide();
  fill(measured);
  await used();
  try {
    // Linux: 5 resets the peak of the resident set.
    writeFileSync("/proc/self/clear_refs", "5");
  } catch {
    return null;
  }
  const start = resident("VmRSS");
  await measured.scrape();
  return resident("VmHWM") - start;
}

function fill({ publish }: Side): void {
  for (const event of events) publish(event);
}

function createSide(): Side {
  if (side === "ours") {
    const publisher = createSubject(labelSets);
    return {
      publish: (event) => publisher.publishEventMetrics(event),
      scrape: async () => void (await scrape(publisher)),
    };
  }
  const naive = createNaivePromClient();
  return { publish: (event) => naive.event(event), scrape: async () => void (await naive.registry.metrics()) };
}

async function used(): Promise<number> {
  for (let turn = 0; turn < 3; turn += 1) {
    await setImmediate();
    collectGarbage();
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

function resident(field: string): number {
  const kibibytes = new RegExp(`${field}:\\s+(\\d+) kB`).exec(readFileSync("/proc/self/status", "utf8"))?.[1];
  return Number(kibibytes) * 1024;
}
