// The numbers of a publisher, as health() shows them.
import { expect, test } from "vitest";
import { createPublisher } from "../src/index.ts";
import { createLedger } from "../src/publisher.ts";

test("what is neither delivered, dropped nor ignored is pending", () => {
  const ledger = createLedger();
  ledger.received = 10;
  ledger.recovered = 2;
  ledger.delivered = 3;
  ledger.drop("invalid");
  ledger.drop("overflow", 2);
  ledger.ignore("filtered");
  ledger.ignore("unsupported", 3);
  expect(ledger.counts()).toEqual({ received: 10, recovered: 2, delivered: 3, dropped: 3, ignored: 4, pending: 2 });
});

test("counts by reason, and names no reason that never occurred", () => {
  const ledger = createLedger();
  ledger.drop("invalid", 0);
  ledger.ignore("filtered", 0);
  expect(ledger.health("example", { state: "idle" })).toMatchObject({ droppedBy: {}, ignoredBy: {} });
  ledger.drop("invalid", 2);
  ledger.drop("closed");
  ledger.drop("invalid");
  ledger.ignore("filtered");
  const { dropped, droppedBy, ignored, ignoredBy } = ledger.health("example", { state: "ok" });
  expect({ dropped, droppedBy, ignored, ignoredBy }).toEqual({
    dropped: 4,
    droppedBy: { invalid: 3, closed: 1 },
    ignored: 1,
    ignoredBy: { filtered: 1 },
  });
});

test("a health that was given stays as it is", () => {
  const ledger = createLedger();
  ledger.drop("invalid");
  ledger.ignore("filtered");
  const before = ledger.health("example", { state: "ok" });
  const copy = structuredClone(before);
  ledger.received += 1;
  ledger.drop("invalid");
  ledger.drop("closed");
  ledger.ignore("filtered");
  expect(before).toEqual(copy);
});

test("health says what it is not told as nothing", () => {
  expect(createLedger().health("example", { state: "idle" })).toEqual({
    name: "example",
    state: "idle",
    ...createLedger().counts(),
    droppedBy: {},
    ignoredBy: {},
    pendingDetail: { bytes: 0, oldestAgeMs: null },
    repaired: 0,
    retries: 0,
    lastSuccess: null,
    lastError: null,
  });
});

test("fields that were repaired or left out are counted, of records of both kinds", () => {
  const publisher = createPublisher({ name: "example", event: () => undefined, network: () => undefined });
  publisher.publishEventMetrics({
    eventName: "job",
    taskId: 1,
    startTime: 1.7e12,
    retryCount: -1,
    status: {} as never,
  });
  expect(publisher.health().repaired).toBe(2);
  const network = { operation: "GET", host: "db", port: 1, startTime: 1.7e12, bytesSent: -1, bytesReceived: 1.5 };
  publisher.publishNetworkMetrics({ ...network, attributes: { bad: Number.NaN } });
  expect(publisher.health()).toMatchObject({ repaired: 5, delivered: 2 });
});

test("a report has the totals, the name and what was dropped by reason, and stays as it is", () => {
  const ledger = createLedger();
  ledger.received = 3;
  ledger.delivered = 1;
  ledger.drop("invalid");
  const report = ledger.report("example", "timeout");
  ledger.drop("invalid");
  ledger.drop("closed");
  expect(report).toEqual({
    name: "example",
    status: "timeout",
    received: 3,
    recovered: 0,
    delivered: 1,
    dropped: 1,
    ignored: 0,
    pending: 1,
    droppedBy: { invalid: 1 },
    durable: 0,
  });
  expect(ledger.report("outer", "complete", [report]).children).toEqual([report]);
});

test.each(["flush", "close"] as const)(
  "%s() of a publisher reports its name and what it dropped by reason",
  async (method) => {
    const publisher = createPublisher(
      { name: "example", event: () => undefined },
      { name: "other", onError: () => undefined },
    );
    publisher.publishEventMetrics({} as never);
    expect(await publisher[method]()).toMatchObject({ name: "other", dropped: 1, droppedBy: { invalid: 1 } });
  },
);
