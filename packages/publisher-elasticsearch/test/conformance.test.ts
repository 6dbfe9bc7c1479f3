import { ElasticsearchPublisher } from "@eventmeter/publisher-elasticsearch";
import { conformanceCases } from "@eventmeter/testkit";
import { afterAll, describe, test } from "vitest";
import { openFakeElasticsearch } from "./fake-elasticsearch.ts";

const API_KEY = "a-key-that-nobody-may-see";
const keys = { [`ApiKey ${API_KEY}`]: { write: true, manageTemplates: true, monitor: true } };
const auth = { apiKey: API_KEY };

const working = await openFakeElasticsearch({ keys });
const stalled = await openFakeElasticsearch({ keys });
stalled.intercept = ({ path }) => (path.endsWith("/_bulk") ? "hang" : undefined);
const silent = await openFakeElasticsearch();
silent.intercept = () => "hang";
const rejecting = await openFakeElasticsearch({ keys });
rejecting.fault = () => ({ status: 400, type: "document_parsing_exception" });

afterAll(async () => {
  await Promise.all([working, stalled, silent, rejecting].map((server) => server[Symbol.asyncDispose]()));
});

describe("data streams", () => {
  const suite = conformanceCases({
    create: (options) => new ElasticsearchPublisher({ hosts: [working.url], auth, ...options }),
    stalled: (options) =>
      new ElasticsearchPublisher({ hosts: [stalled.url], auth, maxQueueBytes: 2 ** 20, ...options }),
    failing: (options) => new ElasticsearchPublisher({ hosts: [rejecting.url], auth, ...options }),
    secrets: [API_KEY],
  });
  for (const { name, run } of suite) test(name, run);
});

describe("daily indices, over a server that never even lets it start", () => {
  const suite = conformanceCases({
    create: (options) => new ElasticsearchPublisher({ hosts: [working.url], auth, indexPrefix: "jobs", ...options }),
    stalled: (options) =>
      new ElasticsearchPublisher({ hosts: [silent.url], indexPrefix: "jobs", maxQueueBytes: 2 ** 20, ...options }),
    failing: (options) => new ElasticsearchPublisher({ hosts: [rejecting.url], auth, indexPrefix: "jobs", ...options }),
    secrets: [API_KEY],
  });
  for (const { name, run } of suite) test(name, run);
});
