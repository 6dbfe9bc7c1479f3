import { gunzipSync } from "node:zlib";
import { createFaultServer, malformedRecords } from "@eventmeter/testkit";
import { expect, test } from "vitest";
import { open } from "./publisher-harness.ts";

const CALLS = process.env["EVENTMETER_FULL"] === "1" ? 1_000_000 : 50_000;
const SEED = 20_261_123;

test(`${CALLS} malformed calls throw nothing, are counted once each, and go out in whole requests`, async () => {
  const server = await createFaultServer();
  const { publisher, errors } = open({
    endpoint: server.url,
    exemplars: true,
    labels: { event: ["tenant", "errorType"], network: ["tenant"] },
  });
  let [sure, unsure] = [0, 0];
  for (const { kind, record, outcome } of malformedRecords(SEED, CALLS)) {
    if (kind === "event") publisher.publishEventMetrics(record as never);
    else publisher.publishNetworkMetrics(record as never);
    if (outcome === "dropped") sure += 1;
    if (outcome === "either") unsure += 1;
  }
  const { received, delivered, dropped, ignored, pending, status } = await publisher.close();
  expect({ received, pending, status }).toEqual({ received: CALLS, pending: 0, status: "complete" });
  expect(delivered + dropped + ignored).toBe(CALLS);
  expect(publisher.health().droppedBy).toEqual({ invalid: dropped });
  expect(dropped).toBeGreaterThanOrEqual(sure);
  expect(dropped).toBeLessThanOrEqual(sure + unsure);
  for (const { body } of server.requests) expect(gunzipSync(body).length).toBeGreaterThan(0);
  expect(errors.filter(({ code }) => code !== "invalid-record")).toEqual([]);
  await server.close();
}, 180_000);
