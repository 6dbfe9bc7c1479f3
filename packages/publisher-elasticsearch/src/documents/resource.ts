import type { Resource } from "@eventmeter/core";
import type { JsonWriter } from "./json-writer.ts";

/** Writes who is measuring as members of a document: `service` by ECS, and further attributes in one `flattened` field. */
export function writeResource({ raw, quote, member }: JsonWriter, resource: Resource | undefined): void {
  if (resource === undefined) return;
  const { serviceName, serviceVersion, serviceInstanceId, environment, attributes } = resource;
  raw(',"service":{"name":');
  quote(serviceName);
  member(',"version":', serviceVersion);
  member(',"environment":', environment);
  if (serviceInstanceId !== undefined) {
    raw(',"node":{"name":');
    quote(serviceInstanceId);
    raw("}");
  }
  raw("}");
  let next = ',"resource":{';
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === undefined || name.includes("\0")) continue;
    raw(next);
    next = ",";
    quote(name);
    raw(":");
    if (typeof value === "string") quote(value);
    else raw(JSON.stringify(value));
  }
  if (next === ",") raw("}");
}
