// Rule 8: every record is counted once, and the numbers add up.
import type { MetricsPublisher, PublisherHealth } from "@eventmeter/core";
import type { ConformanceCase, ConformanceOptions, CreatePublisher } from "../conformance-options.ts";
import { malformedRecords } from "../../malformed-records.ts";
import { createSeededRandom } from "../../seeded-random.ts";
import type { Harness } from "../harness.ts";
import { declineFault, numberFault } from "../equation.ts";
import { caseOf } from "../rules.ts";
import { innermost } from "../health-tree.ts";
import { finishedEvent, finishedNetwork, publishBad, publishGood, unfinishedEvent } from "../sample-records.ts";

const STEPS = 300;

/** Returns the cases of rule 8. */
export function numberCases({ create, stalled, failing, format, seed = 1 }: ConformanceOptions): ConformanceCase[] {
  const backends: [string, CreatePublisher | undefined][] = [
    ["", create],
    [" with a backend that never answers", stalled],
    [" with a backend that rejects", failing],
  ];
  const cases = [
    caseOf(8, "finished records are delivered", create, delivers),
    caseOf(8, "each malformed record is counted once", create, (harness) =>
      countsMalformed(harness, seed, format === "mapped"),
    ),
  ];
  for (const [suffix, make] of backends) {
    if (make !== undefined)
      cases.push(
        caseOf(8, `they add up after every step of a random schedule${suffix}`, make, (harness) =>
          addsUp(harness, seed),
        ),
      );
  }
  if (failing !== undefined)
    cases.push(caseOf(8, "nothing that the backend rejected is delivered", failing, deliversNothing));
  return cases;
}

async function delivers(harness: Harness): Promise<void> {
  const publisher = await harness.create();
  publishGood(publisher, 5);
  await harness.wait(publisher.flush(), "flush()");
  const { received, delivered, dropped, ignored, pending } = publisher.health();
  const seen = `of 10 finished records ${received} were received, ${delivered} delivered, ${dropped} dropped, ${ignored} ignored, ${pending} are pending`;
  harness.require(received === 10 && delivered > 0 && delivered + ignored === 10, seen);
}

async function countsMalformed(harness: Harness, seed: number, mapped: boolean): Promise<void> {
  const publisher = await harness.create();
  for (const { kind, record, fault, outcome } of malformedRecords(seed, 500)) {
    const before = publisher.health();
    if (kind === "event") publisher.publishEventMetrics(record as never);
    else publisher.publishNetworkMetrics(record as never);
    // A publisher that sends each point in time once waits for the next one.
    await harness.clock.advance(1);
    await harness.wait(publisher.flush(), "flush()");
    const after = publisher.health();
    const about = `(seed ${seed}) after a record with this fault: ${fault}`;
    harness.require(
      after.received === before.received + 1,
      `"received" went from ${before.received} to ${after.received} ${about}`,
    );
    const settled = settledOf(after) - settledOf(before);
    harness.require(settled === 1, `${settled} records were settled ${about}`);
    const aside = asideOf(after, mapped) - asideOf(before, mapped);
    if (outcome === "dropped") harness.require(aside > 0, `nothing is counted as dropped.invalid ${about}`);
    if (outcome === "kept")
      harness.require(
        (after.droppedBy.invalid ?? 0) === (before.droppedBy.invalid ?? 0),
        `a record that can be repaired is dropped as invalid ${about}`,
      );
  }
}

const settledOf = ({ delivered, dropped, ignored }: PublisherHealth): number => delivered + dropped + ignored;

// The publisher that reads a record validates it: in a wrapper or composite, that is a publisher inside. A mapping can fail
// on the record first.
const asideOf = (health: PublisherHealth, mapped: boolean): number =>
  [health, ...innermost(health)].reduce(
    (sum, { droppedBy, ignored }) => sum + (droppedBy.invalid ?? 0) + (mapped ? (droppedBy.failed ?? 0) : 0) + ignored,
    0,
  );

async function addsUp(harness: Harness, seed: number): Promise<void> {
  const random = createSeededRandom(seed);
  const publisher = await harness.create();
  const flushes: Promise<unknown>[] = [];
  let published = 0;
  const publish = (...records: ((publisher: MetricsPublisher) => void)[]): void => {
    for (const one of records) one(publisher);
    published += records.length;
  };
  const steps: Readonly<Record<string, () => unknown>> = {
    "an event": () => publish((to) => to.publishEventMetrics(finishedEvent(published))),
    "a network operation": () => publish((to) => to.publishNetworkMetrics(finishedNetwork(published))),
    "an unfinished event": () => publish((to) => to.publishEventMetrics(unfinishedEvent())),
    "bad records": () => publish(publishBad, () => undefined),
    "a flush": () => flushes.push(publisher.flush({ timeoutMs: random.integer(500) })),
    "some time": () => harness.clock.advance(random.integer(2_000)),
    "a turn": () => harness.turn(),
  };
  const names = Object.keys(steps);
  let before = publisher.health();
  const examine = (step: string): void => {
    const after = publisher.health();
    const fault =
      numberFault(after) ??
      declineFault(before, after) ??
      (after.received === published ? undefined : `${published} records were published and ${after.received} received`);
    harness.require(fault === undefined, `after ${step} (seed ${seed}) ${fault}`);
    before = after;
  };
  for (let count = 0; count < STEPS; count += 1) {
    const step = random.pick(names);
    await steps[step]?.();
    examine(step);
  }
  await harness.wait(Promise.all(flushes), "every flush()");
  examine("the flushes");
  const closing = publisher.close({ timeoutMs: 200 });
  examine("the call of close()");
  await harness.wait(closing, "close()");
  examine("close()");
  publish((to) => to.publishEventMetrics(finishedEvent()));
  examine("a record after close()");
  const { pending } = before;
  harness.require(pending <= (await closing).durable, `after close() (seed ${seed}) ${pending} records are pending`);
}

async function deliversNothing(harness: Harness): Promise<void> {
  const publisher = await harness.create();
  publishGood(publisher, 5);
  await harness.wait(publisher.flush({ timeoutMs: 200 }), "flush()");
  await harness.wait(publisher.close({ timeoutMs: 200 }), "close()");
  const delivered = innermost(publisher.health()).reduce((sum, health) => sum + health.delivered, 0);
  harness.require(delivered === 0, `${delivered} records that the backend rejected are counted as delivered`);
}
