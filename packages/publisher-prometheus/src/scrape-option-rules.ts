// Options that are more than single values, and their rules: credentials, certificates, registries.
import { createSecureContext } from "node:tls";
import type { Secret } from "@eventmeter/core";
import {
  checkOptions,
  option,
  type OptionRule,
  passwordRule,
  secretRule,
  tokenRule,
  usernameRule,
} from "@eventmeter/core/publisher";
import type { WritableRegistry } from "./registrations.ts";
import type { ReadableRegistry } from "./sources/registry-families.ts";

/**
 * Credentials that a scraper must send: a user name and a password, or a bearer token. A function returns the current
 * secret; it is called when a scrape does not match what it returned before, every 10 s at most.
 */
export type ScrapeAuth =
  | { readonly username: string; readonly password: Secret; readonly bearer?: undefined }
  | { readonly bearer: Secret; readonly username?: undefined; readonly password?: undefined };

/** Certificate and key of the server, as PEM texts. */
export interface ScrapeTls {
  readonly key: string | Uint8Array;
  /** Certificate of the server, followed by the certificates between it and a known authority. */
  readonly cert: string | Uint8Array;
  /** Passphrase of the key. */
  readonly passphrase?: string | undefined;
  /** Authorities of clients: if given, a scraper must present a certificate that one of them signed. */
  readonly clientCa?: string | Uint8Array | undefined;
}

const pem = option.instance(
  // A buffer can be one of another realm, as under Jest.
  (value) => (typeof value === "string" && value !== "") || (ArrayBuffer.isView(value) && value.byteLength > 0),
  "a PEM text",
);

const authGroup = option.group({
  username: usernameRule,
  password: secretRule(passwordRule),
  bearer: secretRule(tokenRule()),
});

/** Rule of `ScrapeAuth`. */
export const authRule: OptionRule = (value, report) => {
  authGroup(value, report);
  if (typeof value !== "object" || value === null) return;
  const given = value as { readonly [Name in keyof ScrapeAuth]?: unknown };
  const isBearer = given.bearer !== undefined;
  const isBasic = given.username !== undefined && given.password !== undefined;
  const isMixed = isBearer && (given.username !== undefined || given.password !== undefined);
  if (isMixed || (!isBearer && !isBasic)) report("expected { username, password } or { bearer }");
};

const tlsGroup = option.group({
  key: option.required(pem),
  cert: option.required(pem),
  passphrase: option.string(),
  clientCa: pem,
});

/** Rule of `ScrapeTls`. */
export const tlsRule: OptionRule = (value, report) => {
  let isValid = true;
  tlsGroup(value, (expected, path) => {
    isValid = false;
    report(expected, path);
  });
  if (isValid && !isUsable(value as ScrapeTls))
    report("expected a key and the certificate that belongs to it, as PEM texts");
};

function isUsable({ key, cert, passphrase, clientCa }: ScrapeTls): boolean {
  try {
    createSecureContext({ key: pemText(key), cert: pemText(cert), passphrase, ca: clientCa && pemText(clientCa) });
    return true;
  } catch {
    return false;
  }
}

/** Returns a PEM text as a string. */
export function pemText(text: string | Uint8Array): string {
  return typeof text === "string" ? text : Buffer.from(text).toString("utf8");
}

/** Creates the rule of a registry of this process that has a method. */
function registryWith(method: keyof ReadableRegistry | keyof WritableRegistry): OptionRule {
  const rule = option.instance(
    (value) => typeof (value as Readonly<Record<string, unknown>>)[method] === "function",
    `a registry of prom-client, with ${method}`,
  );
  return (value, report) => {
    // The page of an AggregatorRegistry is always empty: it asks the workers of a cluster for theirs.
    const { clusterMetrics } = (value ?? {}) as { readonly clusterMetrics?: unknown };
    if (typeof clusterMetrics === "function") report(AGGREGATOR_ADVICE);
    else rule(value, report);
  };
}

const AGGREGATOR_ADVICE =
  "expected the registry that the metrics of this process are in, such as `register` of prom-client, not an AggregatorRegistry, which has none of its own; in a cluster, each worker has a publisher and passes its registry";

/** Rule of a registry whose metrics are shown on the page. */
export const registryRule: OptionRule = registryWith("getMetricsAsJSON");

/** Checks the argument of `registerInto`. @throws PublisherError `options` */
export function checkWritable(name: string, registry: unknown): void {
  checkOptions(name, { registry }, { registry: option.required(registryWith("registerMetric")) });
}

/** Returns a certificate and key that replace the first ones. @throws PublisherError `options` if they cannot */
export function readTls(name: string, given: ScrapeTls, first: ScrapeTls | undefined): ScrapeTls {
  checkOptions(name, { tls: given }, { tls: option.required(tlsRule) }, (_options, report) => {
    if (first === undefined) report("cannot be set on a publisher that was created without tls", "tls");
    else if ((first.clientCa === undefined) !== (given?.clientCa === undefined))
      report("cannot be added or removed while the publisher lives", "tls.clientCa");
  });
  return given;
}
