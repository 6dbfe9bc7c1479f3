import type { ReportOptionError } from "@eventmeter/core/publisher";
import {
  type Endpoint,
  type EndpointKind,
  grafanaAddressOf,
  grafanaAddressProblem,
  readApiUrl,
  readEndpointUrl,
} from "./endpoint.ts";
import type { GrafanaCloudPublisherOptions } from "./options.ts";
import { type TokenFacts, readTokenFacts, trimApiKey } from "./token.ts";

/** Where the series go: an endpoint that was given, or a stack that has to be looked up. */
export type EndpointConfig =
  | { readonly kind: Exclude<EndpointKind, "organisation">; readonly endpoint: Endpoint; readonly key: TokenFacts }
  | {
      readonly kind: "organisation";
      readonly orgSlug: string;
      readonly region: string;
      readonly stackSlug: string | undefined;
      readonly apiUrl: string;
      readonly apiKey: string;
      readonly key: TokenFacts;
    };

type Given = Readonly<Record<string, unknown>>;

const DEFAULT_API_URL = "https://grafana.com/api";
const NAMES = ["endpoint", "instanceId", "apiKey", "orgSlug", "region", "stackSlug", "apiUrl", "headers"] as const;

const NEEDED: Readonly<Record<EndpointKind, readonly string[]>> = {
  tile: ["endpoint", "instanceId", "apiKey"],
  organisation: ["orgSlug", "region", "apiKey"],
  receiver: ["endpoint"],
};
const ALLOWED: Readonly<Record<EndpointKind, readonly string[]>> = {
  tile: NEEDED.tile,
  organisation: [...NEEDED.organisation, "stackSlug", "apiUrl"],
  receiver: ["endpoint", "headers"],
};
const CALLED: Readonly<Record<EndpointKind, string>> = {
  tile: "{ endpoint, instanceId, apiKey }, a stack by its OpenTelemetry tile",
  organisation: "{ orgSlug, region, apiKey, stackSlug? }, a stack by its organisation",
  receiver: "{ endpoint, headers? }, any OTLP receiver",
};

/** Finds what is missing, what is too much and what cannot be read among the options that say where the series go. */
export function checkEndpointOptions(options: Given, report: ReportOptionError): void {
  const kind = kindOf(options);
  if (kind === undefined)
    return report(`missing: expected ${CALLED.tile}; ${CALLED.organisation}; or ${CALLED.receiver}`, "endpoint");
  for (const name of NEEDED[kind]) if (options[name] === undefined) report(`missing in ${CALLED[kind]}`, name);
  for (const name of NAMES)
    if (options[name] !== undefined && !ALLOWED[kind].includes(name))
      report(`not to be given with ${CALLED[kind]}`, name);
  for (const [name, problem] of problemsOf(options, kind)) if (problem !== undefined) report(problem, name);
}

/** The shape that somebody had in mind: an endpoint needs no look-up, and credentials of Grafana Cloud make it a stack's. */
function kindOf(options: Given): EndpointKind | undefined {
  const has = (...names: readonly string[]): boolean => names.some((name) => options[name] !== undefined);
  // A stack takes nothing without a key, unless somebody made its header himself.
  if (has("endpoint"))
    return has("instanceId", "apiKey") ||
      (grafanaAddressOf(options["endpoint"]) !== undefined && !isAuthorized(options))
      ? "tile"
      : "receiver";
  if (has("orgSlug", "region", "stackSlug", "apiUrl")) return "organisation";
  if (has("instanceId", "apiKey")) return has("instanceId") ? "tile" : undefined;
  return has("headers") ? "receiver" : undefined;
}

function isAuthorized({ headers }: Given): boolean {
  return (
    typeof headers === "object" &&
    headers !== null &&
    Object.keys(headers).some((name) => name.toLowerCase() === "authorization")
  );
}

function problemsOf(
  options: Given,
  kind: EndpointKind,
): readonly (readonly [name: string, problem: string | undefined])[] {
  const judge = (
    name: string,
    problem: (text: string) => string | undefined,
  ): readonly [string, string | undefined] => {
    const text = options[name];
    return [name, typeof text === "string" && text !== "" ? problem(text) : undefined];
  };
  return [
    judge(
      "endpoint",
      (text) => grafanaAddressProblem(text) ?? readEndpointUrl(text, { isGrafana: kind !== "receiver" }).problem,
    ),
    judge("apiUrl", (text) => readApiUrl(text).problem),
    judge("orgSlug", (text) => unless(readSlug(text), "expected the name alone, as acme in grafana.com/orgs/acme")),
    judge("stackSlug", (text) => unless(readSlug(text), "expected the name alone, as acme in acme.grafana.net")),
    judge("region", (text) => unless(readRegion(text), "expected a region, as eu or prod-eu-west-0")),
  ];
}

function unless(read: unknown, expected: string): string | undefined {
  return read === undefined ? expected : undefined;
}

/** Gives the way that checked options describe. */
export function resolveEndpointOptions(options: GrafanaCloudPublisherOptions): EndpointConfig {
  if (options.orgSlug !== undefined) {
    const { orgSlug, region, stackSlug, apiUrl = DEFAULT_API_URL } = options;
    const apiKey = trimApiKey(options.apiKey);
    return {
      kind: "organisation",
      orgSlug: readSlug(orgSlug) ?? "",
      region: readRegion(region) ?? "",
      stackSlug: stackSlug === undefined ? undefined : readSlug(stackSlug),
      apiUrl: readApiUrl(apiUrl).url ?? DEFAULT_API_URL,
      apiKey,
      key: readTokenFacts(apiKey),
    };
  }
  if (options.apiKey !== undefined) {
    const apiKey = trimApiKey(options.apiKey);
    const url = readEndpointUrl(options.endpoint, { isGrafana: true }).url ?? "";
    return {
      kind: "tile",
      endpoint: { url, headers: basicAuth(options.instanceId, apiKey) },
      key: readTokenFacts(apiKey),
    };
  }
  const url = readEndpointUrl(options.endpoint, { isGrafana: false }).url ?? "";
  return { kind: "receiver", endpoint: { url, headers: { ...options.headers } }, key: {} };
}

/** Gives the header that opens a stack: its id is the user, the key the password. */
export function basicAuth(instanceId: string | number, apiKey: string): Endpoint["headers"] {
  return { authorization: `Basic ${Buffer.from(`${String(instanceId).trim()}:${apiKey}`).toString("base64")}` };
}

const SLUG = /^[a-z0-9][a-z0-9_-]{0,127}$/;
const REGION = /^[a-z0-9-]{1,64}$/;

/** Reads the name of an organisation or of a stack; undefined for anything else, as the address that it is part of. */
function readSlug(given: string): string | undefined {
  return matching(given, SLUG);
}

/** Reads a region or cluster, as `eu` or `prod-eu-west-0`: an open set, so only its form is judged. */
function readRegion(given: string): string | undefined {
  return matching(given, REGION);
}

function matching(given: string, pattern: RegExp): string | undefined {
  const slug = given.trim().toLowerCase();
  return pattern.test(slug) ? slug : undefined;
}
