import type { ConformanceCase, ConformanceOptions } from "./case.ts";
import type { Bench } from "./bench.ts";
import { caseOf } from "./rules.ts";
import { finishedEvent, healthTree, innermost, publishBad } from "./samples.ts";

const RECORDS = 10_000;
const PAYLOAD = 8_000;
const LIMIT_BYTES = 64 * 2 ** 20;

/** Rule 9: what a publisher holds, and what it says of what it could not hold. */
export function boundCases({ create, stalled }: ConformanceOptions): ConformanceCase[] {
  const cases = [caseOf(9, "every drop is reported", create, (bench) => reportsDrops(bench, 0))];
  if (stalled === undefined) return cases;
  return [
    ...cases,
    caseOf(9, "a backend that never answers costs at most 64 MiB", stalled, staysSmall),
    caseOf(9, "every drop is reported when the backend never answers", stalled, (bench) =>
      reportsDrops(bench, RECORDS),
    ),
  ];
}

async function reportsDrops(bench: Bench, records: number): Promise<void> {
  const publisher = await bench.create();
  for (let count = 0; count < 25; count += 1) publishBad(publisher);
  for (let id = 0; id < records; id += 1) publisher.publishEventMetrics(finishedEvent(id));
  await bench.clock.advance(5_000);
  publishBad(publisher);
  await bench.wait(publisher.close({ timeoutMs: 200 }), "close()", 200);
  await bench.clock.advance(1_000);
  const health = publisher.health();
  const dropped = innermost(health).reduce((sum, inner) => sum + inner.dropped, 0);
  const told = bench.errors.reduce((sum, error) => sum + error.dropped, 0);
  // Publishers around others report what they drop themselves too.
  const fits = health.children === undefined ? told === dropped : told >= dropped;
  bench.require(fits, `${dropped} records were dropped, and the errors given to onError tell of ${told}`);
}

async function staysSmall(bench: Bench): Promise<void> {
  const publisher = await bench.create();
  for (let id = 0; id < RECORDS; id += 1) {
    publisher.publishEventMetrics({ ...finishedEvent(id), error: `${id} ${"x".repeat(PAYLOAD)}` });
    if (id % 1_000 === 0) await bench.turn();
  }
  for (const { name, pending, pendingDetail } of healthTree(publisher.health())) {
    const { bytes, oldestAgeMs } = pendingDetail;
    bench.require(
      bytes <= LIMIT_BYTES,
      `${name} holds ${Math.round(bytes / 2 ** 20)} MiB for ${pending} pending records`,
    );
    bench.require(
      pending === 0 || bytes > 0,
      `${name} has ${pending} records pending and says that they hold no memory`,
    );
    bench.require(
      pending === 0 || (oldestAgeMs !== null && oldestAgeMs >= 0),
      `${name} does not say how old its oldest pending record is`,
    );
  }
}
