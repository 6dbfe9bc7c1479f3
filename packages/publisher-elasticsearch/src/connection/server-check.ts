// The check of a server: what answers, whether the credentials may write, and which templates decide.
import type { CheckReport, PublisherError, WaitOptions } from "@eventmeter/core";
import { waitWithin } from "@eventmeter/core/publisher";
import { streamName } from "../index-names.ts";
import type { ResolvedOptions } from "../options.ts";
import { findTemplateProblems } from "../templates/template-winner.ts";
import type { ElasticsearchClient } from "./client-types.ts";
import type { Connection } from "./connection.ts";
import { isProblem, type Problem, replyProblem } from "./problem.ts";
import { askHosts } from "./request.ts";
import { identifyServer, type ServerIdentity } from "./server-identity.ts";

/** Asks the server what it is and whether these credentials may write. Stores nothing. Never rejects. */
export async function checkServer(
  connection: Connection,
  options: ResolvedOptions,
  wait: WaitOptions | undefined,
): Promise<CheckReport> {
  const { name, clock } = options;
  const controller = new AbortController();
  const checking = connection.client().then(
    (client) => probeServer({ client, options, signal: controller.signal }),
    (caught: unknown) => failedBy((caught as PublisherError).cause as Problem),
  );
  const status = await waitWithin(checking, wait, clock);
  controller.abort();
  const report = status === "complete" ? await checking : failedBy(NO_ANSWER);
  return { ...report, message: `${name}: ${report.message}` };
}

const NO_ANSWER: Problem = {
  code: "timeout",
  message: "there was no answer in time",
  hint: "give more time, or check what is on the way",
};

function failedBy({ code, message, hint }: Problem): CheckReport {
  return { ok: false, code, message, hint };
}

/** Parts of one check. */
interface Probe {
  readonly client: ElasticsearchClient;
  readonly options: ResolvedOptions;
  readonly signal: AbortSignal;
}

async function probeServer(probe: Probe): Promise<CheckReport> {
  const identity = await identifyServer(probe.client, probe.options, probe.signal);
  if (isProblem(identity)) return failedBy(identity);
  const access = await askWriteAccess(probe, identity);
  if (typeof access === "object") return failedBy(access);
  const { product } = identity;
  const findings = await findTemplateProblems(probe.client, probe.options, probe.signal);
  const fault = findings.find(({ kind }) => kind === "missing" || kind === "shadowed");
  if (fault !== undefined)
    return failedBy({
      code: fault.kind === "missing" ? "template-missing" : "template-shadowed",
      message: `${product} answers, but ${fault.message}`,
      hint: fault.hint,
    });
  const warning = findings.find(({ kind }) => kind === "mappings");
  if (warning !== undefined)
    return {
      ok: true,
      code: "mappings-shadowed",
      message: `${product} answers; ${warning.message}`,
      hint: warning.hint,
    };
  const target = targetsOf(probe.options).join(" and ");
  if (access === "granted")
    return { ok: true, code: "ok", message: `${product} answers and lets these credentials write to ${target}` };
  return {
    ok: true,
    code: "write-unknown",
    message: `${product} answers; whether it lets you write to ${target} is not known`,
  };
}

const PRIVILEGES = ["create_doc", "auto_configure"];

/** Asks whether the credentials may write; "unknown" where the server has no security features and so no answer. */
async function askWriteAccess(
  { client, options, signal }: Probe,
  { product, mayAsk }: ServerIdentity,
): Promise<"granted" | "unknown" | Problem> {
  const names = targetsOf(options);
  const reply = await askHosts(client, options, {
    method: "POST",
    path: "/_security/user/_has_privileges",
    body: JSON.stringify({ index: [{ names, privileges: PRIVILEGES }] }),
    headers: { "content-type": "application/json" },
    signal,
  });
  if (isProblem(reply)) return reply;
  if (reply.status === 401) return replyProblem(reply);
  const body = reply.status === 200 ? reply.body : undefined;
  const allowed = (body as { readonly has_all_requested?: unknown } | undefined)?.has_all_requested;
  const target = names.join(" and ");
  const needed = `they need the privileges ${PRIVILEGES.join(" and ")} on it`;
  if (allowed === false)
    return {
      code: "forbidden",
      message: `${product} answers, but these credentials may not write to ${target}`,
      hint: needed,
    };
  // Every user may ask for its own privileges: credentials that may not even do that may do nothing.
  if (reply.status === 403 && !mayAsk)
    return {
      code: "forbidden",
      message: `${product} answers, but denies these credentials all that was asked (403)`,
      hint: `to write to ${target} ${needed}`,
    };
  return allowed === true ? "granted" : "unknown";
}

/** Returns the names, or patterns of names, of what the publisher writes to. */
function targetsOf({ namespace, indexPrefix }: ResolvedOptions): readonly string[] {
  return indexPrefix === undefined
    ? [streamName("event", namespace), streamName("network", namespace)]
    : [`${indexPrefix}-event-*`, `${indexPrefix}-network-*`];
}
