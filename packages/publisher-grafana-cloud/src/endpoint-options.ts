// Options that name an endpoint: validated together, and resolved to an endpoint or to a stack to look up.
import type { Clock } from "@eventmeter/core";
import type { OptionRule, ReportOptionError } from "@eventmeter/core/publisher";
import { authorizeReceiver, authorizeStack } from "./authorization.ts";
import type { StackQuery } from "./endpoint-lookup.ts";
import {
  type Endpoint,
  type EndpointKind,
  grafanaAddressOf,
  grafanaAddressProblem,
  readApiUrl,
  readEndpointUrl,
} from "./endpoint.ts";
import type { GrafanaCloudPublisherOptions } from "./option-types.ts";
import { ApiKey } from "./token.ts";

/** Where series are sent: to an endpoint that was given, or to a stack whose endpoint has to be looked up. */
export type EndpointConfig = GivenEndpointConfig | OrganisationConfig;

/** An endpoint that needs no look-up. */
export interface GivenEndpointConfig {
  readonly kind: Exclude<EndpointKind, "organisation">;
  readonly endpoint: Endpoint;
  /** Undefined for a receiver. */
  readonly apiKey: ApiKey | undefined;
}

/** A stack to look up in the Cloud API. */
export interface OrganisationConfig {
  readonly kind: "organisation";
  readonly stack: StackQuery;
  /** Address of the Cloud API, without a slash at its end. */
  readonly apiUrl: string;
  readonly apiKey: ApiKey;
}

type UncheckedOptions = Readonly<Record<string, unknown>>;

const DEFAULT_API_URL = "https://grafana.com/api";
const OPTION_NAMES = [
  "endpoint",
  "instanceId",
  "apiKey",
  "orgSlug",
  "region",
  "stackSlug",
  "apiUrl",
  "headers",
  "tls",
] as const;

const REQUIRED: Readonly<Record<EndpointKind, readonly string[]>> = {
  tile: ["endpoint", "instanceId", "apiKey"],
  organisation: ["orgSlug", "region", "apiKey"],
  receiver: ["endpoint"],
};
const ALLOWED: Readonly<Record<EndpointKind, readonly string[]>> = {
  tile: [...REQUIRED.tile, "tls"],
  organisation: [...REQUIRED.organisation, "stackSlug", "apiUrl", "tls"],
  receiver: ["endpoint", "headers", "tls"],
};
const SHAPES: Readonly<Record<EndpointKind, string>> = {
  tile: "{ endpoint, instanceId, apiKey }, a stack by its OpenTelemetry tile",
  organisation: "{ orgSlug, region, apiKey, stackSlug? }, a stack by its organisation",
  receiver: "{ endpoint, headers? }, any OTLP receiver",
};

/** Validates the options that name an endpoint: which are missing, which exclude each other, and which cannot be read. */
export function checkEndpointOptions(options: UncheckedOptions, report: ReportOptionError): void {
  const kind = intendedKind(options);
  if (kind === undefined)
    return report(`missing: expected ${SHAPES.tile}; ${SHAPES.organisation}; or ${SHAPES.receiver}`, "endpoint");
  for (const name of REQUIRED[kind]) if (options[name] === undefined) report(`missing in ${SHAPES[kind]}`, name);
  for (const name of OPTION_NAMES)
    if (options[name] !== undefined && !ALLOWED[kind].includes(name))
      report(`not to be given with ${SHAPES[kind]}`, name);
  for (const [name, problem] of problemsOf(options, kind)) if (problem !== undefined) report(problem, name);
}

/** Returns what checked options describe. @param headerRule what the text of each header must be */
export function resolveEndpointOptions(
  options: GrafanaCloudPublisherOptions,
  context: { readonly publisher: string; readonly clock: Clock; readonly headerRule: OptionRule },
): EndpointConfig {
  if (options.orgSlug !== undefined) {
    const { orgSlug, region, stackSlug, apiUrl = DEFAULT_API_URL } = options;
    return {
      kind: "organisation",
      stack: {
        orgSlug: readSlug(orgSlug) ?? "",
        region: readRegion(region) ?? "",
        stackSlug: stackSlug === undefined ? undefined : readSlug(stackSlug),
      },
      apiUrl: readApiUrl(apiUrl).url ?? DEFAULT_API_URL,
      apiKey: new ApiKey(options.apiKey, context),
    };
  }
  if (options.apiKey !== undefined) {
    const apiKey = new ApiKey(options.apiKey, context);
    const url = readEndpointUrl(options.endpoint, { isGrafana: true }).url ?? "";
    return { kind: "tile", endpoint: { url, authorize: authorizeStack(options.instanceId, apiKey) }, apiKey };
  }
  const url = readEndpointUrl(options.endpoint, { isGrafana: false }).url ?? "";
  const authorize = authorizeReceiver(options.headers ?? {}, { ...context, rule: context.headerRule });
  return { kind: "receiver", endpoint: { url, authorize }, apiKey: undefined };
}

/** Returns the kind that was probably meant: an endpoint needs no look-up, and credentials of Grafana Cloud make it a stack's. */
function intendedKind(options: UncheckedOptions): EndpointKind | undefined {
  const has = (...names: readonly string[]): boolean => names.some((name) => options[name] !== undefined);
  // A stack takes nothing without a key, unless its header is given whole.
  if (has("endpoint"))
    return has("instanceId", "apiKey") ||
      (grafanaAddressOf(options["endpoint"]) !== undefined && !isAuthorized(options))
      ? "tile"
      : "receiver";
  if (has("orgSlug", "region", "stackSlug", "apiUrl")) return "organisation";
  if (has("instanceId", "apiKey")) return has("instanceId") ? "tile" : undefined;
  return has("headers") ? "receiver" : undefined;
}

function isAuthorized({ headers }: UncheckedOptions): boolean {
  return (
    typeof headers === "object" &&
    headers !== null &&
    Object.keys(headers).some((name) => name.toLowerCase() === "authorization")
  );
}

function problemsOf(
  options: UncheckedOptions,
  kind: EndpointKind,
): readonly (readonly [name: string, problem: string | undefined])[] {
  const check = (
    name: string,
    problemOf: (text: string) => string | undefined,
  ): readonly [string, string | undefined] => {
    const text = options[name];
    // Anything but a text was reported by the rule of the option.
    return [name, typeof text === "string" && text !== "" ? problemOf(text) : undefined];
  };
  return [
    check(
      "endpoint",
      (text) => grafanaAddressProblem(text) ?? readEndpointUrl(text, { isGrafana: kind !== "receiver" }).problem,
    ),
    ["tls", hasTlsForPlainHttp(options) ? "given for an endpoint that begins with http://" : undefined],
    check("apiUrl", (text) => readApiUrl(text).problem),
    check("orgSlug", (text) =>
      readSlug(text) === undefined ? "expected the name alone, as acme in grafana.com/orgs/acme" : undefined,
    ),
    check("stackSlug", (text) =>
      readSlug(text) === undefined ? "expected the name alone, as acme in acme.grafana.net" : undefined,
    ),
    check("region", (text) =>
      readRegion(text) === undefined ? "expected a region, as eu or prod-eu-west-0" : undefined,
    ),
  ];
}

function hasTlsForPlainHttp({ endpoint, tls }: UncheckedOptions): boolean {
  if (tls === undefined || typeof endpoint !== "string") return false;
  return readEndpointUrl(endpoint, { isGrafana: false }).url?.startsWith("http:") === true;
}

const SLUG = /^[a-z0-9][a-z0-9_-]{0,127}$/;
const REGION = /^[a-z0-9-]{1,64}$/;

/** Reads the name of an organisation or a stack; undefined for anything else, such as the address that it is part of. */
function readSlug(given: string): string | undefined {
  return readName(given, SLUG);
}

/** Reads a region or cluster, such as `eu` or `prod-eu-west-0`. The set is open, so only its form is checked. */
function readRegion(given: string): string | undefined {
  return readName(given, REGION);
}

function readName(given: string, pattern: RegExp): string | undefined {
  const name = given.trim().toLowerCase();
  return pattern.test(name) ? name : undefined;
}
