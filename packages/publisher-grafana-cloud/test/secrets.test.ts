import { type CommonOptions, createPublisher, type MetricsPublisher } from "@eventmeter/core";
import { GrafanaCloudPublisher, type GrafanaCloudPublisherOptions } from "@eventmeter/publisher-grafana-cloud";
import { canaryRecords, createFaultServer, echoOf, findSecrets, type HostileReply } from "@eventmeter/testkit";
import { describe, expect, onTestFinished, test } from "vitest";
import { hostileCases } from "./hostile-replies.ts";

const { event, network, resource, values: payloads } = canaryRecords;
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

/** Everything that a publisher gave to somebody, by whom it gave it to. */
interface Heard {
  readonly onError: unknown[];
  readonly onDiagnostic: unknown[];
  readonly warnings: unknown[];
  readonly rejections: unknown[];
  readonly reports: unknown[];
  readonly checks: unknown[];
  readonly healths: unknown[];
  readonly publishers: unknown[];
}

const SINKS = [
  "onError",
  "onDiagnostic",
  "warnings",
  "rejections",
  "reports",
  "checks",
  "healths",
  "publishers",
] as const satisfies (keyof Heard)[];

function listen(): Heard {
  return Object.fromEntries(SINKS.map((sink) => [sink, [] as unknown[]])) as unknown as Heard;
}

/** Names what was given away, and to whom. */
function leaksOf(heard: Heard): readonly string[] {
  if (findSecrets(heard, secrets).length === 0) return [];
  return SINKS.flatMap((sink) => findSecrets(heard[sink], secrets).map((secret) => `${sink}: ${secret}`));
}

/** Hears what a publisher has to say from its construction to its end. */
async function hear(heard: Heard, make: (listeners: CommonOptions) => MetricsPublisher): Promise<void> {
  const { promise: failed, resolve: fail } = Promise.withResolvers<void>();
  const publisher = make({
    onError(error) {
      heard.onError.push(error);
      fail();
    },
    onDiagnostic: (diagnostic) => heard.onDiagnostic.push(diagnostic),
  });
  publisher.publishEventMetrics(event);
  publisher.publishNetworkMetrics(network);
  const flushed = publisher.flush({ timeoutMs: 2_000 });
  await Promise.race([flushed, failed]);
  heard.healths.push(publisher.health());
  heard.publishers.push(publisher);
  heard.checks.push(await publisher.check?.({ timeoutMs: 200 }));
  await publisher.start?.({ timeoutMs: 200 }).catch((caught: unknown) => heard.rejections.push(caught));
  heard.reports.push(await publisher.close({ timeoutMs: 0 }), await flushed);
  heard.healths.push(publisher.health());
}

async function meet({ name, script, echoes }: HostileReply, [way, seen, options]: Way): Promise<readonly string[]> {
  await using server = await createFaultServer(script);
  const heard = listen();
  const more = { resource, labels: { event: ["tenant"], network: ["tenant"] }, exemplars: true };
  await hear(
    heard,
    (listeners) =>
      new GrafanaCloudPublisher({ ...options(server.url), ...listeners, ...more, sendTimeoutMs: echoes ? 5_000 : 100 }),
  );
  // Otherwise there was nothing to be given away.
  const sent = new Set(server.requests.flatMap((request) => (echoes ? findSecrets(echoOf(request), secrets) : [])));
  const missing = echoes ? seen.filter((secret) => !sent.has(secret)) : [];
  return [
    ...leaksOf(heard).map((leak) => `${name}, ${way}: ${leak}`),
    ...missing.map((secret) => `${name}, ${way}: ${secret} was not sent`),
  ];
}

describe.each(WAYS)("nobody is told a secret with %s", (...way) => {
  test("whatever the server answers", async () => {
    const warnings = onWarnings();
    const leaks: string[] = [];
    const left = hostileCases.values();
    // Some at a time: most of them wait.
    const work = async (): Promise<void> => {
      // oxlint-disable-next-line no-await-in-loop -- as many at a time as there are workers
      for (const each of left) leaks.push(...(await meet(each, way)));
    };
    await Promise.all(Array.from({ length: 12 }, work));
    expect([...leaks, ...findSecrets(warnings, secrets)]).toEqual([]);
  });
});

/** Gives what the process is warned of from now on. */
function onWarnings(): readonly Error[] {
  const warnings: Error[] = [];
  const listener = (warning: Error): void => void warnings.push(warning);
  process.on("warning", listener);
  onTestFinished(() => void process.off("warning", listener));
  return warnings;
}

test("a warning in place of onError tells none", async () => {
  const warnings = onWarnings();
  for (const { script } of hostileCases.filter((each) => /^40[013] with (?:JSON|known)/.test(each.name))) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    await using server = await createFaultServer(script);
    const publisher = new GrafanaCloudPublisher({ endpoint: server.url, instanceId: 1, apiKey });
    publisher.publishEventMetrics(event);
    // oxlint-disable-next-line no-await-in-loop
    await Promise.all([publisher.flush({ timeoutMs: 100 }), server.received(1)]);
    // oxlint-disable-next-line no-await-in-loop
    await publisher.close({ timeoutMs: 0 });
  }
  await expect.poll(() => warnings.length).toBeGreaterThanOrEqual(6);
  expect(findSecrets(warnings, secrets)).toEqual([]);
});

describe("a connection that is never made tells none", () => {
  test.each<[string, GrafanaCloudPublisherOptions]>([
    ["nobody listens", { endpoint: "http://127.0.0.1:9", instanceId: 1, apiKey }],
    ["nobody listens for TLS", { endpoint: "https://127.0.0.1:9", headers: { authorization: `Basic ${basic}` } }],
    ["fetch does not go to that port", { endpoint: "http://127.0.0.1:1", instanceId: 1, apiKey }],
    ["there is no Cloud API", { orgSlug: "acme", region: "eu", apiKey, apiUrl: "http://127.0.0.1:9" }],
  ])("when %s", async (_, options) => {
    const heard = listen();
    await hear(heard, (listeners) => new GrafanaCloudPublisher({ ...options, ...listeners }));
    expect(heard.onError).not.toEqual([]);
    expect(leaksOf(heard)).toEqual([]);
  });
});

describe("options are refused without being repeated:", () => {
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
    const refused = (): unknown => new GrafanaCloudPublisher(options as GrafanaCloudPublisherOptions);
    expect(refused).toThrow(/^grafana-cloud: (?:an option is|\d+ options are) wrong/);
    try {
      refused();
    } catch (caught) {
      expect(findSecrets(caught, secrets)).toEqual([]);
    }
  });
});

test("what a publisher gives away is found, by every way that it has", async () => {
  const heard = listen();
  const warnings = onWarnings();
  await hear(heard, (listeners) => {
    const inner = createPublisher(
      {
        name: "leaky",
        event() {
          throw new Error(`could not reach http://eve:${password}@x`);
        },
        check: () => ({ ok: false, code: "x", message: `with ${basic}` }),
      },
      listeners,
    );
    listeners.onDiagnostic?.({ code: "x", publisher: "leaky", message: payloads.attribute });
    process.emitWarning(payloads.host);
    const start = (): Promise<void> => Promise.reject(new Error("leaky", { cause: { bearer } }));
    const close: MetricsPublisher["close"] = async () =>
      Object.assign(await inner.close(), { trace: payloads.traceId });
    return { ...inner, name: header, start, close, health: () => ({ ...inner.health(), name: userinfo }) };
  });
  await expect.poll(() => warnings.length).toBe(1);
  heard.warnings.push(...warnings);
  expect(leaksOf(heard)).toEqual(
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
