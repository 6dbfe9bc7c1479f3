import { expect, test } from "vitest";
import { openFakeElasticsearch } from "./fake-elasticsearch.ts";
import { NOON, openPublisher } from "./publisher-harness.ts";

test.each([
  ["are stored", undefined, 2, 0],
  ["are stored", "store", 2, 0],
  ["are ignored, and reported", "ignore", 1, 1],
] as const)("records without an endTime %s with unfinished: %j", async (_, unfinished, stored, ignored) => {
  await using server = await openFakeElasticsearch();
  const { publisher, publish, diagnostics } = openPublisher({ hosts: [server.url], unfinished });
  publish("finished");
  publisher.publishEventMetrics({ eventName: "import", taskId: "open", startTime: NOON, status: "completed" });
  expect(await publisher.close()).toMatchObject({ status: "complete", delivered: stored, ignored });
  expect(Object.keys(server.documents("metrics-eventmeter.event-default"))).toHaveLength(stored);
  expect(diagnostics.filter(({ code }) => code === "unfinished-records")).toHaveLength(ignored);
});
