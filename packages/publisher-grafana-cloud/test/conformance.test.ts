import { GrafanaCloudPublisher } from "@eventmeter/publisher-grafana-cloud";
import { conformanceCases, createFaultServer } from "@eventmeter/testkit";
import { afterAll, describe, test } from "vitest";
import { openCloud, TOKEN } from "./fake-cloud.ts";

const SECRET = "a-secret-that-nobody-may-see";
const apiKey = `glc_${Buffer.from(SECRET).toString("base64")}`;

const working = await createFaultServer();
const stalled = await createFaultServer({ fault: "hang" });
const failing = await createFaultServer({ status: 503, body: SECRET });
const refusing = await createFaultServer({ status: 401, body: SECRET });
const cloud = await openCloud();
afterAll(() => Promise.all([working, stalled, failing, refusing, cloud.server].map((server) => server.close())));

const basic = Buffer.from(`123456:${apiKey}`).toString("base64");

describe("with an endpoint and a key", () => {
  const suite = conformanceCases({
    create: (options) => new GrafanaCloudPublisher({ endpoint: working.url, instanceId: "123456", apiKey, ...options }),
    stalled: (options) => new GrafanaCloudPublisher({ endpoint: stalled.url, instanceId: 123_456, apiKey, ...options }),
    failing: (options) =>
      new GrafanaCloudPublisher({ endpoint: failing.url, instanceId: "123456", apiKey, ...options }),
    secrets: [SECRET, apiKey, basic],
  });
  for (const { name, run } of suite) test(name, run);
});

describe("with an organisation", () => {
  const { apiUrl } = cloud;
  const suite = conformanceCases({
    create: (options) =>
      new GrafanaCloudPublisher({ orgSlug: "acme", region: "eu", apiKey: TOKEN, apiUrl, ...options }),
    stalled: (options) =>
      new GrafanaCloudPublisher({ orgSlug: "acme", region: "eu", apiKey: TOKEN, apiUrl: stalled.url, ...options }),
    failing: (options) =>
      new GrafanaCloudPublisher({ orgSlug: "acme", region: "eu", apiKey: TOKEN, apiUrl: refusing.url, ...options }),
    secrets: [TOKEN, "k-secret"],
  });
  for (const { name, run } of suite) test(name, run);
});

describe("with any receiver", () => {
  const headers = { authorization: `Bearer ${SECRET}` };
  const suite = conformanceCases({
    create: (options) => new GrafanaCloudPublisher({ endpoint: working.url, headers, ...options }),
    failing: (options) => new GrafanaCloudPublisher({ endpoint: refusing.url, headers, ...options }),
    secrets: [SECRET],
  });
  for (const { name, run } of suite) test(name, run);
});
