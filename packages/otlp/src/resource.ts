// The resource of a request: who is measuring.
import { toLabelValue } from "@eventmeter/aggregation";
import type { Resource } from "@eventmeter/core";
import type { OtlpAttributes } from "./attributes.ts";

/**
 * Returns a resource as attributes, under the names of https://opentelemetry.io/docs/specs/semconv/resource/: first those of
 * the fields, then `attributes`, except those of which a field has the name. Texts are cut as label values are: receivers
 * store them as `job`, `instance` and labels of `target_info`.
 */
export function resourceAttributes(resource: Resource): OtlpAttributes {
  const fields: readonly (readonly [string, string | undefined])[] = [
    ["service.name", resource.serviceName],
    ["service.version", resource.serviceVersion],
    ["service.instance.id", resource.serviceInstanceId],
    ["deployment.environment.name", resource.environment],
  ];
  const given = fields.filter(([, value]) => value !== undefined && value !== "");
  const names = new Set(given.map(([name]) => name));
  const others = Object.entries(resource.attributes ?? {}).filter(([name]) => !names.has(name));
  return Object.fromEntries(
    [...given, ...others].map(([name, value]) => [name, typeof value === "string" ? toLabelValue(value) : value]),
  );
}
