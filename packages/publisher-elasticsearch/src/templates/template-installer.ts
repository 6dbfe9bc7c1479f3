import { PublisherError } from "@eventmeter/core";
import type { BackendReporter } from "@eventmeter/delivery";
import type { ElasticsearchClient } from "../connection/client-types.ts";
import { exchange, isFailure } from "../connection/request.ts";
import { failureFinding, findingText, statusFinding } from "../connection/server-identity.ts";
import type { ResolvedOptions } from "../options.ts";
import { answerText, errorOf, errorType, type Reply } from "../connection/reply.ts";
import { MANAGED_BY, TEMPLATE_VERSION, templateName, templateOf } from "./index-template.ts";

/** How far installing may go, and who hears of it. */
export interface InstallContext {
  readonly signal: AbortSignal;
  readonly report: BackendReporter;
}

/** Tells whether the template has been written. */
export type Install = (client: ElasticsearchClient, context: InstallContext) => Promise<boolean>;

/** Says that a start failed, so that it is tried again. */
export function startFailed(publisher: string, why: string): PublisherError {
  return new PublisherError(`the start failed: ${why}`, { code: "start-failed", publisher, retryable: true });
}

/**
 * Makes what installs the template unless the server has one of that name: an older one of ours is replaced, and one that says
 * another retention than is asked for; somebody else's stays. It rejects with a retryable `PublisherError` when the server cannot
 * be reached or does not know the credentials; whatever else is in the way is reported.
 */
export function createInstall(options: ResolvedOptions): Install {
  const { name: publisher, indexPrefix } = options;
  const name = templateName(options);
  const path = `/_index_template/${encodeURIComponent(name)}`;
  const instead =
    indexPrefix === undefined
      ? "another template gives the data streams their mappings, or records are held where there is none"
      : "Elasticsearch guesses the mappings";

  return async function install(client, { signal, report }) {
    const fields = ["name", "index_template.version", "index_template._meta"];
    const filter = fields.map((field) => `index_templates.${field}`).join(",");
    const found = await ask({ method: "GET", path, querystring: `filter_path=${filter}` });
    if (found.status === 403) {
      const seen = `this key may not see whether there is an index template ${name} (403)`;
      report.diagnostic("template-not-allowed", `${seen}; without it ${instead}`);
      return false;
    }
    if (found.status !== 200 && found.status !== 404) return refused(found);
    const existing = found.status === 404 ? undefined : existingOf(found.body);
    if (found.status === 200 && existing === undefined)
      throw startFailed(publisher, "the answer about its index template could not be read");
    if (existing !== undefined && existing.managedBy !== MANAGED_BY) {
      report.diagnostic("template-kept", `the index template ${name} is not from here and stays as it is`);
      return false;
    }
    // Who asks for none leaves what another one of the same namespace has asked for.
    const retention = options.retention ?? existing?.retention;
    if (existing !== undefined && !isOlder(existing, retention)) return false;

    const put = await ask({ method: "PUT", path, body: JSON.stringify(templateOf({ ...options, retention })) });
    if (put.status !== 200) return refused(put);
    report.diagnostic("template-installed", `the index template ${name} is installed, version ${TEMPLATE_VERSION}`);
    return true;

    async function ask(
      request: Readonly<Record<"method" | "path", string> & Partial<Record<"querystring" | "body", string>>>,
    ): Promise<Reply> {
      const headers = request.body === undefined ? undefined : { "content-type": "application/json" };
      const reply = await exchange(client, { ...request, headers, signal });
      if (isFailure(reply)) throw startFailed(publisher, findingText(failureFinding(reply)));
      const { status } = reply;
      if (status === 401 || status >= 500 || [408, 429].includes(status))
        throw startFailed(publisher, findingText(statusFinding(reply)));
      return reply;
    }

    function refused({ status, body }: Reply): false {
      const type = errorType(errorOf(body));
      if (status === 403)
        report.diagnostic(
          "template-not-allowed",
          `the index template ${name} is not installed: the key may not manage index templates (403); ${instead}`,
        );
      else
        report.error(
          "template-failed",
          `the index template ${name} could not be installed (${answerText({ status, type })}); ${instead}`,
        );
      return false;
    }
  };
}

interface Existing {
  readonly managedBy: unknown;
  readonly version: number;
  readonly retention: string | undefined;
}

function isOlder({ version, retention }: Existing, wanted: string | undefined): boolean {
  return version < TEMPLATE_VERSION || (version === TEMPLATE_VERSION && retention !== wanted);
}

/** Gives whose the template is; undefined where the answer does not say. */
function existingOf(body: unknown): Existing | undefined {
  const { index_templates: templates } = (body ?? {}) as { readonly index_templates?: unknown };
  if (!Array.isArray(templates)) return undefined;
  const [entry] = templates as readonly {
    readonly index_template?: { readonly version?: unknown; readonly _meta?: Readonly<Record<string, unknown>> };
  }[];
  const { version, _meta } = entry?.index_template ?? {};
  const { managed_by: managedBy, retention } = _meta ?? {};
  return {
    managedBy,
    version: typeof version === "number" ? version : 0,
    retention: typeof retention === "string" ? retention : undefined,
  };
}
