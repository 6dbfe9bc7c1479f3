// The index template of a namespace or prefix.
import { streamName } from "../index-names.ts";
import type { ResolvedOptions } from "../options.ts";
import { dailyMappings, ecsMappings, ecsMappingsWithoutNumbers } from "./mappings.ts";

/** Raised with every change of a template; a server's older one is replaced. */
export const TEMPLATE_VERSION = 2;
/** Value of `_meta.managed_by` in the templates of this package. */
export const MANAGED_BY = "eventmeter";
/** Above Elasticsearch's own (100) and those of its agents (200), as https://www.elastic.co/docs/manage-data/data-store/templates advises. */
export const PRIORITY = 501;

/** Most fields of an index: about 450 names of numbers beside those of the mappings. Further ones are stored, and not searchable. */
const FIELD_LIMIT = 500;
const FIELD_SETTINGS = {
  "index.mapping.total_fields.limit": FIELD_LIMIT,
  "index.mapping.total_fields.ignore_dynamic_beyond_limit": true,
};

/** Returns the name of the template of a namespace or prefix. */
export function templateName({ namespace, indexPrefix }: Pick<ResolvedOptions, "namespace" | "indexPrefix">): string {
  return indexPrefix === undefined ? `eventmeter-${namespace}` : `eventmeter-daily-${indexPrefix}`;
}

/** Returns the template for the data streams of a namespace, or the daily indices of a prefix, and for nothing else. */
export function templateOf({
  namespace,
  indexPrefix,
  retention,
  hasNumericLabels,
}: Pick<ResolvedOptions, "namespace" | "indexPrefix" | "retention"> & {
  /** Whether the server can ignore the fields above a limit, so that numeric attributes can be fields. */
  readonly hasNumericLabels: boolean;
}): object {
  const numbers = indexPrefix === undefined && !hasNumericLabels ? { numeric_labels: false } : {};
  const common = {
    priority: PRIORITY,
    version: TEMPLATE_VERSION,
    _meta: { managed_by: MANAGED_BY, retention, ...numbers },
  };
  if (indexPrefix !== undefined)
    return {
      ...common,
      // The century keeps indices of another prefix apart that continues with "-event" or "-network".
      index_patterns: ["event", "network"].flatMap((kind) =>
        ["19", "20"].map((century) => `${indexPrefix}-${kind}-${century}*.*.*`),
      ),
      // Allows the indices also where action.auto_create_index does not let a document create one.
      allow_auto_create: true,
      template: { mappings: dailyMappings },
    };
  // Without a life cycle a data stream would stay one index forever.
  const lifecycle = retention === undefined ? {} : { data_retention: retention };
  return {
    ...common,
    index_patterns: [streamName("event", namespace), streamName("network", namespace)],
    data_stream: {},
    template: hasNumericLabels
      ? { settings: FIELD_SETTINGS, mappings: ecsMappings, lifecycle }
      : { mappings: ecsMappingsWithoutNumbers, lifecycle },
  };
}
