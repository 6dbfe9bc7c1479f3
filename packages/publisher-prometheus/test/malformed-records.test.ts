import { malformedRecords } from "@eventmeter/testkit";
import { expect, test } from "vitest";
import { PrometheusPublisher } from "../src/index.ts";
import { parseExposition } from "./exposition-parser.ts";

const CALLS = process.env["EVENTMETER_FULL"] === "1" ? 1_000_000 : 50_000;
const SEED = 20_261_123;

test(`${CALLS} malformed calls throw nothing, reject nothing, are counted once each and leave a page that parses`, async () => {
  const rejections: unknown[] = [];
  const onRejection = (reason: unknown): void => void rejections.push(reason);
  process.on("unhandledRejection", onRejection);
  const publisher = new PrometheusPublisher({
    server: false,
    exemplars: true,
    labels: { event: ["tenant", "errorType"], network: ["tenant"] },
    onError: () => {},
  });
  let [sure, unsure] = [0, 0];
  for (const { kind, record, outcome } of malformedRecords(SEED, CALLS)) {
    if (kind === "event") publisher.publishEventMetrics(record as never);
    else publisher.publishNetworkMetrics(record as never);
    if (outcome === "dropped") sure += 1;
    if (outcome === "either") unsure += 1;
  }
  const { received, recovered, delivered, dropped, ignored, pending, droppedBy } = publisher.health();
  expect([received, pending]).toEqual([CALLS, 0]);
  expect(received + recovered).toBe(delivered + dropped + ignored + pending);
  expect(droppedBy.invalid ?? 0).toBeGreaterThanOrEqual(sure);
  expect(dropped).toBeLessThanOrEqual(sure + unsure);
  for (const format of ["text", "openmetrics"] as const) parseExposition(await publisher.metrics({ format }), format);
  await publisher.close();
  process.off("unhandledRejection", onRejection);
  expect(rejections).toEqual([]);
}, 180_000);
