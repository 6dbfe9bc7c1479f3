// Options of a GrafanaCloudPublisher as the publisher works with them: validated, with every default.
import { type HistogramBounds, type PromotedLabels, seriesOptionRules } from "@eventmeter/aggregation";
import type { CommonOptions, TlsOptions } from "@eventmeter/core";
import {
  checkOptions,
  commonOptionRules,
  type ForeignNames,
  headersRule,
  option,
  type OptionRule,
  type ReportOptionError,
  resolveClock,
  secretRule,
} from "@eventmeter/core/publisher";
import { DEFAULT_SEND_TIMEOUT_MS, secureContextRule, seriesDeliveryOptionRules } from "@eventmeter/delivery";
import { checkEndpointOptions, type EndpointConfig, resolveEndpointOptions } from "./endpoint-options.ts";
import type { GrafanaCloudPublisherOptions, GrafanaCloudTileOptions } from "./option-types.ts";
import { apiKeyRule } from "./token.ts";

/** Options with every default filled in. */
export interface ResolvedOptions {
  readonly common: CommonOptions & { readonly name: string };
  readonly endpoint: EndpointConfig;
  readonly intervalMs: number | undefined;
  readonly sendTimeoutMs: number;
  readonly labels: PromotedLabels | undefined;
  readonly bounds: HistogramBounds | undefined;
  readonly maxLabelSets: number;
  readonly exemplars: boolean | undefined;
  readonly tls: TlsOptions | undefined;
}

/** Headers that the publisher, or the connection, sets itself. */
const RESERVED_HEADERS = new Set([
  "accept-encoding",
  "connection",
  "content-encoding",
  "content-length",
  "content-type",
  "expect",
  "host",
  "keep-alive",
  "retry-attempt",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "user-agent",
]);

const text = option.string();
const instanceId: OptionRule = option.instance(
  (value) =>
    typeof value === "number"
      ? Number.isSafeInteger(value) && value > 0
      : typeof value === "string" && /^\s*\d{1,20}\s*$/.test(value),
  "the number that the stack's OpenTelemetry tile shows",
);

const headerTexts = headersRule({ reserved: RESERVED_HEADERS });

/** Rule of the text of one header. */
const headerRule: OptionRule = (value, report) => headerTexts({ x: value }, (expected) => report(expected));

/** Rule of headers whose texts can be functions. */
const headers: OptionRule = (value, report) => {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return headerTexts(value, report);
  const texts = Object.entries(value).map(([name, given]: [string, unknown]) => [
    name,
    typeof given === "function" ? "x" : given,
  ]);
  headerTexts(Object.fromEntries(texts), report);
};

// Every shape has all names, with `undefined` for those that it excludes.
const rules: { readonly [Name in keyof GrafanaCloudTileOptions]-?: OptionRule } = {
  ...commonOptionRules,
  intervalMs: seriesDeliveryOptionRules["intervalMs"] as OptionRule,
  sendTimeoutMs: seriesDeliveryOptionRules["sendTimeoutMs"] as OptionRule,
  labels: seriesOptionRules.labels,
  bounds: seriesOptionRules.bounds,
  maxLabelSets: seriesOptionRules.maxLabelSets,
  exemplars: seriesOptionRules.exemplars,
  endpoint: text,
  instanceId,
  apiKey: secretRule(apiKeyRule),
  orgSlug: text,
  region: text,
  stackSlug: text,
  apiUrl: text,
  headers,
  tls: secureContextRule,
};

const HEADER = 'headers: { authorization: "…" }';

/** What to use instead of the names that options have elsewhere: in exporters of OpenTelemetry, Prometheus, Loki and Alloy. */
const FOREIGN_NAMES: ForeignNames = {
  url: "endpoint",
  uri: "endpoint",
  host: "endpoint",
  hostname: "endpoint",
  baseUrl: "endpoint",
  pushUrl: "endpoint",
  token: `apiKey for Grafana Cloud, ${HEADER} for any other receiver`,
  accessToken: `apiKey for Grafana Cloud, ${HEADER} for any other receiver`,
  bearerToken: HEADER,
  username: `instanceId for Grafana Cloud, ${HEADER} for any other receiver`,
  user: `instanceId for Grafana Cloud, ${HEADER} for any other receiver`,
  userId: "instanceId",
  stackId: "instanceId",
  password: `apiKey for Grafana Cloud, ${HEADER} for any other receiver`,
  auth: `instanceId and apiKey for Grafana Cloud, ${HEADER} for any other receiver`,
  basicAuth: `instanceId and apiKey for Grafana Cloud, ${HEADER} for any other receiver`,
  tenant: 'headers: { "x-scope-orgid": "…" }',
  tenantId: 'headers: { "x-scope-orgid": "…" }',
  org: "orgSlug",
  organization: "orgSlug",
  organisation: "orgSlug",
  stack: "stackSlug",
  interval: "intervalMs, in milliseconds",
  pushInterval: "intervalMs, in milliseconds",
  exportIntervalMillis: "intervalMs",
  flushIntervalMs: "intervalMs",
  timeout: "sendTimeoutMs, in milliseconds",
  timeoutMs: "sendTimeoutMs",
  timeoutMillis: "sendTimeoutMs",
  exportTimeoutMillis: "sendTimeoutMs",
  requestTimeout: "sendTimeoutMs, in milliseconds",
  buckets: "bounds",
  boundaries: "bounds",
  ca: "tls.ca",
  cert: "tls.cert",
  key: "apiKey, or tls.key",
  passphrase: "tls.passphrase",
  proxy: "the environment variables NODE_USE_ENV_PROXY=1 and HTTPS_PROXY",
  agent: "tls, or the environment variables NODE_USE_ENV_PROXY=1 and HTTPS_PROXY",
};

/** Validates options and fills in the defaults. @throws PublisherError `options`, listing every wrong field */
export function resolveOptions(options: GrafanaCloudPublisherOptions): ResolvedOptions {
  // A call without options is to name the missing ones too.
  checkOptions("grafana-cloud", options ?? {}, rules, checkTogether, FOREIGN_NAMES);
  const { name = "grafana-cloud", resource, onError, onDiagnostic, clock } = options;
  return {
    common: { name, resource, onError, onDiagnostic, clock },
    endpoint: resolveEndpointOptions(options, { publisher: name, clock: resolveClock(clock), headerRule }),
    intervalMs: options.intervalMs,
    sendTimeoutMs: options.sendTimeoutMs ?? DEFAULT_SEND_TIMEOUT_MS,
    labels: options.labels,
    bounds: options.bounds,
    maxLabelSets: options.maxLabelSets ?? 500,
    exemplars: options.exemplars,
    tls: options.tls,
  };
}

function checkTogether(options: Readonly<Record<string, unknown>>, report: ReportOptionError): void {
  try {
    checkEndpointOptions(options, report);
  } catch {
    // The rules of the options have already reported which of them cannot be read.
  }
}
