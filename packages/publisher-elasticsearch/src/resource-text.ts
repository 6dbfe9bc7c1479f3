import type { Resource } from "@eventmeter/core";
import { member, quote } from "./json-text.ts";

/** Writes who is measuring as the end of a document: `service` by ECS, and further attributes in one `flattened` field. */
export function resourceText(resource: Resource | undefined): string {
  if (resource === undefined) return "";
  const { serviceName, serviceVersion, serviceInstanceId, environment, attributes } = resource;
  const node = serviceInstanceId === undefined ? "" : `,"node":{"name":${quote(serviceInstanceId)}}`;
  const service = `,"service":{"name":${quote(serviceName)}${member('"version"', serviceVersion)}${member('"environment"', environment)}${node}}`;
  const known = Object.entries(attributes ?? {}).filter(([name, value]) => value !== undefined && !name.includes("\0"));
  return known.length === 0 ? service : `${service},"resource":${JSON.stringify(Object.fromEntries(known))}`;
}
