import type { Resource } from "@eventmeter/core";

/**
 * Completes who is measuring. Two processes of one name and instance would overwrite each other's series, so each publisher
 * has an instance of its own unless it is given one; the name of an unnamed service is the one that
 * https://opentelemetry.io/docs/specs/semconv/resource/#service asks for.
 */
export function completeResource(resource: Resource | undefined): Resource {
  return {
    ...resource,
    serviceName: resource?.serviceName ?? "unknown_service:node",
    serviceInstanceId: resource?.serviceInstanceId ?? crypto.randomUUID(),
  };
}
