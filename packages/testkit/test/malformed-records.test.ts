import { createPublisher } from "@eventmeter/core";
import { createEventFields, createNetworkFields, readEvent, readNetwork } from "@eventmeter/core/publisher";
import { malformedRecords } from "@eventmeter/testkit";
import { expect, test } from "vitest";

const CALLS = process.env["EVENTMETER_FULL"] === "1" ? 1_000_000 : 50_000;
const SEED = 20_261_122;

test("gives the same records for the same seed, and others for another", () => {
  const faults = (seed: number): string[] =>
    [...malformedRecords(seed, 200)].map(({ kind, fault, outcome }) => `${kind} ${fault} ${outcome}`);
  expect(faults(1)).toEqual(faults(1));
  expect(faults(2)).not.toEqual(faults(1));
});

test("holds records of every outcome, for both kinds", () => {
  const seen = new Set([...malformedRecords(1, 1_000)].map(({ kind, outcome }) => `${kind} ${outcome}`));
  expect(seen.size).toBe(6);
});

test("tells beforehand what the readers make of each record", () => {
  const fields = { event: createEventFields(), network: createNetworkFields() };
  for (const { kind, record, fault, outcome } of malformedRecords(SEED, 20_000)) {
    const valid =
      kind === "event" ? readEvent(record as never, fields.event) : readNetwork(record as never, fields.network);
    if (outcome !== "either") expect(valid ? "kept" : "dropped", `${kind}, ${fault} (seed ${SEED})`).toBe(outcome);
  }
});

test(`${CALLS} malformed calls throw nothing and are counted once each`, () => {
  const publisher = createPublisher({ name: "example", event: () => {}, network: () => {} }, { onError: () => {} });
  let sure = 0;
  let unsure = 0;
  let last = "";
  try {
    for (const { kind, record, fault, outcome } of malformedRecords(SEED, CALLS)) {
      last = `${kind}, ${fault} (seed ${SEED})`;
      if (kind === "event") publisher.publishEventMetrics(record as never);
      else publisher.publishNetworkMetrics(record as never);
      if (outcome === "dropped") sure += 1;
      if (outcome === "either") unsure += 1;
    }
  } catch (error) {
    throw new Error(`publish threw on ${last}`, { cause: error });
  }
  const { received, delivered, droppedBy, pending } = publisher.health();
  const invalid = droppedBy.invalid ?? 0;
  expect([received, delivered + invalid, pending]).toEqual([CALLS, CALLS, 0]);
  expect(invalid).toBeGreaterThanOrEqual(sure);
  expect(invalid).toBeLessThanOrEqual(sure + unsure);
}, 120_000);

test("leaves Object.prototype as it was", () => {
  expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
});
