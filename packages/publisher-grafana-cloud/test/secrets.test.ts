import { GrafanaCloudPublisher, type GrafanaCloudPublisherOptions } from "@eventmeter/publisher-grafana-cloud";
import {
  canaryRecords,
  collectOutput,
  createFaultServer,
  findLeaks,
  findSecrets,
  type HostileReply,
} from "@eventmeter/testkit";
import { describe, expect, test } from "vitest";
import {
  createLeakyPublisher,
  expectSecretFreeRejection,
  faultsOfAll,
  sendToEach,
  unsentSecrets,
} from "../../../test/secrets.ts";
import { takeWarnings } from "../../../test/warnings.ts";
import { hostileCases } from "./hostile-replies.ts";

const { resource, values: payloads } = canaryRecords;
const tokenPart = "Canary-Part-6e2c";
const credentials = {
  apiKey: `glc_${Buffer.from(JSON.stringify({ o: "4711", n: "push", k: tokenPart, m: { r: "eu" } })).toString("base64")}`,
  tokenPart,
  bearer: "Canary.Bearer-8r4v",
  basic: Buffer.from("eve:Canary-Password-1q9z").toString("base64"),
  password: "Canary-Password-1q9z",
  header: "Canary-Header-9y6n",
  userinfo: "Canary-Userinfo-5t1b",
  query: "Canary-Query-2u8m",
} as const;
const secrets = { ...credentials, ...payloads };

const { apiKey, basic, bearer, header, password, query, userinfo } = credentials;

type Way = readonly [
  title: string,
  /** What a server gets to see in any case. */
  seen: readonly string[],
  options: (url: string) => GrafanaCloudPublisherOptions,
];

const inSeries = ["attribute", "resource", "taskId"];

/** Ways to give credentials. */
const WAYS: readonly Way[] = [
  ["a stack's key", ["tokenPart", ...inSeries], (endpoint) => ({ endpoint, instanceId: 123_456, apiKey })],
  [
    "a receiver's bearer token",
    ["bearer", "header", ...inSeries],
    (endpoint) => ({ endpoint, headers: { authorization: `Bearer ${bearer}`, "x-tenant": header } }),
  ],
  [
    "a receiver's password",
    ["basic", "password", "header", ...inSeries],
    (endpoint) => ({ endpoint, headers: { authorization: `Basic ${basic}`, "X-Tenant": header } }),
  ],
  [
    "an organisation's key, at the Cloud API",
    ["apiKey", "tokenPart"],
    (url) => ({ orgSlug: "acme", region: "eu", apiKey, apiUrl: `${url}api` }),
  ],
];

async function meet({ name, script, echoes }: HostileReply, [way, seen, options]: Way): Promise<readonly string[]> {
  await using server = await createFaultServer(script);
  const more = { resource, labels: { event: ["tenant"], network: ["tenant"] }, exemplars: true };
  const output = await collectOutput(
    (listeners) =>
      new GrafanaCloudPublisher({ ...options(server.url), ...listeners, ...more, sendTimeoutMs: echoes ? 5_000 : 100 }),
  );
  const unsent = unsentSecrets(echoes ? seen : [], server.requests, secrets);
  return [...findLeaks(output, secrets), ...unsent].map((fault) => `${name}, ${way}: ${fault}`);
}

describe.each(WAYS)("nobody is told a secret with %s", (...way) => {
  test("whatever the server answers", async () => {
    expect(await faultsOfAll(hostileCases, (reply) => meet(reply, way))).toEqual([]);
  });
});

test("a warning in place of onError tells none", async () => {
  const replies = hostileCases.filter(({ name }) => /^40[013] with (?:JSON|known)/.test(name));
  await sendToEach(
    replies.map(({ script }) => script),
    (endpoint) => new GrafanaCloudPublisher({ endpoint, instanceId: 1, apiKey }),
    1,
  );
  const warnings = await takeWarnings();
  expect(warnings.length).toBeGreaterThanOrEqual(6);
  expect(findSecrets(warnings, secrets)).toEqual([]);
});

describe("a connection that is never made tells none", () => {
  test.each<[string, GrafanaCloudPublisherOptions]>([
    ["nobody listens", { endpoint: "http://127.0.0.1:9", instanceId: 1, apiKey }],
    ["nobody listens for TLS", { endpoint: "https://127.0.0.1:9", headers: { authorization: `Basic ${basic}` } }],
    ["fetch does not go to that port", { endpoint: "http://127.0.0.1:1", instanceId: 1, apiKey }],
    ["there is no Cloud API", { orgSlug: "acme", region: "eu", apiKey, apiUrl: "http://127.0.0.1:9" }],
  ])("when %s", async (_, options) => {
    const output = await collectOutput((listeners) => new GrafanaCloudPublisher({ ...options, ...listeners }));
    expect(output.onError).not.toEqual([]);
    expect(findLeaks(output, secrets)).toEqual([]);
  });
});

describe("options are rejected without being repeated:", () => {
  const endpoint = "https://x.example";
  const tile = { endpoint, instanceId: 1, apiKey };
  test.each<[string, object]>([
    ["credentials in an endpoint", { endpoint: `https://eve:${userinfo}@x.example` }],
    ["a token in an endpoint", { endpoint: `https://x.example/?token=${query}` }],
    [
      "credentials in the address of the Cloud API",
      { orgSlug: "a", region: "eu", apiKey, apiUrl: `https://${userinfo}@x` },
    ],
    ["a key with a line end", { ...tile, apiKey: `${apiKey}\nx: y` }],
    ["a whole header as the key", { ...tile, apiKey: `Bearer ${apiKey}` }],
    ["the name of a header as the key", { ...tile, apiKey: `authorization=Basic%20${basic}` }],
    ["a key that is a number in a list", { ...tile, apiKey: [apiKey] }],
    ["the key as the instance", { ...tile, instanceId: apiKey }],
    ["the key as the organisation", { orgSlug: apiKey, region: "eu", apiKey }],
    ["the key as the region", { orgSlug: "acme", region: apiKey, apiKey }],
    ["the key as the stack", { orgSlug: "acme", region: "eu", stackSlug: apiKey, apiKey }],
    ["a header with a line end", { endpoint, headers: { authorization: `Bearer ${bearer}\r\nx: y` } }],
    ["a name of a header with a line end", { endpoint, headers: { [`x\n${header}`]: "y" } }],
    ["a header that is a list", { endpoint, headers: { "x-tenant": [header] } }],
    ["headers that are a text", { endpoint, headers: `authorization: Bearer ${bearer}` }],
    ["headers beside a key", { ...tile, headers: { authorization: `Bearer ${bearer}` } }],
    ["an option that is a secret", { ...tile, [`Bearer ${bearer}`]: 1 }],
  ])("%s", (_, options) => {
    const create = (): unknown => new GrafanaCloudPublisher(options as GrafanaCloudPublisherOptions);
    expectSecretFreeRejection(create, "grafana-cloud", secrets);
  });
});

test("what a publisher gives away is found, by every way that it has", async () => {
  const told = { error: password, check: basic, start: bearer, health: userinfo, name: header };
  const output = await collectOutput((listeners) => createLeakyPublisher(listeners, told));
  expect(findLeaks({ ...output, warnings: await takeWarnings() }, secrets)).toEqual(
    expect.arrayContaining([
      "onError: password",
      "onDiagnostic: attribute",
      "warnings: host",
      "rejections: bearer",
      "reports: traceId",
      "checks: basic",
      "healths: userinfo",
      "publishers: header",
    ]),
  );
});
