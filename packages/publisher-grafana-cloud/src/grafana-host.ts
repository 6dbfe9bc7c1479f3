import { readBare } from "./endpoint.ts";

/** Whose address it is: a stack's OTLP endpoint, or one of the others that stand beside it on grafana.com. */
export type GrafanaPlace = "otlp" | "prometheus" | "stack" | "page";

const COPY =
  "copy the OTLP endpoint, as https://otlp-gateway-prod-eu-west-0.grafana.net/otlp, from the stack's OpenTelemetry tile on grafana.com";
const PROBLEMS: Readonly<Record<GrafanaPlace, string | undefined>> = {
  otlp: undefined,
  prometheus: `is where a Prometheus writes to, not an OTLP endpoint: ${COPY}`,
  stack: `is the stack's own address, not its OTLP endpoint: ${COPY}`,
  page: `is a page of grafana.com, not an OTLP endpoint: ${COPY}`,
};

/** Tells which address of Grafana Cloud an endpoint is; undefined for that of anybody else. */
export function grafanaPlaceOf(endpoint: unknown): GrafanaPlace | undefined {
  if (typeof endpoint !== "string") return undefined;
  const bare = readBare(endpoint);
  const host = URL.parse(/^https?:/i.test(bare) ? bare : `https://${bare}`)?.hostname ?? "";
  if (/^(?:www\.)?grafana\.com$/.test(host)) return "page";
  const [, name] = /^([a-z0-9-]+)\.grafana\.net$/.exec(host) ?? [];
  if (name === undefined) return undefined;
  if (name.startsWith("otlp-")) return "otlp";
  return /^(?:prometheus|mimir)-/.test(name) ? "prometheus" : "stack";
}

/** Says why an address of Grafana Cloud takes no series, and which one does. */
export function grafanaPlaceProblem(endpoint: string): string | undefined {
  const place = grafanaPlaceOf(endpoint);
  return place === undefined ? undefined : PROBLEMS[place];
}
