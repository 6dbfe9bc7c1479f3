import { malformedRecords } from "@eventmeter/testkit";
import { expect, test } from "vitest";
import { openFakeElasticsearch } from "./fake-elasticsearch.ts";
import { openPublisher } from "./publisher-harness.ts";

const CALLS = process.env["EVENTMETER_FULL"] === "1" ? 1_000_000 : 50_000;
const SEED = 20_261_123;

test.each([["data streams", {}] as const, ["daily indices", { indexPrefix: "jobs" }] as const])(
  `${CALLS} malformed calls throw nothing, are counted once each, and what is left of them is stored in %s`,
  async (_, options) => {
    await using server = await openFakeElasticsearch();
    const { publisher } = openPublisher({ hosts: [server.url], ...options });
    let [calls, sure, unsure] = [0, 0, 0];
    for (const { kind, record, outcome } of malformedRecords(SEED, CALLS)) {
      if (kind === "event") publisher.publishEventMetrics(record as never);
      else publisher.publishNetworkMetrics(record as never);
      if (outcome === "dropped") sure += 1;
      if (outcome === "either") unsure += 1;
      calls += 1;
      if (calls % 5_000 === 0) {
        await publisher.flush();
        // The fake keeps every document.
        server.indices.clear();
      }
    }
    const { received, delivered, pending, dropped, droppedBy } = publisher.health();
    expect({ received, pending }).toEqual({ received: CALLS, pending: 0 });
    expect(delivered + dropped).toBe(CALLS);
    // Attributes are read by the encoder, where a getter may throw. All others the server has read: it rejects what is not JSON.
    const { invalid = 0, encode = 0, ...others } = droppedBy;
    expect([invalid + encode, others]).toEqual([dropped, {}]);
    expect(dropped).toBeGreaterThanOrEqual(sure);
    expect(dropped).toBeLessThanOrEqual(sure + unsure);
  },
  180_000,
);
