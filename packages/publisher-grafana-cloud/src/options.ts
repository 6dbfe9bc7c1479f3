// Options of a GrafanaCloudPublisher as the publisher works with them: validated, with every default.
import { type HistogramBounds, type PromotedLabels, seriesOptionRules } from "@eventmeter/aggregation";
import type { CommonOptions } from "@eventmeter/core";
import {
  checkOptions,
  commonOptionRules,
  headersRule,
  option,
  type OptionRule,
  type ReportOptionError,
} from "@eventmeter/core/publisher";
import { DEFAULT_SEND_TIMEOUT_MS, seriesDeliveryOptionRules } from "@eventmeter/delivery";
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
  apiKey: apiKeyRule,
  orgSlug: text,
  region: text,
  stackSlug: text,
  apiUrl: text,
  headers: headersRule({ reserved: RESERVED_HEADERS }),
};

/** Validates options and fills in the defaults. @throws PublisherError `options`, listing every wrong field */
export function resolveOptions(options: GrafanaCloudPublisherOptions): ResolvedOptions {
  // A call without options is to name the missing ones too.
  checkOptions("grafana-cloud", options ?? {}, rules, checkTogether);
  const { name = "grafana-cloud", resource, onError, onDiagnostic, clock } = options;
  return {
    common: { name, resource, onError, onDiagnostic, clock },
    endpoint: resolveEndpointOptions(options),
    intervalMs: options.intervalMs,
    sendTimeoutMs: options.sendTimeoutMs ?? DEFAULT_SEND_TIMEOUT_MS,
    labels: options.labels,
    bounds: options.bounds,
    maxLabelSets: options.maxLabelSets ?? 500,
    exemplars: options.exemplars,
  };
}

function checkTogether(options: Readonly<Record<string, unknown>>, report: ReportOptionError): void {
  try {
    checkEndpointOptions(options, report);
  } catch {
    // The rules of the options have already reported which of them cannot be read.
  }
}
