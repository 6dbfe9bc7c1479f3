// Endpoints: their kinds, and how the addresses that people copy are read.
import type { Authorize } from "./authorization.ts";

/** How the options name an endpoint: by the stack's OpenTelemetry tile, by the organisation, or as any OTLP receiver. */
export type EndpointKind = "tile" | "organisation" | "receiver";

/** Where series are sent, with what authorizes it. */
export interface Endpoint {
  readonly url: string;
  readonly authorize: Authorize;
}

/** A URL as requests are sent to it, or what is wrong with the given one, without the value itself. */
export type ReadUrl =
  | { readonly url: string; readonly problem?: undefined }
  | { readonly problem: string; readonly url?: undefined };

const MAX_LENGTH = 2_048;
const VARIABLE = /^(?:export\s+)?OTEL_EXPORTER_OTLP_(?:METRICS_)?ENDPOINT\s*=\s*/;
const SIGNAL = /\/v1\/(?:metrics|traces|logs)$/;
/** Port of OTLP over gRPC, which is another protocol: https://opentelemetry.io/docs/specs/otlp/#otlpgrpc-default-port */
const GRPC_PORT = "4317";
const GRAFANA_HOST = /^[a-z0-9.-]+\.grafana\.net(?=[/:]|$)/i;
const LOOPBACK = /^(?:localhost|.+\.localhost|127(?:\.\d{1,3}){3}|\[::1\])$/;
const EXPECTED_HTTPS = "expected a URL that begins with https://";
const EXPECTED_HTTP = "expected a URL that begins with http:// or https://, as http://localhost:4318";

/**
 * Reads the URL of an endpoint in each form in which people copy it: with white space or quotes around it, as an environment
 * variable, with or without `/otlp` (Grafana Cloud), `/v1/metrics` and a slash at its end.
 * @param isGrafana whether it belongs to Grafana Cloud, whose receiver is below `/otlp` and takes TLS only
 */
export function readEndpointUrl(given: string, { isGrafana }: { readonly isGrafana: boolean }): ReadUrl {
  const bare = unwrapEndpoint(given);
  const isHostOnly = isGrafana && GRAFANA_HOST.test(bare);
  const read = readUrl(isHostOnly ? `https://${bare}` : bare, isGrafana ? EXPECTED_HTTPS : EXPECTED_HTTP);
  if ("problem" in read) return read;
  const { url } = read;
  const whole = url.pathname.replace(/\/+$/, "");
  const path = whole.replace(SIGNAL, "");
  // The path of a signal exists over HTTP only, whatever the port.
  if (url.port === GRPC_PORT && path === whole)
    return { problem: "expected the port of OTLP over HTTP, 4318, as http://localhost:4318: 4317 is that of gRPC" };
  if (isGrafana && url.protocol === "http:" && !isLoopback(url))
    return { problem: "expected https://, since the key travels with every request" };
  const base = !isGrafana || path.endsWith("/otlp") ? path : `${path}/otlp`;
  return { url: `${url.origin}${base}/v1/metrics` };
}

/** Reads the address of a Cloud API; the result has no slash at its end. */
export function readApiUrl(given: string): ReadUrl {
  const read = readUrl(unquote(given), EXPECTED_HTTPS);
  if ("problem" in read) return read;
  const { url } = read;
  if (url.protocol === "http:" && !isLoopback(url))
    return { problem: "expected https://, since the key travels with it" };
  return { url: `${url.origin}${url.pathname.replace(/\/+$/, "")}` };
}

/** Returns whether the host of a URL is this machine. */
export function isLoopback({ hostname }: Pick<URL, "hostname">): boolean {
  return LOOPBACK.test(hostname);
}

/** Returns the host and port of a URL, the default port of its scheme included. */
export function addressOf(url: string): string {
  const { hostname, port, protocol } = new URL(url);
  return `${hostname}:${port === "" ? (protocol === "http:" ? 80 : 443) : port}`;
}

/** An address of Grafana Cloud: a stack's OTLP endpoint, or one of the others that are shown beside it on grafana.com. */
export type GrafanaAddress = "otlp" | "prometheus" | "stack" | "page";

const COPY =
  "copy the OTLP endpoint, as https://otlp-gateway-prod-eu-west-0.grafana.net/otlp, from the stack's OpenTelemetry tile on grafana.com";
const ADDRESS_PROBLEMS: Readonly<Record<GrafanaAddress, string | undefined>> = {
  otlp: undefined,
  prometheus: `is where a Prometheus writes to, not an OTLP endpoint: ${COPY}`,
  stack: `is the stack's own address, not its OTLP endpoint: ${COPY}`,
  page: `is a page of grafana.com, not an OTLP endpoint: ${COPY}`,
};

/** Returns which address of Grafana Cloud an endpoint is; undefined if it belongs to anybody else. */
export function grafanaAddressOf(endpoint: unknown): GrafanaAddress | undefined {
  if (typeof endpoint !== "string") return undefined;
  const bare = unwrapEndpoint(endpoint);
  const host = URL.parse(/^https?:/i.test(bare) ? bare : `https://${bare}`)?.hostname ?? "";
  if (/^(?:www\.)?grafana\.com$/.test(host)) return "page";
  const [, name] = /^([a-z0-9-]+)\.grafana\.net$/.exec(host) ?? [];
  if (name === undefined) return undefined;
  if (name.startsWith("otlp-")) return "otlp";
  return /^(?:prometheus|mimir)-/.test(name) ? "prometheus" : "stack";
}

/** Describes why an address of Grafana Cloud takes no series, and which one does; undefined for any other endpoint. */
export function grafanaAddressProblem(endpoint: string): string | undefined {
  const address = grafanaAddressOf(endpoint);
  return address === undefined ? undefined : ADDRESS_PROBLEMS[address];
}

/** Returns an endpoint without what is copied with it: white space, quotes, and the name of its environment variable. */
function unwrapEndpoint(given: string): string {
  return unquote(unquote(given).replace(VARIABLE, ""));
}

function unquote(text: string): string {
  return text
    .trim()
    .replace(/^(?:(["'`])(.*)\1|<(.*)>)$/s, (_all, _quote, quoted = "", angled = "") => quoted + angled)
    .trim();
}

function readUrl(text: string, expected: string): { readonly url: URL } | { readonly problem: string } {
  const url = text.length <= MAX_LENGTH && !/[\s\p{Cc}]/u.test(text) ? URL.parse(text) : null;
  if (url === null || (url.protocol !== "https:" && url.protocol !== "http:")) return { problem: expected };
  if (url.username !== "" || url.password !== "") return { problem: "expected a URL without user and password" };
  if (url.search !== "" || url.hash !== "") return { problem: "expected a URL without ? and #" };
  return { url };
}
