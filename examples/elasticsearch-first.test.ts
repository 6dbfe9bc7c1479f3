import { expect, test } from "vitest";
import { openFakeElasticsearch } from "../packages/publisher-elasticsearch/test/fake-elasticsearch.ts";
import { runExample } from "./run-example.ts";

test("examples/elasticsearch-first.ts stores its event in a data stream and ends", async () => {
  await using server = await openFakeElasticsearch();
  const run = await runExample("elasticsearch-first.ts", { ELASTICSEARCH_URL: server.url });
  expect(run).toEqual({ output: "complete 1\n", faults: "", code: 0 });
  expect(Object.values(server.documents("metrics-eventmeter.event-default"))).toMatchObject([
    { event: { action: "invoice", outcome: "success" }, eventmeter: { task_id: "t-1" } },
  ]);
});
