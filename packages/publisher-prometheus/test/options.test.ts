import { inspect } from "node:util";
import { isPublisherError } from "@eventmeter/core";
import { PrometheusPublisher } from "@eventmeter/publisher-prometheus";
import { AggregatorRegistry } from "prom-client";
import { describe, expect, test } from "vitest";
import { openPublisher, publishNetwork } from "./publisher-harness.ts";

const canary = "canary-5e1d";

const wrong: readonly (readonly [option: string, value: unknown])[] = [
  ["name", `Not Kebab ${canary}`],
  ["resource", { serviceName: [canary] }],
  ["onError", canary],
  ["onDiagnostic", canary],
  ["clock", { now: canary }],
  ["port", 65_536],
  ["host", `${canary}/evil`],
  ["path", canary],
  ["server", canary],
  ["holdProcess", 1],
  ["allowedHosts", [`http://${canary}`]],
  ["auth", { username: canary }],
  ["tls", { key: canary, cert: canary }],
  ["labels", { event: ["eventName", 5] }],
  ["bounds", { event_duration_seconds: [2, 1] }],
  ["maxLabelSets", 0],
  ["exemplars", canary],
  ["createdLines", canary],
  ["processMetrics", canary],
  ["registry", { metrics: canary }],
];

function optionErrorOf(options: unknown): Error & { code?: unknown } {
  try {
    void new PrometheusPublisher(options as never);
  } catch (caught) {
    return caught as Error;
  }
  throw new Error("the options were accepted");
}

describe("wrong options", () => {
  test.each(wrong)("names %s alone", (name, value) => {
    const error = optionErrorOf({ [name]: value });
    expect(isPublisherError(error)).toBe(true);
    expect(error.message).toContain(`  ${name}`);
    expect(inspect(error, { depth: Infinity, showHidden: true })).not.toContain(canary);
  });

  test("lists all of them in one error", () => {
    const error = optionErrorOf(Object.fromEntries(wrong));
    for (const [name] of wrong) expect(error.message).toContain(`  ${name}`);
    expect(inspect(error, { depth: Infinity, showHidden: true })).not.toContain(canary);
  });

  test.each([
    { password: canary },
    { username: canary, bearer: canary },
    { username: canary, password: canary, bearer: canary },
    { username: `a:${canary}`, password: canary },
    { username: canary, password: `${canary}\r\nX-Evil: 1` },
    { bearer: `${canary} two words` },
    { bearer: "" },
    {},
    canary,
    null,
  ])("rejects the credentials of case %$ without showing them", (auth) => {
    const error = optionErrorOf({ auth });
    expect(error.message).toContain("  auth");
    expect(inspect(error, { depth: Infinity, showHidden: true })).not.toContain(canary);
  });

  test("names the right option for a misspelt one", () => {
    expect(optionErrorOf({ prot: 1 }).message).toContain('"port"');
  });

  test.each([
    ["buckets", "bounds"],
    ["collectDefaultMetrics", "processMetrics: true"],
    ["register", "registry"],
    ["registers", "registry"],
    ["labelNames", "labels"],
    ["prefix", "metric_relabel_configs"],
    ["defaultLabels", "external_labels"],
    ["endpoint", "path"],
    ["hostname", "host"],
    ["preventServerStart", "server: false"],
    ["ssl", "tls"],
    ["password", "auth.password"],
    ["bearer", "auth.bearer"],
    ["clientCa", "tls.clientCa"],
  ])("says for %s, as other libraries call it, to use %s", (name, advice) => {
    const { message } = optionErrorOf({ [name]: true });
    expect(message).toContain(`  ${name}: unknown option; use `);
    expect(message).toContain(advice);
  });

  test.each([
    [{ labels: ["tenant"] }, 'labels: expected names of attributes by kind of record, as { event: ["tenant"]'],
    [{ bounds: [1, 2] }, "bounds: expected bounds by family, as { event_duration_seconds: ["],
    [{ labels: { network: ["host"] } }, "labels.network[0]"],
    [{ labels: { network: ["port"] } }, "labels.network[0]"],
    [{ labels: { event: ["taskId"] } }, "labels.event[0]"],
  ])("says what is expected instead of %j", (options, message) => {
    expect(optionErrorOf(options).message).toContain(message);
  });

  test("reports bounds that look like milliseconds, and leaves a last bound of Infinity out", async () => {
    const { publisher, errors } = openPublisher({
      server: false,
      bounds: { event_duration_seconds: [100, 500, 1_000, 5_000], network_latency_seconds: [0.1, Infinity] },
    });
    expect(errors.map((error) => [(error as { code?: string }).code, error.message])).toEqual([
      ["bounds-in-milliseconds", expect.stringContaining("event_duration_seconds: bounds are in seconds")],
    ]);
    publishNetwork(publisher);
    expect((await publisher.metrics()).match(/le="\+Inf"/g)).toHaveLength(1);
  });

  test("says what to pass instead of an AggregatorRegistry of prom-client, both ways", () => {
    const registry = new AggregatorRegistry();
    const advice = "expected the registry that the metrics of this process are in, such as `register` of prom-client";
    expect(optionErrorOf({ registry }).message).toContain(`registry: ${advice}`);
    const { publisher } = openPublisher({ server: false });
    expect(() => publisher.registerInto(registry)).toThrow(`registry: ${advice}`);
    for (const nothing of [undefined, null, 5, {}, { getMetricsAsJSON: () => [] }])
      expect(() => publisher.registerInto(nothing as never)).toThrow(/registry: (expected a registry|missing)/);
  });

  test("rejects resource attributes that become one label", () => {
    const attributes = { "a.b": 1, a_b: 2, service_name: "x" };
    const { message } = optionErrorOf({ resource: { serviceName: "shop", attributes } });
    expect(message).toContain("resource.attributes.a_b");
    expect(message).toContain("resource.attributes.service_name");
  });
});

test("accepts every option", () => {
  const publisher = new PrometheusPublisher({
    name: "page",
    resource: { serviceName: "shop", attributes: { "k8s.pod.name": "shop-1" } },
    onError: () => {},
    onDiagnostic: () => {},
    port: 9464,
    host: "::",
    path: "/internal/metrics",
    server: true,
    holdProcess: true,
    allowedHosts: ["metrics.example", "::1", "10.0.0.7"],
    auth: { bearer: canary },
    labels: { event: ["tenant", "errorType"], network: [] },
    bounds: { event_duration_seconds: [0.1, 1] },
    maxLabelSets: 10,
    exemplars: true,
    createdLines: true,
    processMetrics: false,
    registry: { getMetricsAsJSON: () => Promise.resolve([]) },
  });
  expect(publisher.name).toBe("page");
  expect(inspect(publisher, { depth: Infinity, showHidden: true })).not.toContain(canary);
  expect(JSON.stringify(publisher)).not.toContain(canary);
});

test("is called prometheus unless it is given a name", () => {
  expect(new PrometheusPublisher().name).toBe("prometheus");
});
