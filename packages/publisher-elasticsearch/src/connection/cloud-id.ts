// Cloud IDs: names of deployments on Elastic Cloud, which contain the address of their Elasticsearch.
import { option, type OptionRule } from "@eventmeter/core/publisher";

const DOMAIN = /^([a-z0-9.-]{1,253})(?::(\d{1,5}))?$/i;
const DEPLOYMENT = /^([a-z0-9-]{1,63})(?::(\d{1,5}))?$/i;

/** Rule of a Cloud ID. */
export const cloudIdRule: OptionRule = option.instance(
  (value) => typeof value === "string" && value.length <= 4_096 && cloudHost(value) !== undefined,
  "a Cloud ID as the page of the deployment shows it, <name>:<base64>",
  ["string"],
);

/** Returns the address in a Cloud ID, `<name>:<base64 of domain$deployment$…>`; undefined if it is malformed. */
export function cloudHost(cloudId: string): string | undefined {
  const colon = cloudId.lastIndexOf(":");
  if (colon < 0) return undefined;
  const decoded = Buffer.from(cloudId.slice(colon + 1), "base64").toString("utf8");
  const [domain = "", deployment = ""] = decoded.split("$");
  const [, name, port] = DOMAIN.exec(domain) ?? [];
  const [, id, ownPort] = DEPLOYMENT.exec(deployment) ?? [];
  if (name === undefined || id === undefined) return undefined;
  const host = `https://${id}.${name}:${ownPort ?? port ?? "443"}`;
  return URL.canParse(host) ? host : undefined;
}
