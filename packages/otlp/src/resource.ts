import type { Resource } from "@eventmeter/core";
import type { OtlpAttributes } from "./attributes.ts";

/**
 * Gives who is measuring as attributes by the names of https://opentelemetry.io/docs/specs/semconv/resource/: those of the
 * fields first, then `attributes` as they are, except where a field has said the same.
 */
export function resourceAttributes(resource: Resource): OtlpAttributes {
  const fields: readonly (readonly [string, string | undefined])[] = [
    ["service.name", resource.serviceName],
    ["service.version", resource.serviceVersion],
    ["service.instance.id", resource.serviceInstanceId],
    ["deployment.environment.name", resource.environment],
  ];
  const said = fields.filter(([, value]) => value !== undefined && value !== "");
  const names = new Set(said.map(([name]) => name));
  const others = Object.entries(resource.attributes ?? {}).filter(([name]) => !names.has(name));
  return Object.fromEntries([...said, ...others]);
}
