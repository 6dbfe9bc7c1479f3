// The family `target_info`, which says who is measuring.
import { cleanLabelName } from "@eventmeter/aggregation";
import type { Resource } from "@eventmeter/core";
import type { ReportOptionError } from "@eventmeter/core/publisher";
import type { PlainFamily } from "../page/plain-families.ts";

/** Names of the fields of a resource as labels, from https://opentelemetry.io/docs/specs/semconv/resource/. */
const FIELD_LABELS = [
  ["serviceName", "service_name"],
  ["serviceVersion", "service_version"],
  ["serviceInstanceId", "service_instance_id"],
  ["environment", "deployment_environment_name"],
] as const;

/** Returns the family of a resource: one sample of value 1 with the resource as its labels. */
export function targetInfo(resource: Resource): PlainFamily {
  const fields = FIELD_LABELS.flatMap(([field, label]): [string, string][] => {
    const value = resource[field];
    return value === undefined ? [] : [[label, value]];
  });
  const attributes = Object.entries(resource.attributes ?? {}).map(([name, value]): [string, string] => [
    cleanLabelName(name),
    String(value),
  ]);
  return {
    name: "target_info",
    type: "info",
    help: "Who is measuring.",
    samples: [{ name: "target_info", labels: [...fields, ...attributes], value: 1 }],
  };
}

/** Reports attributes of a resource that would become one label, with each other or with a field. */
export function checkResource(resource: Resource, report: ReportOptionError): void {
  const taken = new Set<string>(FIELD_LABELS.map(([, label]) => label));
  for (const name of Object.keys(resource.attributes ?? {})) {
    const label = cleanLabelName(name);
    if (taken.has(label)) report(`becomes the label ${label}, which is there already`, `resource.attributes.${name}`);
    taken.add(label);
  }
}
