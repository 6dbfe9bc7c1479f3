import { CompositePublisher } from "@eventmeter/publisher-composite";
import { expect, test } from "vitest";
import { event, nothing, publisher } from "./doubles.ts";

const ROUNDS = 101;
// Few enough that a round of 16 bytes each ends long before the garbage collector comes.
const RECORDS = 5_000;

test("nothing is allocated for a record", () => {
  const children = ["one", "two", "three"].map((name) => publisher(name, { publishEventMetrics: nothing }));
  const composite = new CompositePublisher([
    ...children,
    new CompositePublisher([{ publisher: publisher("four", { publishEventMetrics: nothing }), events: () => true }]),
  ]);
  const record = event();
  const bytesOf = (): number => {
    const before = process.memoryUsage().heapUsed;
    for (let count = 0; count < RECORDS; count += 1) composite.publishEventMetrics(record);
    return (process.memoryUsage().heapUsed - before) / RECORDS;
  };
  const rounds = Array.from({ length: ROUNDS }, bytesOf).toSorted((one, other) => one - other);
  expect(rounds[ROUNDS >> 1]).toBeLessThan(2);
  expect(composite.health()).toMatchObject({ received: ROUNDS * RECORDS, delivered: ROUNDS * RECORDS });
});
