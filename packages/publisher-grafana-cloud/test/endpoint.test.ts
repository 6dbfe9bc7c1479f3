import { GrafanaCloudPublisher } from "@eventmeter/publisher-grafana-cloud";
import { createFaultServer } from "@eventmeter/testkit";
import { describe, expect, onTestFinished, test } from "vitest";
import { readApiUrl, readEndpointUrl } from "../src/endpoint.ts";

const GATEWAY = "https://otlp-gateway-prod-eu-west-0.grafana.net";

describe("the endpoint of a stack is taken in each form that people paste", () => {
  test.each([
    `${GATEWAY}/otlp`,
    `${GATEWAY}/otlp/`,
    `${GATEWAY}/otlp//`,
    `${GATEWAY}/otlp/v1/metrics`,
    `${GATEWAY}/otlp/v1/metrics/`,
    `${GATEWAY}/otlp/v1/traces`,
    `${GATEWAY}/otlp/v1/logs`,
    `${GATEWAY}/v1/metrics`,
    GATEWAY,
    `${GATEWAY}/`,
    `${GATEWAY}:443/otlp`,
    ` ${GATEWAY}/otlp\n`,
    `"${GATEWAY}/otlp"`,
    `'${GATEWAY}/otlp'`,
    `\`${GATEWAY}/otlp\``,
    `<${GATEWAY}/otlp>`,
    `OTEL_EXPORTER_OTLP_ENDPOINT=${GATEWAY}/otlp`,
    `OTEL_EXPORTER_OTLP_ENDPOINT="${GATEWAY}/otlp"`,
    `export OTEL_EXPORTER_OTLP_METRICS_ENDPOINT="${GATEWAY}/otlp/v1/metrics"`,
    "otlp-gateway-prod-eu-west-0.grafana.net/otlp",
    "otlp-gateway-prod-eu-west-0.grafana.net",
    "HTTPS://OTLP-Gateway-Prod-EU-West-0.Grafana.NET/otlp",
  ])("%j", (given) => {
    expect(readEndpointUrl(given, { isGrafana: true })).toEqual({ url: `${GATEWAY}/otlp/v1/metrics` });
  });

  test.each([
    ["http://127.0.0.1:4318", "http://127.0.0.1:4318/otlp/v1/metrics"],
    ["http://localhost:4318/otlp", "http://localhost:4318/otlp/v1/metrics"],
    ["http://[::1]:4318/otlp", "http://[::1]:4318/otlp/v1/metrics"],
    ["https://gateway.example/tenant/otlp", "https://gateway.example/tenant/otlp/v1/metrics"],
  ])("%j", (given, url) => {
    expect(readEndpointUrl(given, { isGrafana: true })).toEqual({ url });
  });
});

describe("the endpoint of any receiver is a base, or the whole address", () => {
  test.each([
    ["http://localhost:4318", "http://localhost:4318/v1/metrics"],
    ["http://localhost:4318/", "http://localhost:4318/v1/metrics"],
    ["http://localhost:4318/v1/metrics", "http://localhost:4318/v1/metrics"],
    ["http://localhost:4317/v1/metrics", "http://localhost:4317/v1/metrics"],
    ["http://localhost:4318/v1/traces", "http://localhost:4318/v1/metrics"],
    ["http://prometheus.example:9090/api/v1/otlp", "http://prometheus.example:9090/api/v1/otlp/v1/metrics"],
    ["http://prometheus.example:9090/api/v1/otlp/v1/metrics", "http://prometheus.example:9090/api/v1/otlp/v1/metrics"],
    ["https://mimir.example/otlp/", "https://mimir.example/otlp/v1/metrics"],
    [' "http://10.0.0.7:4318" ', "http://10.0.0.7:4318/v1/metrics"],
    ["OTEL_EXPORTER_OTLP_ENDPOINT=http://localhost:4318", "http://localhost:4318/v1/metrics"],
  ])("%j", (given, url) => {
    expect(readEndpointUrl(given, { isGrafana: false })).toEqual({ url });
  });
});

describe("what cannot be an endpoint is refused", () => {
  const canary = "canary-77aa";
  const HTTP = "expected a URL that begins with http:// or https://, as http://localhost:4318";
  const PORT = "expected the port of OTLP over HTTP, 4318, as http://localhost:4318: 4317 is that of gRPC";
  test.each([
    [`http://${canary}.example/otlp`, "grafana", "expected https://, since the key travels with every request"],
    [`http://10.0.0.7/${canary}`, "grafana", "expected https://, since the key travels with every request"],
    [
      `http://localhost.${canary}.example/otlp`,
      "grafana",
      "expected https://, since the key travels with every request",
    ],
    [
      `http://127.0.0.1.${canary}.example/otlp`,
      "grafana",
      "expected https://, since the key travels with every request",
    ],
    [`https://user:${canary}@x.example`, "grafana", "expected a URL without user and password"],
    [`https://${canary}@x.example`, "receiver", "expected a URL without user and password"],
    [`https://x.example/?token=${canary}`, "receiver", "expected a URL without ? and #"],
    [`https://x.example/#${canary}`, "receiver", "expected a URL without ? and #"],
    [`ftp://x.example/${canary}`, "receiver", HTTP],
    [`127.0.0.1:4318/${canary}`, "receiver", HTTP],
    [`grpc://localhost:4317/${canary}`, "receiver", HTTP],
    ["http://localhost:4317", "receiver", PORT],
    ["http://localhost:4317/", "grafana", PORT],
    [`https://x.example:4317/${canary}`, "receiver", PORT],
    [`javascript:${canary}`, "receiver", HTTP],
    [`file:///etc/${canary}`, "grafana", "expected a URL that begins with https://"],
    [`localhost:4318/${canary}`, "receiver", HTTP],
    [`https://x.example/a\r\nb: ${canary}`, "receiver", HTTP],
    [`https://x.example/a ${canary}`, "receiver", HTTP],
    [`http://[::bad${canary}`, "receiver", HTTP],
    [canary, "receiver", HTTP],
    [`https://x.example/${canary.repeat(300)}`, "receiver", HTTP],
  ] as const)("%j as %s", (endpoint, kind, problem) => {
    expect(readEndpointUrl(endpoint, { isGrafana: kind === "grafana" })).toEqual({ problem });
    const more = kind === "grafana" ? { instanceId: 1, apiKey: "glc_x" } : {};
    const refusal = (): unknown => new GrafanaCloudPublisher({ endpoint, ...more });
    expect(refusal).toThrow(`grafana-cloud: an option is wrong\n  endpoint: ${problem}`);
    expect(refusal).not.toThrow(canary);
  });
});

test("takes the address of a Cloud API without its slash, over TLS or on this machine", () => {
  expect(readApiUrl("https://grafana.com/api/")).toEqual({ url: "https://grafana.com/api" });
  expect(readApiUrl("http://127.0.0.1:1/api")).toEqual({ url: "http://127.0.0.1:1/api" });
  expect(readApiUrl("http://grafana.example/api").problem).toContain("https://");
});

test("sends to the path that was read", async () => {
  const server = await createFaultServer();
  onTestFinished(() => server.close());
  for (const [endpoint, more] of [
    [`${server.url}otlp/`, { instanceId: 1, apiKey: "glc_x" }],
    [`${server.url}api/v1/otlp`, {}],
    [`${server.url}v1/metrics`, {}],
  ] as const)
    // oxlint-disable-next-line no-await-in-loop -- in this order
    expect(await new GrafanaCloudPublisher({ endpoint, ...more }).check()).toMatchObject({ ok: true });
  expect(server.requests.map(({ path }) => path)).toEqual([
    "/otlp/v1/metrics",
    "/api/v1/otlp/v1/metrics",
    "/v1/metrics",
  ]);
});
