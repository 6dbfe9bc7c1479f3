import { dictionaryMappings, ecsMappings } from "./mappings.ts";
import { streamName } from "../index-names.ts";
import type { ResolvedOptions } from "../options.ts";

/** Raised with every change of a template; a server's older one is replaced. */
export const TEMPLATE_VERSION = 1;
/** What a template of ours says of itself. */
export const MANAGED_BY = "eventmeter";
/** Above Elasticsearch's own (100) and those of its agents (200), as https://www.elastic.co/docs/manage-data/data-store/templates advises. */
const PRIORITY = 501;

/** Gives the name that the template of a namespace or prefix is kept by. */
export function templateName({ namespace, indexPrefix }: Pick<ResolvedOptions, "namespace" | "indexPrefix">): string {
  return indexPrefix === undefined ? `eventmeter-${namespace}` : `eventmeter-daily-${indexPrefix}`;
}

/** Makes the template for the streams of a namespace, or the daily indices of a prefix, and for nothing else. */
export function templateOf(options: Pick<ResolvedOptions, "namespace" | "indexPrefix" | "retention">): object {
  const { namespace, indexPrefix, retention } = options;
  const common = { priority: PRIORITY, version: TEMPLATE_VERSION, _meta: { managed_by: MANAGED_BY, retention } };
  if (indexPrefix !== undefined)
    return {
      ...common,
      // The beginning of the year keeps those of another prefix that goes on with "-event" or "-network" apart.
      index_patterns: ["event", "network"].flatMap((kind) =>
        ["19", "20"].map((century) => `${indexPrefix}-${kind}-${century}*.*.*`),
      ),
      // These are to be made also where action.auto_create_index lets no index be made by a document.
      allow_auto_create: true,
      template: { mappings: dictionaryMappings },
    };
  // Without a life cycle a stream would stay one index for ever.
  const lifecycle = retention === undefined ? {} : { data_retention: retention };
  return {
    ...common,
    index_patterns: [streamName("event", namespace), streamName("network", namespace)],
    data_stream: {},
    template: { mappings: ecsMappings, lifecycle },
  };
}
