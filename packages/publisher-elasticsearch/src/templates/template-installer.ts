// Installer of the index template.
import type { BackendReporter } from "@eventmeter/delivery";
import type { ElasticsearchClient, ElasticsearchRequest } from "../connection/client-types.ts";
import { isProblem, problemText, replyProblem, startError } from "../connection/problem.ts";
import { type Reply, statusOf, statusText } from "../connection/reply.ts";
import { askHosts } from "../connection/request.ts";
import type { ResolvedOptions } from "../options.ts";
import { MANAGED_BY, TEMPLATE_VERSION, templateName, templateOf } from "./index-template.ts";

/** End of an installation, and where its results are reported. */
export interface InstallContext {
  readonly signal: AbortSignal;
  readonly report: BackendReporter;
  /** Whether the server can ignore the fields above a limit; undefined if it does not tell its version. @default what the last installation said */
  readonly canLimitFields?: boolean | undefined;
}

/** Installs the index template of one publisher. */
export class TemplateInstaller {
  readonly #options: ResolvedOptions;
  readonly #name: string;
  readonly #path: string;
  #canLimitFields: boolean | undefined;

  constructor(options: ResolvedOptions) {
    this.#options = options;
    this.#name = templateName(options);
    this.#path = `/_index_template/${encodeURIComponent(this.#name)}`;
  }

  /**
   * Installs the template if the server has none of its name, an older one of this package, or one with another retention;
   * anybody else's stays. Returns whether the template was written. Rejects with a retryable `PublisherError` if the server
   * cannot be reached, is not ready, or does not know the credentials; whatever else prevents it is reported.
   */
  async install(
    client: ElasticsearchClient,
    { signal, report, canLimitFields = this.#canLimitFields }: InstallContext,
  ): Promise<boolean> {
    this.#canLimitFields = canLimitFields;
    const found = await this.#send(client, { method: "GET", path: this.#path, querystring: FILTER }, signal);
    if (found.status !== 200 && found.status !== 404) {
      this.#reportUnreadable(found, report);
      return false;
    }
    const existing = found.status === 404 ? undefined : this.#readExisting(found);
    if (existing !== undefined && existing.managedBy !== MANAGED_BY) {
      report.diagnostic("template-kept", `the index template ${this.#name} is not from here and stays as it is`);
      return false;
    }
    // A publisher without a retention keeps the one that another publisher of the same namespace asked for.
    const retention = this.#options.retention ?? existing?.retention;
    const hasNumericLabels =
      this.#options.indexPrefix !== undefined || (canLimitFields ?? existing?.hasNumericLabels ?? true);
    const wanted = { retention, hasNumericLabels };
    if (existing !== undefined && isCurrent(existing, wanted)) return false;
    const isWritten = await this.#write(client, wanted, { signal, report });
    const replaced = existing?.retention;
    if (isWritten && replaced !== undefined && replaced !== retention)
      report.error(
        "retention-replaced",
        `the retention of ${this.#name} was ${replaced}, and is ${retention} now; if another process sets it too, give both the same`,
      );
    return isWritten;
  }

  async #write(
    client: ElasticsearchClient,
    wanted: TemplateVariant,
    { signal, report }: InstallContext,
  ): Promise<boolean> {
    const body = JSON.stringify(templateOf({ ...this.#options, ...wanted }));
    const reply = await this.#send(client, { method: "PUT", path: this.#path, body }, signal);
    if (reply.status !== 200) {
      this.#reportRejection(reply, report);
      return false;
    }
    report.diagnostic(
      "template-installed",
      `the index template ${this.#name} is installed, version ${TEMPLATE_VERSION}`,
    );
    return true;
  }

  /** Sends one request; throws if it fails, or if the reply is about the server or the credentials. */
  async #send(client: ElasticsearchClient, request: ElasticsearchRequest, signal: AbortSignal): Promise<Reply> {
    const headers = request.body === undefined ? undefined : { "content-type": "application/json" };
    const reply = await askHosts(client, this.#options, { ...request, headers, signal });
    if (isProblem(reply)) throw startError(this.#options.name, problemText(reply));
    const { status } = reply;
    if (status === 401 || status >= 500 || [408, 429].includes(status))
      throw startError(this.#options.name, problemText(replyProblem(reply)));
    return reply;
  }

  #readExisting({ body }: Reply): ExistingTemplate {
    const { index_templates: templates } = (body ?? {}) as { readonly index_templates?: unknown };
    if (!Array.isArray(templates))
      throw startError(this.#options.name, "the answer about its index template could not be read");
    const [entry] = templates as readonly {
      readonly index_template?: { readonly version?: unknown; readonly _meta?: Readonly<Record<string, unknown>> };
    }[];
    const { version, _meta } = entry?.index_template ?? {};
    const { managed_by: managedBy, retention, numeric_labels: numericLabels } = _meta ?? {};
    return {
      managedBy,
      version: typeof version === "number" ? version : 0,
      retention: typeof retention === "string" ? retention : undefined,
      hasNumericLabels: numericLabels !== false,
    };
  }

  #reportUnreadable(reply: Reply, report: BackendReporter): void {
    if (reply.status !== 403) return this.#reportRejection(reply, report);
    const what = `this key may not see whether there is an index template ${this.#name} (403)`;
    report.diagnostic("template-not-allowed", `${what}; without it ${this.#consequence()}`);
  }

  #reportRejection(reply: Reply, report: BackendReporter): void {
    if (reply.status === 403)
      report.diagnostic(
        "template-not-allowed",
        `the index template ${this.#name} is not installed: the key may not manage index templates (403); ${this.#consequence()}`,
      );
    else
      report.error(
        "template-failed",
        `the index template ${this.#name} could not be installed (${statusText(statusOf(reply))}); ${this.#consequence()}`,
      );
  }

  /** Returns what happens without the template. */
  #consequence(): string {
    return this.#options.indexPrefix === undefined
      ? "another template gives the data streams their mappings, or records are held where there is none"
      : "Elasticsearch guesses the mappings";
  }
}

const FIELDS = ["name", "index_template.version", "index_template._meta"];
const FILTER = `filter_path=${FIELDS.map((field) => `index_templates.${field}`).join(",")}`;

/** What differs between templates of one version. */
interface TemplateVariant {
  readonly retention: string | undefined;
  readonly hasNumericLabels: boolean;
}

interface ExistingTemplate extends TemplateVariant {
  readonly managedBy: unknown;
  readonly version: number;
}

function isCurrent({ version, retention, hasNumericLabels }: ExistingTemplate, wanted: TemplateVariant): boolean {
  if (version !== TEMPLATE_VERSION) return version > TEMPLATE_VERSION;
  return retention === wanted.retention && hasNumericLabels === wanted.hasNumericLabels;
}
