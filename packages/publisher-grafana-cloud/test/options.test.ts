import { inspect } from "node:util";
import { isPublisherError } from "@eventmeter/core";
import { GrafanaCloudPublisher } from "@eventmeter/publisher-grafana-cloud";
import { createVirtualClock } from "@eventmeter/testkit";
import { describe, expect, test } from "vitest";
import { ApiKey, type TokenFacts } from "../src/token.ts";
import { TOKEN } from "./fake-cloud.ts";

const canary = "canary-5e1d";
const TILE = "{ endpoint, instanceId, apiKey }, a stack by its OpenTelemetry tile";
const ORGANISATION = "{ orgSlug, region, apiKey, stackSlug? }, a stack by its organisation";
const RECEIVER = "{ endpoint, headers? }, any OTLP receiver";
const tile = { endpoint: "https://otlp-gateway-prod-eu-west-0.grafana.net/otlp", instanceId: "123456", apiKey: TOKEN };
const organisation = { orgSlug: "acme", region: "eu", apiKey: TOKEN };
const receiver = { endpoint: "http://localhost:4318" };

function refusalOf(options: unknown): Error {
  try {
    void new GrafanaCloudPublisher(options as never);
  } catch (caught) {
    expect(isPublisherError(caught)).toBe(true);
    expect(inspect(caught, { depth: Infinity, showHidden: true })).not.toContain(canary);
    return caught as Error;
  }
  throw new Error("the options were accepted");
}

const faultsOf = (options: unknown): readonly string[] => refusalOf(options).message.split("\n  ").slice(1);

describe("a wrong mixture names what is missing or too much", () => {
  const { apiKey, endpoint } = tile;
  test.each<[unknown, readonly string[]]>([
    [undefined, [`endpoint: missing: expected ${TILE}; ${ORGANISATION}; or ${RECEIVER}`]],
    [{}, [`endpoint: missing: expected ${TILE}; ${ORGANISATION}; or ${RECEIVER}`]],
    [{ apiKey }, [`endpoint: missing: expected ${TILE}; ${ORGANISATION}; or ${RECEIVER}`]],
    [{ endpoint, apiKey }, [`instanceId: missing in ${TILE}`]],
    [{ endpoint, instanceId: 1 }, [`apiKey: missing in ${TILE}`]],
    [{ instanceId: 1, apiKey }, [`endpoint: missing in ${TILE}`]],
    [{ orgSlug: "acme", apiKey }, [`region: missing in ${ORGANISATION}`]],
    [{ region: "eu" }, [`orgSlug: missing in ${ORGANISATION}`, `apiKey: missing in ${ORGANISATION}`]],
    [{ headers: { a: "b" } }, [`endpoint: missing in ${RECEIVER}`]],
    [{ ...tile, headers: { a: canary } }, [`headers: not to be given with ${TILE}`]],
    [{ ...tile, orgSlug: "acme" }, [`orgSlug: not to be given with ${TILE}`]],
    [{ ...organisation, instanceId: 1 }, [`instanceId: not to be given with ${ORGANISATION}`]],
    [
      { ...receiver, region: "eu", stackSlug: "a" },
      [`region: not to be given with ${RECEIVER}`, `stackSlug: not to be given with ${RECEIVER}`],
    ],
  ])("%j", (options, faults) => {
    expect(faultsOf(options)).toEqual(faults);
  });
});

describe("an address of Grafana Cloud", () => {
  const missing = [`instanceId: missing in ${TILE}`, `apiKey: missing in ${TILE}`];
  const copy =
    "copy the OTLP endpoint, as https://otlp-gateway-prod-eu-west-0.grafana.net/otlp, from the stack's OpenTelemetry tile on grafana.com";
  const page = `endpoint: is a page of grafana.com, not an OTLP endpoint: ${copy}`;
  const prometheus = `endpoint: is where a Prometheus writes to, not an OTLP endpoint: ${copy}`;
  const stack = `endpoint: is the stack's own address, not its OTLP endpoint: ${copy}`;

  test.each([tile.endpoint, "otlp-gateway-prod-eu-west-0.grafana.net", `"${tile.endpoint.toUpperCase()}"`])(
    "that takes OTLP needs its key, as %s",
    (endpoint) => {
      expect(faultsOf({ endpoint })).toEqual(missing);
      expect(faultsOf({ endpoint, headers: { "x-scope-orgid": "1" } })).toContain(missing[1]);
      const authorized = { endpoint: tile.endpoint, headers: { Authorization: `Basic ${canary}` } };
      void new GrafanaCloudPublisher(authorized);
    },
  );

  test.each([
    ["https://grafana.com/orgs/acme/stacks/123/otlp-info", page],
    ["grafana.com/orgs/acme", page],
    ["https://prometheus-prod-01-eu-west-0.grafana.net/api/prom/push", prometheus],
    ["https://acme.grafana.net", stack],
    [" acme.grafana.net/ ", stack],
    ["https://logs-prod-012.grafana.net/loki/api/v1/push", stack],
  ])("that takes none is refused with the one to copy, as %s", (endpoint, fault) => {
    expect(faultsOf({ ...tile, endpoint })).toEqual([fault]);
    expect(faultsOf({ endpoint })).toEqual([...missing, fault]);
    expect(faultsOf({ endpoint, headers: { authorization: `Basic ${canary}` } })).toEqual([fault]);
  });

  test.each([
    ["orgSlug", "https://grafana.com/orgs/acme"],
    ["orgSlug", "acme.grafana.net"],
    ["stackSlug", "acme.grafana.net"],
    ["stackSlug", "https://acme.grafana.net/"],
  ])("is no %s: %s", (name, value) => {
    const where = name === "orgSlug" ? "grafana.com/orgs/acme" : "acme.grafana.net";
    expect(faultsOf({ ...organisation, [name]: value })).toEqual([
      `${name}: expected the name alone, as acme in ${where}`,
    ]);
  });

  test.each(["https://grafana.net.example", "https://notgrafana.com", "https://acme.grafana.net.example/otlp"])(
    "is not what merely looks like one, as %s",
    (endpoint) => void new GrafanaCloudPublisher({ endpoint }),
  );
});

describe("a key that cannot open a stack is refused without being shown", () => {
  const alone = "expected the token alone, which begins with glc_, got a whole header";
  const text = "expected a token of an access policy, as glc_…";
  test.each([
    [
      `glsa_${canary}`,
      "expected a token of an access policy, which begins with glc_, got one of a service account (glsa_): it opens one Grafana, not its metrics",
    ],
    [`Basic ${canary}`, alone],
    [`Basic%20${canary}`, alone],
    [`Bearer ${canary}`, alone],
    [`Authorization=Basic ${canary}`, alone],
    [`Authorization: Basic ${canary}`, alone],
    [`glc_${canary}\r\nX-Evil: 1`, text],
    [`glc_ ${canary}`, text],
    [`glc_${canary}é`, text],
    [canary.repeat(1_000), text],
    ["", text],
    [[canary], text],
    [null, text],
  ])("%j", (apiKey, problem) => {
    expect(faultsOf({ ...tile, apiKey })).toEqual([`apiKey: ${problem}`]);
  });

  test("but white space and quotes around it are left out", () => {
    void new GrafanaCloudPublisher({ ...tile, apiKey: ` "${TOKEN}"\n` });
  });
});

describe("headers that would be another request, or are the publisher's own, are refused without their values", () => {
  test.each<[unknown, string]>([
    [{ "x-a": `${canary}\r\nX-Evil: 1` }, "headers.x-a: expected a header's text in one line, without space around it"],
    [{ "x-a": `${canary}\n` }, "headers.x-a: expected a header's text in one line, without space around it"],
    [{ "x-a": "" }, "headers.x-a: expected a header's text in one line, without space around it"],
    [{ "x-a": `${canary}→` }, "headers.x-a: expected a header's text in one line, without space around it"],
    [{ "x-a": [canary] }, "headers.x-a: expected a header's text in one line, without space around it"],
    [{ [`Bearer ${canary}`]: "x" }, "headers[…]: expected the name of a header"],
    [{ "": "x" }, "headers[…]: expected the name of a header"],
    [{ "Content-Type": "application/json" }, "headers.Content-Type: is set by the publisher itself"],
    [{ "transfer-encoding": canary }, "headers.transfer-encoding: is set by the publisher itself"],
    [[canary], "headers: expected an object with header names and texts, got an array"],
    [canary, "headers: expected an object with header names and texts, got a string"],
  ])("%j", (headers, fault) => {
    expect(faultsOf({ ...receiver, headers })).toEqual([fault]);
  });
});

test.each<[string, unknown]>([
  ["name", `Not Kebab ${canary}`],
  ["resource", { serviceName: [canary] }],
  ["onError", canary],
  ["onDiagnostic", canary],
  ["clock", { now: canary }],
  ["intervalMs", 0],
  ["sendTimeoutMs", canary],
  ["labels", { event: ["eventName", 5] }],
  ["bounds", { event_duration_seconds: [2, 1] }],
  ["maxLabelSets", 0],
  ["exemplars", canary],
  ["instanceId", `acme-${canary}`],
  ["instanceId", -1],
  ["instanceId", ["1"]],
])("names %s alone", (name, value) => {
  expect(refusalOf({ ...tile, [name]: value }).message).toMatch(
    new RegExp(`^grafana-cloud: an option is wrong\n  ${name}`),
  );
});

test.each<[string, unknown]>([
  ["orgSlug", `acme/../${canary}`],
  ["region", `eu?${canary}`],
  ["stackSlug", `a b ${canary}`],
  ["apiUrl", `http://${canary}.example`],
])("names %s alone", (name, value) => {
  expect(refusalOf({ ...organisation, [name]: value }).message).toMatch(
    new RegExp(`^grafana-cloud: an option is wrong\n  ${name}: expected`),
  );
});

test("lists all wrong options in one error, and the right name of a misspelt one", () => {
  const faults = faultsOf({
    ...tile,
    endpoint: `ftp://${canary}`,
    instanceId: {},
    apiKey: 5,
    intervalMs: -1,
    regoin: "eu",
  });
  expect(faults.map((fault) => fault.split(":")[0])).toEqual([
    "regoin",
    "intervalMs",
    "instanceId",
    "apiKey",
    "endpoint",
  ]);
  expect(faults[0]).toContain('"region"');
});

test.each([
  ["url", "use endpoint"],
  ["token", "use apiKey for Grafana Cloud, headers"],
  ["username", "use instanceId for Grafana Cloud, headers"],
  ["password", "use apiKey"],
  ["interval", "use intervalMs, in milliseconds"],
  ["exportIntervalMillis", "use intervalMs"],
  ["timeoutMillis", "use sendTimeoutMs"],
  ["buckets", "use bounds"],
  ["tenantId", 'use headers: { "x-scope-orgid"'],
  ["serviceName", "use resource.serviceName"],
  ["ca", "use tls.ca"],
  ["proxy", "NODE_USE_ENV_PROXY=1"],
])("knows what another library calls %s", (name, hint) => {
  const [fault] = faultsOf({ ...receiver, [name]: canary });
  expect(fault).toContain(`${name}: unknown option; `);
  expect(fault).toContain(hint);
});

test("reads options whose getters throw as wrong ones", () => {
  const options = {
    get endpoint(): string {
      throw new Error(canary);
    },
  };
  expect(faultsOf(options)).toEqual(["endpoint: could not be read"]);
});

test("accepts every option of each shape, and shows no secret", () => {
  const series = {
    name: "cloud",
    resource: {
      serviceName: "shop",
      serviceVersion: "1",
      environment: "test",
      attributes: { "k8s.pod.name": "shop-1" },
    },
    onError: () => {},
    onDiagnostic: () => {},
    intervalMs: 15_000,
    sendTimeoutMs: 5_000,
    labels: { event: ["tenant", "errorType"], network: [] },
    bounds: { event_duration_seconds: [0.1, 1] },
    maxLabelSets: 10,
    exemplars: true,
  };
  const apiKey = `glc_${canary}`;
  const publishers = [
    new GrafanaCloudPublisher({ ...series, ...tile, apiKey }),
    new GrafanaCloudPublisher({ ...series, ...tile, instanceId: 123_456, apiKey }),
    new GrafanaCloudPublisher({
      ...series,
      ...organisation,
      apiKey,
      stackSlug: "acme-prod",
      apiUrl: "https://grafana.example/api",
    }),
    new GrafanaCloudPublisher({
      ...series,
      ...receiver,
      headers: { authorization: `Bearer ${canary}`, "X-Scope-OrgID": "a" },
    }),
  ];
  for (const publisher of publishers) {
    expect(publisher.name).toBe("cloud");
    expect(inspect(publisher, { depth: Infinity, showHidden: true })).not.toContain(canary);
    expect(JSON.stringify(publisher)).not.toContain(canary);
  }
});

test("is called grafana-cloud unless it is given a name", () => {
  expect(new GrafanaCloudPublisher(receiver).name).toBe("grafana-cloud");
});

test("reads organisation and region of a token, and of anything else nothing", () => {
  const clock = createVirtualClock();
  const readTokenFacts = (key: string): TokenFacts => new ApiKey(key, { publisher: "x", clock }).facts;
  const token = (facts: unknown): string => `glc_${Buffer.from(JSON.stringify(facts)).toString("base64")}`;
  expect(readTokenFacts(TOKEN)).toEqual({ organisation: "4711", region: "eu" });
  expect(readTokenFacts(TOKEN.replace(/=+$/, ""))).toEqual({ organisation: "4711", region: "eu" });
  expect(readTokenFacts(token({ o: 4711, m: null }))).toEqual({ organisation: "4711", region: undefined });
  expect(readTokenFacts(token({ o: canary, m: { r: `${canary} x` } }))).toEqual({
    organisation: undefined,
    region: undefined,
  });
  for (const other of ["glc_not-base64!", token(null), token([]), token("x"), "eyJrIjoiYWJj", ""])
    expect(Object.values(readTokenFacts(other)).filter((value) => value !== undefined)).toEqual([]);
});
