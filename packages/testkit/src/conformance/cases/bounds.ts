// Rule 9: what a publisher holds, and what it reports of what it could not hold.
import { getHeapStatistics, setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { MetricsPublisher } from "@eventmeter/core";
import type { ConformanceCase, ConformanceOptions } from "../conformance-options.ts";
import type { Harness } from "../harness.ts";
import { caseOf } from "../rules.ts";
import { healthTree, innermost } from "../health-tree.ts";
import { finishedEvent, publishBad } from "../sample-records.ts";

const RECORDS = 10_000;
const PAYLOAD = 8_000;
const LIMIT_BYTES = 64 * 2 ** 20;
const SLICES = 24;
const LONG_TEXT = 4_000_000;
/** What the rest of the process may take meanwhile: less than half of what the slices can keep alive. */
const NOISE_BYTES = 32 * 2 ** 20;

/** Returns the cases of rule 9. */
export function boundCases({ create, stalled }: ConformanceOptions): ConformanceCase[] {
  const cases = [caseOf(9, "every drop is reported", create, (harness) => reportsDrops(harness, 0))];
  if (stalled === undefined) return cases;
  return [
    ...cases,
    caseOf(9, "a backend that never answers costs at most 64 MiB", stalled, staysSmall),
    caseOf(9, "what is pending keeps no more memory than health() says", stalled, keepsNoMore),
    caseOf(9, "every drop is reported when the backend never answers", stalled, (harness) =>
      reportsDrops(harness, RECORDS),
    ),
  ];
}

async function reportsDrops(harness: Harness, records: number): Promise<void> {
  const publisher = await harness.create();
  for (let count = 0; count < 25; count += 1) publishBad(publisher);
  for (let id = 0; id < records; id += 1) publisher.publishEventMetrics(finishedEvent(id));
  await harness.clock.advance(5_000);
  publishBad(publisher);
  await harness.wait(publisher.close({ timeoutMs: 200 }), "close()", 200);
  await harness.clock.advance(1_000);
  const health = publisher.health();
  const dropped = innermost(health).reduce((sum, inner) => sum + inner.dropped, 0);
  const reported = harness.errors.reduce((sum, error) => sum + error.dropped, 0);
  // A publisher around others reports what it drops itself as well.
  const fits = health.children === undefined ? reported === dropped : reported >= dropped;
  harness.require(fits, `${dropped} records were dropped, and the errors given to onError tell of ${reported}`);
}

/** Returns a text that refers to one of 4 MB, as engines represent a slice. */
function sliceOf(text: string): string {
  return `${"x".repeat(LONG_TEXT)}${text}`.toUpperCase().slice(LONG_TEXT);
}

function publishSlices(publisher: MetricsPublisher): void {
  for (let id = 0; id < SLICES; id += 1) {
    const text = sliceOf(`a-text-that-is-a-slice-of-a-long-one-${id}`);
    const record = { ...finishedEvent(id), taskId: text, error: text, attributes: { tenant: text } };
    publisher.publishEventMetrics(id % 2 === 0 ? record : { ...record, eventName: text });
  }
  // The last record may be kept until the next one.
  publisher.publishEventMetrics(finishedEvent());
}

async function keepsNoMore(harness: Harness): Promise<void> {
  const publisher = await harness.create();
  publisher.publishEventMetrics(finishedEvent());
  await harness.turn();
  const before = await usedHeap(harness);
  publishSlices(publisher);
  await harness.turn();
  const kept = (await usedHeap(harness)) - before;
  const bytes = innermost(publisher.health()).reduce((sum, { pendingDetail }) => sum + pendingDetail.bytes, 0);
  harness.require(
    kept <= 1.5 * bytes + NOISE_BYTES,
    `${SLICES} records with short slices of long texts keep ${Math.round(kept / 2 ** 20)} MiB alive, and health() says ${Math.round(bytes / 1_024)} KiB`,
  );
}

/** Returns the memory in use after a garbage collection, in bytes. */
async function usedHeap(harness: Harness): Promise<number> {
  // Any process can collect garbage so, without a flag of its own.
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  collect();
  // What a WeakRef points to lives until the turn ends.
  await harness.turn();
  collect();
  return getHeapStatistics().used_heap_size;
}

async function staysSmall(harness: Harness): Promise<void> {
  const publisher = await harness.create();
  for (let id = 0; id < RECORDS; id += 1) {
    publisher.publishEventMetrics({ ...finishedEvent(id), error: `${id} ${"x".repeat(PAYLOAD)}` });
    if (id % 1_000 === 0) await harness.turn();
  }
  for (const { name, pending, pendingDetail } of healthTree(publisher.health())) {
    const { bytes, oldestAgeMs } = pendingDetail;
    harness.require(
      bytes <= LIMIT_BYTES,
      `${name} holds ${Math.round(bytes / 2 ** 20)} MiB for ${pending} pending records`,
    );
    harness.require(
      pending === 0 || bytes > 0,
      `${name} has ${pending} records pending and says that they hold no memory`,
    );
    harness.require(
      pending === 0 || (oldestAgeMs !== null && oldestAgeMs >= 0),
      `${name} does not say how old its oldest pending record is`,
    );
  }
}
