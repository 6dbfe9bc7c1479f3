// The index template of a namespace or prefix.
import { streamName } from "../index-names.ts";
import type { ResolvedOptions } from "../options.ts";
import { dailyMappings, ecsMappings } from "./mappings.ts";

/** Raised with every change of a template; a server's older one is replaced. */
export const TEMPLATE_VERSION = 1;
/** Value of `_meta.managed_by` in the templates of this package. */
export const MANAGED_BY = "eventmeter";
/** Above Elasticsearch's own (100) and those of its agents (200), as https://www.elastic.co/docs/manage-data/data-store/templates advises. */
export const PRIORITY = 501;

/** Returns the name of the template of a namespace or prefix. */
export function templateName({ namespace, indexPrefix }: Pick<ResolvedOptions, "namespace" | "indexPrefix">): string {
  return indexPrefix === undefined ? `eventmeter-${namespace}` : `eventmeter-daily-${indexPrefix}`;
}

/** Returns the template for the data streams of a namespace, or the daily indices of a prefix, and for nothing else. */
export function templateOf(options: Pick<ResolvedOptions, "namespace" | "indexPrefix" | "retention">): object {
  const { namespace, indexPrefix, retention } = options;
  const common = { priority: PRIORITY, version: TEMPLATE_VERSION, _meta: { managed_by: MANAGED_BY, retention } };
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
    template: { mappings: ecsMappings, lifecycle },
  };
}
