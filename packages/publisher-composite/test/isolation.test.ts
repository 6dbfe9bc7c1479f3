import { createPublisher, type MetricsPublisher } from "@eventmeter/core";
import { CompositePublisher } from "@eventmeter/publisher-composite";
import { describe, expect, test } from "vitest";
import { event, never, nothing, publisher, settled } from "./doubles.ts";

const ROUNDS = 15;
const RECORDS = 4_000;

const failure = new Error("always the same, so that making it is no part of what is measured");
const bad: Readonly<Record<string, () => MetricsPublisher>> = {
  throws: () =>
    publisher("bad", {
      publishEventMetrics() {
        throw failure;
      },
    }),
  "never settles": () => publisher("bad", { publishEventMetrics: never }),
  rejects: () => publisher("bad", { publishEventMetrics: () => Promise.reject(failure) }),
  "hangs in flush and close": () => publisher("bad", { publishEventMetrics: never, flush: never, close: never }),
};

function healthy(name: string): MetricsPublisher {
  return createPublisher({ name, event: nothing }, { onError: nothing });
}

function compositeWith(third: MetricsPublisher): CompositePublisher {
  return new CompositePublisher([healthy("one"), third, healthy("two")], { onError: nothing });
}

/** Publishes a round of records and gives the milliseconds it took. */
function publishRound(composite: CompositePublisher): number {
  const record = event();
  const begun = performance.now();
  for (let count = 0; count < RECORDS; count += 1) composite.publishEventMetrics(record);
  return performance.now() - begun;
}

function median(values: readonly number[]): number {
  return values.toSorted((one, other) => one - other)[values.length >> 1] ?? Number.NaN;
}

describe.each(Object.entries(bad))("beside a child that %s", (_, makeBad) => {
  test("the others get every record, at no less than 95 % of the rate among healthy children", async () => {
    const [sick, sound] = [compositeWith(makeBad()), compositeWith(healthy("third"))];
    const times = { sick: [] as number[], sound: [] as number[] };
    for (let round = 0; round < ROUNDS; round += 1) {
      for (const [name, composite] of [
        ["sick", sick],
        ["sound", sound],
      ] as const) {
        times[name].push(publishRound(composite));
        await settled();
      }
    }
    const published = ROUNDS * RECORDS;
    const delivered = sick.health().children?.map((child) => [child.name, child.delivered]);
    expect(delivered?.filter(([name]) => name !== "bad")).toEqual([
      ["one", published],
      ["two", published],
    ]);
    expect(sick.health()).toMatchObject({ received: published, delivered: published, pending: 0 });
    const rate = median(times.sound) / median(times.sick);
    expect(rate, `${(rate * 100).toFixed(0)} % of the healthy rate`).toBeGreaterThanOrEqual(0.95);
  });

  test("the others are flushed and closed, and the composite's close ends within its timeout", async () => {
    const composite = compositeWith(makeBad());
    publishRound(composite);
    const begun = performance.now();
    const { status } = await composite.close({ timeoutMs: 200 });
    expect(performance.now() - begun).toBeLessThan(300);
    expect(["complete", "timeout"]).toContain(status);
    const others = composite.health().children?.filter(({ name }) => name !== "bad");
    expect(others).toMatchObject([
      { state: "closed", delivered: RECORDS, pending: 0 },
      { state: "closed", delivered: RECORDS, pending: 0 },
    ]);
  });
});
