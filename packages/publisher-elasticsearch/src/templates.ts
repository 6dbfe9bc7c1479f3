import type { PublisherError } from "@eventmeter/core";
import type { ElasticsearchClient } from "./client.ts";
import { exchange, isFailure } from "./exchange.ts";
import { failureFinding, findingText, statusFinding } from "./identity.ts";
import { dictionaryMappings, ecsMappings } from "./mappings.ts";
import { streamName } from "./names.ts";
import type { ResolvedOptions } from "./options.ts";
import { errorOf, errorType, type Reply } from "./reply.ts";

/** Raised with every change of a template; a server's older one is replaced. */
export const TEMPLATE_VERSION = 1;
const MANAGED_BY = "eventmeter";
/** Above Elasticsearch's own (100) and those of its agents (200), as https://www.elastic.co/docs/manage-data/data-store/templates advises. */
const PRIORITY = 501;

/** An index template and the name it is kept by. */
export interface Template {
  readonly name: string;
  readonly body: object;
}

/** Makes the template for the streams of a namespace, or the daily indices of a prefix, and for nothing else. */
export function templateOf(options: Pick<ResolvedOptions, "namespace" | "indexPrefix" | "retention">): Template {
  const { namespace, indexPrefix, retention } = options;
  const common = { priority: PRIORITY, version: TEMPLATE_VERSION, _meta: { managed_by: MANAGED_BY } };
  if (indexPrefix !== undefined)
    return {
      name: `eventmeter-daily-${indexPrefix}`,
      body: {
        ...common,
        // The beginning of the year keeps those of another prefix that goes on with "-event" or "-network" apart.
        index_patterns: ["event", "network"].flatMap((kind) =>
          ["19", "20"].map((century) => `${indexPrefix}-${kind}-${century}*.*.*`),
        ),
        template: { mappings: dictionaryMappings },
      },
    };
  // Without a life cycle a stream would stay one index for ever.
  const lifecycle = retention === undefined ? {} : { data_retention: retention };
  return {
    name: `eventmeter-${namespace}`,
    body: {
      ...common,
      index_patterns: [streamName("event", namespace), streamName("network", namespace)],
      data_stream: {},
      template: { mappings: ecsMappings, lifecycle },
    },
  };
}

/** What installing needs. */
export interface InstallInit {
  readonly client: ElasticsearchClient;
  readonly signal: AbortSignal;
  /** Makes what the start rejects with. */
  readonly fail: (why: string) => PublisherError;
  /** What becomes of records should the template be refused. */
  readonly sentWithout: string;
  readonly diagnostic: (code: string, message: string) => void;
  readonly error: (code: string, message: string) => void;
}

/**
 * Installs a template unless the server has one of that name: an older one of ours is replaced, somebody else's stays.
 * Rejects with a retryable `PublisherError` when the server cannot be reached or does not know the credentials; whatever
 * else is in the way is reported, and does not end the start.
 */
export async function installTemplate({ name, body }: Template, init: InstallInit): Promise<void> {
  const path = `/_index_template/${encodeURIComponent(name)}`;
  const fields = "index_templates.index_template.version,index_templates.index_template._meta";
  const found = await ask(init, { method: "GET", path, querystring: `filter_path=${fields}` });
  if (found.status !== 404) {
    if (found.status !== 200) return skip(name, found, init);
    const existing = existingOf(found.body);
    if (existing === undefined) throw init.fail("the answer about its index template could not be read");
    if (existing.managedBy !== MANAGED_BY)
      return init.diagnostic("template-kept", `the index template ${name} is not from here and stays as it is`);
    if (existing.version >= TEMPLATE_VERSION) return;
  }
  const put = await ask(init, { method: "PUT", path, body: JSON.stringify(body) });
  if (put.status !== 200) return skip(name, put, init);
  init.diagnostic("template-installed", `the index template ${name} is installed, version ${TEMPLATE_VERSION}`);
}

async function ask(
  init: InstallInit,
  request: { readonly method: string; readonly path: string; readonly querystring?: string; readonly body?: string },
): Promise<Reply> {
  const headers = request.body === undefined ? undefined : { "content-type": "application/json" };
  const reply = await exchange(init.client, { ...request, headers, signal: init.signal });
  if (isFailure(reply)) throw init.fail(findingText(failureFinding(reply)));
  const { status } = reply;
  if (status === 401 || status >= 500 || [408, 429].includes(status))
    throw init.fail(findingText(statusFinding(reply)));
  return reply;
}

function skip(name: string, { status, body }: Reply, { diagnostic, error, sentWithout }: InstallInit): void {
  if (status === 403) {
    const why = "the key may not manage index templates";
    return diagnostic("template-not-allowed", `the index template ${name} is not installed: ${why} (403)`);
  }
  const type = errorType(errorOf(body));
  const answer = type === undefined ? String(status) : `${status}, ${type}`;
  error("template-failed", `the index template ${name} could not be installed (${answer}); ${sentWithout}`);
}

interface Existing {
  readonly managedBy: unknown;
  readonly version: number;
}

/** Gives whose the template is; undefined where the answer does not say. */
function existingOf(body: unknown): Existing | undefined {
  const { index_templates: templates } = (body ?? {}) as { readonly index_templates?: unknown };
  if (!Array.isArray(templates)) return undefined;
  const [entry] = templates as readonly {
    readonly index_template?: { readonly version?: unknown; readonly _meta?: { readonly managed_by?: unknown } };
  }[];
  const { version, _meta } = entry?.index_template ?? {};
  return { managedBy: _meta?.managed_by, version: typeof version === "number" ? version : 0 };
}
