/** An endpoint as it is sent to, or what is wrong with what was given; the value is never part of it. */
export type ReadEndpoint =
  | { readonly url: string; readonly problem?: undefined }
  | { readonly problem: string; readonly url?: undefined };

/** `grafana` has its receiver below `/otlp` and is spoken to in secret; a `receiver` may be anywhere. */
export type EndpointKind = "grafana" | "receiver";

const MAX_LENGTH = 2_048;
const VARIABLE = /^(?:export\s+)?OTEL_EXPORTER_OTLP_(?:METRICS_)?ENDPOINT\s*=\s*/;
const SIGNAL = /\/v1\/(?:metrics|traces|logs)$/;
const GRAFANA_HOST = /^[a-z0-9.-]+\.grafana\.net(?=[/:]|$)/i;
const LOOPBACK = /^(?:localhost|.+\.localhost|127(?:\.\d{1,3}){3}|\[::1\])$/;

/** Tells whether the host of a URL is this machine. */
export function isLoopback({ hostname }: Pick<URL, "hostname">): boolean {
  return LOOPBACK.test(hostname);
}

/**
 * Reads an endpoint in each form in which people copy it: with white space or quotes around it, as an environment variable,
 * with or without `/otlp` (Grafana Cloud), `/v1/metrics` and a slash at its end.
 */
export function readEndpoint(given: string, kind: EndpointKind): ReadEndpoint {
  const bare = unquote(unquote(given).replace(VARIABLE, ""));
  const isHostOnly = kind === "grafana" && GRAFANA_HOST.test(bare);
  const read = readUrl(isHostOnly ? `https://${bare}` : bare);
  if ("problem" in read) return read;
  const { url } = read;
  if (kind === "grafana" && url.protocol === "http:" && !isLoopback(url))
    return { problem: "expected https://, since the key travels with every request" };
  const path = url.pathname.replace(/\/+$/, "").replace(SIGNAL, "");
  const base = kind === "receiver" || path.endsWith("/otlp") ? path : `${path}/otlp`;
  return { url: `${url.origin}${base}/v1/metrics` };
}

/** Reads the address of a Cloud API; the result has no slash at its end. */
export function readApiUrl(given: string): ReadEndpoint {
  const read = readUrl(unquote(given));
  if ("problem" in read) return read;
  const { url } = read;
  if (url.protocol === "http:" && !isLoopback(url))
    return { problem: "expected https://, since the key travels with it" };
  return { url: `${url.origin}${url.pathname.replace(/\/+$/, "")}` };
}

function unquote(text: string): string {
  return text
    .trim()
    .replace(/^(?:(["'`])(.*)\1|<(.*)>)$/s, (_all, _quote, quoted = "", angled = "") => quoted + angled)
    .trim();
}

function readUrl(text: string): { readonly url: URL } | { readonly problem: string } {
  const url = text.length <= MAX_LENGTH && !/[\s\p{Cc}]/u.test(text) ? URL.parse(text) : null;
  if (url === null) return { problem: "expected a URL" };
  if (url.protocol !== "https:" && url.protocol !== "http:")
    return { problem: "expected a URL that begins with https://" };
  if (url.username !== "" || url.password !== "") return { problem: "expected a URL without user and password" };
  if (url.search !== "" || url.hash !== "") return { problem: "expected a URL without ? and #" };
  return { url };
}
