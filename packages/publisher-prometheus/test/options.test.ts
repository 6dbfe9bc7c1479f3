import { inspect } from "node:util";
import { isPublisherError } from "@eventmeter/core";
import { PrometheusPublisher } from "@eventmeter/publisher-prometheus";
import { describe, expect, test } from "vitest";

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
