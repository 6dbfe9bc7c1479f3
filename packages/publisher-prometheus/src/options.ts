// Options of the publisher: their types, rules and defaults.
import { type HistogramBounds, type PromotedLabels, seriesOptionRules } from "@eventmeter/aggregation";
import type { Clock, CommonOptions, Resource } from "@eventmeter/core";
import {
  checkOptions,
  commonOptionRules,
  type ForeignNames,
  option,
  type ReportOptionError,
  resolveClock,
  type OptionRule,
} from "@eventmeter/core/publisher";
import type { PageFormat } from "./page/exposition-text.ts";
import { canonicalHost } from "./http/allowed-hosts.ts";
import { authRule, registryRule, type ScrapeAuth, type ScrapeTls, tlsRule } from "./scrape-option-rules.ts";
import type { ReadableRegistry } from "./sources/registry-families.ts";
import { checkResource } from "./sources/target-info.ts";

/** Options of a `PrometheusPublisher`. */
export interface PrometheusPublisherOptions extends CommonOptions {
  /** Port of the publisher's own server; 0 takes any free port. @default 9464 */
  readonly port?: number | undefined;
  /** Address that the server binds to. Set it, for example to `0.0.0.0`, if scrapers on other machines must reach the server. @default "127.0.0.1" */
  readonly host?: string | undefined;
  /** Path of the metrics page on the publisher's own server. @default "/metrics" */
  readonly path?: string | undefined;
  /** Whether the publisher has a server of its own; `handler`, `fetch` and `metrics` serve the page in any case. @default true */
  readonly server?: boolean | undefined;
  /** Whether the server keeps the process running. @default false */
  readonly holdProcess?: boolean | undefined;
  /**
   * Host names, without port, that are allowed in the Host header on the publisher's own server.
   * @default loopback names on a loopback address, any name on other addresses
   */
  readonly allowedHosts?: readonly string[] | undefined;
  /** Credentials that scrapers must send, on every way to the page except `metrics()`. @default none */
  readonly auth?: ScrapeAuth | undefined;
  /** Certificate and key, to serve the page over TLS 1.2 or newer. @default plain HTTP */
  readonly tls?: ScrapeTls | undefined;
  /** Names of attributes that become labels; `errorType` means the record's own field. @default none */
  readonly labels?: ScrapeLabels | undefined;
  /** Upper bounds of the buckets by family, in seconds, rising, without `+Inf`. @default 14 bounds from .005 to 10 */
  readonly bounds?: ScrapeBounds | undefined;
  /** Label sets per family; records beyond them are added to one label set `_overflow`. @default 2000 */
  readonly maxLabelSets?: number | undefined;
  /** Whether OpenMetrics pages show the trace id, or else the task id, of the last record in each bucket. @default false */
  readonly exemplars?: boolean | undefined;
  /** Whether OpenMetrics pages have `_created` lines, which scrapers store as further series. @default false */
  readonly createdLines?: boolean | undefined;
  /** Whether the page has prom-client's default metrics of the process and its Node.js. @default false */
  readonly processMetrics?: boolean | undefined;
  /** Registry of prom-client, `@prometheus-io/client` or a similar library whose metrics are served on the same page. @default none */
  readonly registry?: ReadableRegistry | undefined;
}

/** Names of attributes that become labels, by kind of record. */
export interface ScrapeLabels {
  readonly event?: readonly string[] | undefined;
  readonly network?: readonly string[] | undefined;
}

/** Upper bounds of the buckets by histogram family. */
export interface ScrapeBounds {
  readonly event_duration_seconds?: readonly number[] | undefined;
  readonly network_latency_seconds?: readonly number[] | undefined;
}

/** Options with their defaults. */
export interface ResolvedOptions {
  readonly name: string;
  readonly resource: Resource | undefined;
  readonly clock: Clock;
  readonly port: number;
  readonly host: string;
  readonly path: string;
  readonly server: boolean;
  readonly holdProcess: boolean;
  readonly allowedHosts: readonly string[] | undefined;
  readonly auth: ScrapeAuth | undefined;
  readonly tls: ScrapeTls | undefined;
  readonly labels: PromotedLabels | undefined;
  readonly bounds: HistogramBounds | undefined;
  readonly maxLabelSets: number | undefined;
  readonly exemplars: boolean | undefined;
  readonly createdLines: boolean;
  readonly processMetrics: boolean;
  readonly registry: ReadableRegistry | undefined;
}

const rules: { readonly [Name in keyof PrometheusPublisherOptions]-?: OptionRule } = {
  ...commonOptionRules,
  port: option.integer(0, 65_535),
  host: option.string({ maxLength: 255, pattern: /^[\w.:%-]+$/, expected: "an address, as 127.0.0.1" }),
  path: option.string({
    maxLength: 1_024,
    pattern: /^\/[\w.~!$&'()*+,;=:@/-]*$/,
    expected: "a path that begins with a slash, without query and escapes",
  }),
  server: option.boolean(),
  holdProcess: option.boolean(),
  allowedHosts: option.list(
    option.string({ maxLength: 255, pattern: /^(?:[\w.-]+|\[?[\da-f:.]+\]?)$/i, expected: "a host name without port" }),
  ),
  auth: authRule,
  tls: tlsRule,
  labels: seriesOptionRules.labels,
  bounds: seriesOptionRules.bounds,
  maxLabelSets: seriesOptionRules.maxLabelSets,
  exemplars: option.boolean(),
  createdLines: option.boolean(),
  processMetrics: option.boolean(),
  registry: registryRule,
};

/** What to use instead of the options of prom-client and of OpenTelemetry's exporter. */
const FOREIGN_NAMES: ForeignNames = {
  bearer: "auth.bearer",
  bearerToken: "auth.bearer",
  buckets: "bounds, such as bounds: { event_duration_seconds: [0.1, 1, 10] }",
  ca: "tls.clientCa",
  cert: "tls.cert",
  clientCa: "tls.clientCa",
  collectDefaultMetrics: "processMetrics: true",
  defaultLabels: "resource, or external_labels of Prometheus",
  endpoint: "path",
  hostname: "host",
  key: "tls.key",
  labelNames: 'labels, such as labels: { event: ["tenant"] }',
  passphrase: "tls.passphrase",
  password: "auth.password",
  prefix: "metric_relabel_configs of Prometheus, since the names of the series are the same for all programs",
  preventServerStart: "server: false",
  register: "registry",
  registers: "registry",
  ssl: "tls",
  token: "auth.bearer",
  username: "auth.username",
};

/** Validates options and fills in the defaults. @throws PublisherError `options`, listing every wrong field */
export function resolveOptions(options: PrometheusPublisherOptions): ResolvedOptions {
  checkOptions("prometheus", options, rules, checkTogether, FOREIGN_NAMES);
  return {
    name: options.name ?? "prometheus",
    resource: options.resource,
    clock: resolveClock(options.clock),
    port: options.port ?? 9464,
    host: options.host ?? "127.0.0.1",
    path: options.path ?? "/metrics",
    server: options.server ?? true,
    holdProcess: options.holdProcess ?? false,
    allowedHosts: options.allowedHosts?.map(canonicalHost),
    auth: options.auth,
    tls: options.tls,
    labels: options.labels,
    bounds: options.bounds,
    maxLabelSets: options.maxLabelSets,
    exemplars: options.exemplars,
    createdLines: options.createdLines ?? false,
    processMetrics: options.processMetrics ?? false,
    registry: options.registry,
  };
}

/** Returns the format that is asked for. @throws PublisherError `options` for an unknown format */
export function readFormat(
  name: string,
  options: { readonly format?: PageFormat | undefined } | null | undefined,
): PageFormat {
  checkOptions(name, options ?? undefined, { format: option.oneOf(["text", "openmetrics"]) });
  return options?.format ?? "text";
}

function checkTogether(options: Readonly<Record<string, unknown>>, report: ReportOptionError): void {
  try {
    const { resource } = options;
    if (typeof resource === "object" && resource !== null) checkResource(resource as Resource, report);
  } catch {
    // The rule of `resource` has already reported that it cannot be read.
  }
}
